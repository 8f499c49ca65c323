/** Lines for a terminal of some width. */

import { padded, widthOf, wrapped as wrappedText } from "../../base/ink.ts";

/** The text in lines of at most `width` columns, those after the first `hanging` columns further in. */
export function wrapped(text: string, width: number, hanging = 2): string[] {
  return wrappedText(text, width, hanging)
    .split("\n")
    .map((line) => line.replace(/ +$/, ""));
}

/**
 * Rows in columns that are as wide as their longest cell; what doesn't fit of the last cell goes on in lines below it.
 * @param rows all with the same number of cells
 */
export function columns(rows: readonly (readonly string[])[], width: number): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count - 1 }, (_, index) =>
    Math.max(...rows.map((row) => widthOf(row[index] ?? ""))),
  );
  const before = widths.reduce((sum, one) => sum + one + GAP.length, 0);
  // Two columns of the longest addresses have no room side by side.
  if (before > width + GAP.length)
    return rows.flatMap((row) => wrapped(row.filter((cell) => cell !== "").join(GAP), width, HANGING));
  return rows.flatMap((row) => {
    const cells = widths.map((one, index) => padded(row[index] ?? "", one)).join(GAP);
    const last = row[count - 1] ?? "";
    // Addresses of IPv6 can be so long that the last column has no room beside them.
    const isBeside = before + LAST_MIN <= width;
    const hang = isBeside ? " ".repeat(before) : " ".repeat(HANGING);
    const [first = "", ...more] = wrapped(last, Math.max(LAST_MIN, width - hang.length), 0);
    const below = isBeside ? more : [first, ...more];
    const line = isBeside ? `${cells}${GAP}${first}` : cells;
    return [line.trimEnd(), ...below.filter((text) => text !== "").map((text) => `${hang}${text}`)];
  });
}

const GAP = "  ";
const HANGING = 4;
/** A last column that is narrower than this isn't beside the others. */
const LAST_MIN = 14;

/** "1 call", "2 calls". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** "201, 202 and 203"; more than `most` are counted only. */
export function someOf(names: readonly string[], most: number): string {
  if (names.length > most) return `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
  const last = names[names.length - 1] ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
