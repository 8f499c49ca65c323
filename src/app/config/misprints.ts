/** Characters in a file that a person didn't mean: left by a template, a word processor, another encoding. */

export interface Misprint {
  /** Where in the text it begins. */
  readonly at: number;
  readonly message: string;
}

/** What templates of shells, Ansible, Helm, Jinja, ERB and merges leave behind when they aren't filled in. */
const PLACEHOLDER = /\$\{[A-Za-z_][\w.:-]*\}|\$\([A-Za-z_]\w*\)|\{\{[^{}]*\}\}|\{%.*?%\}|<%.*?%>|@@?[A-Z][A-Z0-9_]+@@?/;
const CONFLICT = /^(<{7}|={7}|>{7}|\|{7})(?= |$)/;
const CURLY = /[\u201c-\u201f\u2018-\u201b]/;
const ODD_SPACE = /[\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff\u0085\u00ad]/;
const CONTROLS = [between(0x00, 0x08), between(0x0b, 0x0c), between(0x0e, 0x1f), between(0x7f, 0x7f)].join("");
const CONTROL = new RegExp(`[${CONTROLS}]`);
const NO_UTF8 = /\ufffd/;

const CHECKS: readonly (readonly [RegExp, (found: string) => string])[] = [
  [CONFLICT, () => "is left over from a merge; keep one of the two versions, and remove this line"],
  [PLACEHOLDER, (found) => `${found} is a placeholder that nothing has filled in; write the value there`],
  [CURLY, (found) => `${found} is no quote in YAML; use straight ones: "…"`],
  [ODD_SPACE, (found) => `${nameOfSpace(found)} (${codeOf(found)}) stands here; type an ordinary space, or none`],
  [CONTROL, (found) => `holds the control character ${codeOf(found)}; remove it`],
  [NO_UTF8, () => "holds a byte that isn't UTF-8; save the file as UTF-8"],
];

/** The first of them in a line, or in a value as the file has it; undefined when there is none. */
export function misprintIn(text: string): Misprint | undefined {
  for (const [pattern, messageOf] of CHECKS) {
    const found = pattern.exec(text);
    if (found !== null) return { at: found.index, message: messageOf(found[0]) };
  }
  return undefined;
}

/**
 * The same for a text that would do otherwise: a non-breaking space within it may be meant.
 * @param isPlain it stands there without quotes
 */
export function misprintWithin(text: string, isPlain: boolean): string | undefined {
  const meant = [CONFLICT, ODD_SPACE, ...(isPlain && CURLY.test(text[0] ?? "") ? [] : [CURLY])];
  const found = CHECKS.find(([pattern]) => !meant.includes(pattern) && pattern.test(text));
  return found?.[1](found[0].exec(text)?.[0] ?? "");
}

/** A range of characters, as a regular expression writes it. */
function between(first: number, last: number): string {
  return `${String.fromCharCode(first)}-${String.fromCharCode(last)}`;
}

function nameOfSpace(char: string): string {
  if (char === "\u00a0" || char === "\u202f" || char === "\u2007") return "a non-breaking space";
  return /\s/.test(char) ? "an odd kind of space" : "an invisible character";
}

/** "U+00A0". */
function codeOf(char: string): string {
  return `U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** A line of an ini file of AudioCodes, as other products have none. */
const AUDIOCODES_INI = /^[ \t]*(EnableSAS|SAS[A-Z]\w*|ProxyIP \d+|FORMAT \w+_Index)[ \t]*=/m;

/** Beyond this share of odd characters, a file isn't text. */
const ODD_SHARE_MAX = 0.1;
const ODD = new RegExp(`[${CONTROLS}\ufffd]`);

/** Why the whole text is no text at all; undefined when it is. It has been read as UTF-8. */
export function whyNoText(text: string): string | undefined {
  const isNul = (at: number) => text[at] === "\u0000";
  const isUtf16 = /^\ufffd\ufffd/.test(text) ? isNul(3) || isNul(2) : (isNul(0) && isNul(2)) || (isNul(1) && isNul(3));
  if (isUtf16) return "is in UTF-16; save it as UTF-8";
  if (!text.split("\n").some((line) => /^\s*[^\s#]/.test(line)))
    return "is empty; `branchline init` writes a configuration";
  if (AUDIOCODES_INI.test(text))
    return "is an ini file of AudioCodes; `branchline init` writes a configuration, and deploy/migrate-from-audiocodes-sas.md says what stands for each parameter";
  if (/\r(?!\n)/.test(text) && !text.includes("\n")) return "has line ends of CR alone; save it with LF";
  const odd = text.split(ODD).length - 1;
  if (!text.includes("\u0000") && odd <= text.length * ODD_SHARE_MAX) return undefined;
  return "is no text file; a configuration is text in UTF-8";
}
