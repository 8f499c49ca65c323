/** Lines of YAML that begin in another column than their neighbours. */
import { indentOf } from "./yaml-openers.ts";

/** "- - key: value": dashes, the key, and what follows its colon. */
export const ENTRY = /^[ \t]*(?:- +)*([\w.+*#-]+)[ \t]*:(?:[ \t]+(.*))?$/;

/** Lines and columns count from 1. */
interface Misplaced {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The number of the next line that isn't blank; that of the line itself when there is none. */
export function nextLine(lines: readonly string[], line: number): number {
  const found = lines.findIndex((text, index) => index >= line && text.trim() !== "");
  return found < 0 ? line : found + 1;
}

/** How deep a line is indented that stands where the lines around let expect it. */
export function likelyIndent(lines: readonly string[], line: number): number {
  const above = linesAbove(lines, line);
  const [parent] = above;
  if (parent === undefined) return 0;
  const expected = indentOf(parent) + (hasBlock(parent) || /^\s*- /.test(parent) ? 2 : 0);
  const below = /^ +(?=\S)/.exec(lines[nextLine(lines, line) - 1] ?? "")?.[0].length ?? 0;
  if (!hasBlock(lines[line - 1] ?? "") || below === 0 || expected < below) return expected;
  // What it holds is indented deeper than itself.
  return Math.max(0, ...columnsAbove(above).filter((column) => column < below));
}

function hasBlock(text: string): boolean {
  return /:\s*(#.*)?$/.test(text);
}

/** The line that isn't where its neighbours are: the one behind that where the parser stumbles, or that itself. */
export function badIndentation(lines: readonly string[], line: number): Misplaced | undefined {
  for (const number of [nextLine(lines, line), line]) {
    const message = indentationOf(lines, number);
    if (message !== undefined) return { line: number, column: indentOf(lines[number - 1] ?? "") + 1, message };
  }
  return undefined;
}

function indentationOf(lines: readonly string[], number: number): string | undefined {
  const text = lines[number - 1] ?? "";
  const indent = indentOf(text);
  const above = linesAbove(lines, number);
  const [parent] = above;
  if (text.trim() === "" || parent === undefined) return undefined;
  const keyAt = /^[ \t]*(?:- +)*/.exec(parent)?.[0].length ?? 0;
  if (indent > indentOf(parent) && indent !== keyAt) {
    const [, key = "", value = ""] = ENTRY.exec(parent) ?? [];
    if (indent > keyAt && (value.trim() === "" || /^(#|&\S+$|[|>])/.test(value))) return undefined;
    return indent > keyAt
      ? `is indented below "${key}", which has a value already; begin it in column ${keyAt + 1}`
      : misaligned(indent, [keyAt, indentOf(parent)]);
  }
  const beside = above.find((one) => indentOf(one) <= indent);
  const isItem = /^\s*-(\s|$)/.test(text);
  if (beside !== undefined && isItem && indentOf(beside) === indent && /^\s*[^-\s][^#]*:\s+[^\s#]/.test(beside)) {
    return 'a list stands beside keys here; begin each of its items with "- ", and the keys of an item below its dash';
  }
  const columns = columnsAbove(above);
  return columns.includes(indent) ? undefined : misaligned(indent, columns);
}

function misaligned(indent: number, columns: readonly number[]): string {
  const others = [...new Set(columns)].slice(0, 3).map((one) => one + 1);
  return `begins in column ${indent + 1}, the lines above in column ${others.join(" or ")}; align it`;
}

/** The lines above that say something, the nearest first. */
function linesAbove(lines: readonly string[], line: number): string[] {
  return lines
    .slice(0, line - 1)
    .filter((text) => /^\s*[^\s#]/.test(text))
    .reverse();
}

/** Where the mappings and lists around a line begin, the innermost first; the keys of a list's item begin behind its dash. */
function columnsAbove(above: readonly string[]): number[] {
  const found: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const text of above) {
    const indent = indentOf(text);
    if (indent >= least) continue;
    least = indent;
    const keyAt = /^[ \t]*(?:- +)*/.exec(text)?.[0].length ?? indent;
    found.push(...(keyAt === indent ? [indent] : [keyAt, indent]));
  }
  return found;
}
