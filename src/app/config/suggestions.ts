/** What a person may have meant by a word that the file can't have. Each suggestion is one that the file takes. */

/** Which of them is meant, perhaps. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const near = known.filter((candidate) => isNear(name, candidate));
  return near.sort((one, other) => editDistance(name, one) - editDistance(name, other))[0];
}

/** Whether the name is short for the candidate, or differs by little: two letters more, less or other, in a short word one. */
function isNear(name: string, candidate: string): boolean {
  const left = name.toLowerCase().replace(/[-_]/g, "");
  const right = candidate.toLowerCase().replace(/[-_]/g, "");
  if (left.length >= 3 && right.startsWith(left)) return true;
  return editDistance(left, right) <= (Math.min(left.length, right.length) > 3 ? 2 : 1);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Beyond this, a name is compared with nothing: comparing costs the product of both lengths. */
const NAME_LENGTH_MAX = 64;

/** The key of the mapping that this one is mistyped for; undefined when it is like none. */
export function keyMeantBy(name: string, known: readonly string[]): string | undefined {
  if (name.length > NAME_LENGTH_MAX) return undefined;
  const [begin = ""] = name.split(/[.:]/);
  return known.includes(begin) ? begin : nearest(name, known);
}

/** How AudioCodes begins the names of parameters that survivability has. */
const AUDIOCODES = /^(SAS|CRP|SBC|EnableS|EnableCRP|EnableProxy|EnableENUM|IsProxy|Proxy|IP2IP|IPtoIP)[A-Z0-9]\w*$/;
const FROM_AUDIOCODES =
  "is a parameter of AudioCodes; deploy/migrate-from-audiocodes-sas.md says what to write in its place";

/**
 * Why a mapping can't have the key, with the cure.
 * @param known the keys that the mapping can have
 * @param paths all keys of the file, by path: the key may belong below another one
 * @returns undefined when nothing is like it
 */
export function meantKey(name: string, known: readonly string[], paths: readonly string[]): string | undefined {
  if (AUDIOCODES.test(name)) return FROM_AUDIOCODES;
  if (name === "<<") return "is a merge key, which branchline doesn't know; write the keys out";
  if (name.length > NAME_LENGTH_MAX) return undefined;
  const [first = "", ...inner] = name.split(".");
  if (inner.length > 0 && known.includes(first)) return `is not a key that branchline knows; write ${nested(name)}`;
  const [, glued = ""] = /^([A-Za-z_]+):/.exec(name) ?? [];
  if (known.includes(glued)) return `missing space after "${glued}:"`;
  const near = nearest(name, known);
  if (near !== undefined) return `is not a key that branchline knows; did you mean ${near}?`;
  const elsewhere = paths.find((path) => path.endsWith(`.${name}`));
  return elsewhere === undefined ? undefined : `is not a key of this mapping; write ${nested(elsewhere)}`;
}

/** "upstream.probe.interval" → "upstream: {probe: {interval: …}}". */
function nested(path: string): string {
  const [first = "", ...inner] = path.split(".");
  return `${first}: ${inner.reduceRight((value, key) => `{${key}: ${value}}`, "…")}`;
}

const YES = ["yes", "y", "on", "1"];
const NO = ["no", "n", "off", "0"];

/** One of the choices that the text may stand for. */
export function meantChoice(text: string, choices: readonly string[]): string | undefined {
  const word = text.trim().toLowerCase();
  const meant = YES.includes(word) ? "true" : NO.includes(word) ? "false" : undefined;
  if (meant !== undefined && choices.includes(meant)) return meant;
  return word === "" || /^\d+$/.test(word) || word.length > NAME_LENGTH_MAX ? undefined : nearest(word, choices);
}

/** How a text that stands for several values, or for an item of a list, is written; "" when it is neither. */
export function meantList(text: string): string {
  if (/^-\S/.test(text)) return '; an item of a list needs a space: "- "';
  const parts = text.replace(/^\((.*)\)$/, "$1").split(/\s*,\s*/);
  return parts.length < 2 ? "" : `; several are written as a list: [${parts.join(", ")}]`;
}

export function didYouMean(meant: string | undefined): string {
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

/** "true or false", "one of 302, 380, relay, auto". */
export function either(choices: readonly string[]): string {
  return choices.length > 2 ? `one of ${choices.join(", ")}` : choices.join(" or ");
}

/** "udp, tcp or tls". */
export function listed(names: readonly string[], last: "and" | "or"): string {
  return `${names.slice(0, -1).join(", ")} ${last} ${names[names.length - 1]}`;
}

/** A key that is there twice: a mapping can take up what the other one says, two values contradict each other. */
export function doubled(name: string, first_line: number, hasMapping: boolean): string {
  return `duplicate key "${name}" (first on line ${first_line}); ${hasMapping ? "merge them into one" : "keep one of them"}`;
}
