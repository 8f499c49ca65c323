/** survival-features.md says which test shows each feature: those tests must exist. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const COLUMNS = ["feature", "what branchline does", "shown by"];
const REFERENCE = /`(test\/[\w./-]+\.test\.ts)`: "([^"]+)"/g;
/** How a row begins its last cell when no test shows all of it. */
const REASON = /^(?:not built|not shown|later|see README|media is never touched)\b/;

interface Row {
  readonly section: string;
  readonly cells: readonly string[];
}

const text = readFileSync(join(ROOT, "test/survival-features.md"), "utf8");
const rows = rowsOf(text);
const features = rows.filter(({ cells }) => cells[0] !== COLUMNS[0] && !/^-+$/.test(cells[0] ?? ""));

/** The lines of all tables, each with the letter of its section. */
function rowsOf(markdown: string): Row[] {
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
function referencesIn(cell: string): { path: string; title: string }[] {
  return [...cell.matchAll(REFERENCE)].map(([, path = "", title = ""]) => ({ path, title }));
}

/** Whether a line of code, not of comment, has the title. */
function hasTitle(path: string, title: string): boolean {
  const lines = readFileSync(join(ROOT, path), "utf8").split("\n");
  return lines.some((line) => line.includes(title) && !/^\s*(?:\/\/|\/?\*)/.test(line));
}

describe("the tables", () => {
  test("there is one for each section, with the same columns", () => {
    const heads = rows.filter(({ cells }) => cells[0] === COLUMNS[0]);
    expect(heads).toEqual([..."ABCDEF"].map((section) => ({ section, cells: COLUMNS })));
    for (const section of "ABCDEF") {
      expect(features.filter((row) => row.section === section).length, section).toBeGreaterThan(5);
    }
  });

  test("no row has an empty cell, nor one too many", () => {
    const isWhole = ({ cells }: Row) => cells.length === COLUMNS.length && cells.every((cell) => cell !== "");
    expect(features.filter((row) => !isWhole(row))).toEqual([]);
  });

  test("no feature is there twice", () => {
    const names = features.map(({ cells }) => cells[0]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

describe("shown by", () => {
  test("each row names a test, or says why not", () => {
    const isEmpty = (cell: string) => referencesIn(cell).length === 0 && !REASON.test(cell);
    expect(features.filter(({ cells }) => isEmpty(cells[2] ?? "")).map(({ cells }) => cells[0])).toEqual([]);
  });

  test("every test file is named together with a title", () => {
    const cells = features.map((row) => row.cells[2] ?? "").join("\n");
    expect(referencesIn(cells).length).toBeGreaterThan(100);
    expect(cells.replace(REFERENCE, "").match(/\S*\.test\.ts\S*/g)).toBeNull();
  });

  test("every file exists and has the title", () => {
    const references = features.flatMap(({ cells }) => referencesIn(cells[2] ?? ""));
    const isMissing = ({ path, title }: { path: string; title: string }) =>
      !existsSync(join(ROOT, path)) || !hasTitle(path, title);
    expect(references.filter(isMissing).map(({ path, title }) => `${path}: ${title}`)).toEqual([]);
  });
});
