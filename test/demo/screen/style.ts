/** Colours for terminals, and the width of everything that is printed. */

export type Style = (text: string) => string;

/** Columns of the ladder, which is the widest. */
export const WIDTH = 100;

const { NO_COLOR = "" } = process.env;
const isColourful = process.stdout.isTTY === true && NO_COLOR === "";

export const bold = ansi(1, 22);
export const dim = ansi(2, 22);
export const red = ansi(31, 39);
export const green = ansi(32, 39);
export const yellow = ansi(33, 39);
export const cyan = ansi(36, 39);

/** Breaks a text into lines of at most `width` columns, each with `indent` before it. */
export function wrap(text: string, indent: string, width = WIDTH): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => indent + one).join("\n");
}

function ansi(start: number, end: number): Style {
  return (text) => (isColourful && text !== "" ? `\u001b[${start}m${text}\u001b[${end}m` : text);
}
