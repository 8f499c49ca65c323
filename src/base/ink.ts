/**
 * Text for a person: marks that become colours on a terminal, and lines that fit. A mark is a character from Unicode's private
 * use area: nothing from the wire can hold one, since a wire text has one character for each octet; `printable` lets it pass.
 * So any floor may mark words, and only the one that prints knows about terminals.
 */

const END = "\ue000";
/** Mark → SGR codes of ECMA-48. */
const CODES: Readonly<Record<string, string>> = {
  [END]: "0",
  "\ue001": "1",
  "\ue002": "32",
  "\ue003": "1;31",
  "\ue004": "33",
  "\ue005": "2",
};
const MARKS = /[\ue000-\ue005]/g;

/** A heading, or a word to be found at once. Marks aren't put into one another. */
export function strong(text: string): string {
  return `\ue001${text}${END}`;
}

/** What is as it should be: "up", "OK". */
export function good(text: string): string {
  return `\ue002${text}${END}`;
}

/** What needs somebody now: "DOWN", a fault. */
export function bad(text: string): string {
  return `\ue003${text}${END}`;
}

/** What may need somebody: a warning. */
export function doubtful(text: string): string {
  return `\ue004${text}${END}`;
}

/** What is there for completeness. */
export function faint(text: string): string {
  return `\ue005${text}${END}`;
}

/** The text without its marks: for files, pipes and tests. */
export function withoutInk(text: string): string {
  return text.replace(MARKS, "");
}

/** The text with escape sequences in place of its marks. */
export function withInk(text: string): string {
  return text.replace(MARKS, (mark) => `\u001b[${CODES[mark]}m`);
}

/** How many columns a text takes; every character counts as one, marks as none. */
export function widthOf(text: string): number {
  return withoutInk(text).length;
}

/** The text, and blanks up to `width` columns. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** As much of the text as has room in `width` columns, with its marks. */
export function clipped(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let room = Math.max(width, 0);
  const fits = (one: string) => {
    if (one in CODES) return true;
    room -= one.length;
    return room >= 0;
  };
  return [...text].filter(fits).join("");
}

/**
 * Breaks each line that is longer than `width` columns at blanks. The rest begins as far in as the line itself, and
 * `hanging` columns more. A word that is longer than a line stays whole, so that it can be copied.
 */
export function wrapped(text: string, width: number, hanging = 2): string {
  return text
    .split("\n")
    .map((line) => (widthOf(line) <= width ? line : wrappedLine(line, width, hanging)))
    .join("\n");
}

function wrappedLine(line: string, width: number, hanging: number): string {
  const start = /^ */.exec(line)?.[0] ?? "";
  const margin = start + " ".repeat(hanging);
  const lines: string[] = [];
  let current = start;
  let isEmpty = true;
  for (const word of line.slice(start.length).split(" ")) {
    const next = isEmpty ? current + word : `${current} ${word}`;
    if (isEmpty || widthOf(next) <= width) current = next;
    else {
      lines.push(current.replace(/ +$/, ""));
      current = margin + word;
    }
    isEmpty = false;
  }
  return [...lines, current].join("\n");
}

/**
 * Rows of two columns: names, and what they are, wrapped to `width` behind the longest name.
 * @param margin how far in the names begin
 */
export function twoColumns(rows: readonly (readonly [string, string])[], width: number, margin = 2): string {
  const left = Math.max(0, ...rows.map(([name]) => widthOf(name))) + margin + 2;
  return rows
    .map(([name, words]) => {
      const text = wrapped(words, Math.max(width - left, 20), 0)
        .split("\n")
        .join(`\n${" ".repeat(left)}`);
      return `${padded(" ".repeat(margin) + name, left)}${text}\n`;
    })
    .join("");
}
