/** Tables in Markdown whose last column names the tests that show what the row says. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** `path`: "title" */
export const REFERENCE = /`(test\/[\w./-]+\.test\.ts)`: "([^"]+)"/g;

export interface Row {
  /** The letter of its section. */
  readonly section: string;
  readonly cells: readonly string[];
}

/** Reads a file of the repository, by its path from the top. */
export function readTable(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The lines of all tables, heads included. */
export function rowsOf(markdown: string): Row[] {
  let section = "";
  const found: Row[] = [];
  for (const line of markdown.split("\n")) {
    section = /^## ([A-Z])\. /.exec(line)?.[1] ?? section;
    if (!line.startsWith("|")) continue;
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    found.push({ section, cells: cells.slice(1, -1) });
  }
  return found;
}

/** The tests that a cell names. */
export function referencesIn(cell: string): { path: string; title: string }[] {
  return [...cell.matchAll(REFERENCE)].map(([, path = "", title = ""]) => ({ path, title }));
}

/** "path: title" of every test that there isn't: a title must stand in a line of code, not of comment. */
export function missingTests(cells: readonly string[]): string[] {
  const references = cells.flatMap(referencesIn);
  return references.filter((one) => !isThere(one)).map(({ path, title }) => `${path}: ${title}`);
}

function isThere({ path, title }: { path: string; title: string }): boolean {
  const file = join(ROOT, path);
  if (!existsSync(file)) return false;
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.some((line) => line.includes(title) && !/^\s*(?:\/\/|\/?\*)/.test(line));
}
