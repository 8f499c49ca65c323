/** survival-features.md says which test shows each feature: those tests must exist. */
import { describe, expect, test } from "vitest";
import { missingTests, REFERENCE, type Row, readTable, referencesIn, rowsOf } from "./support/proof-table.ts";

const COLUMNS = ["feature", "what branchline does", "shown by"];
/** How a row begins its last cell when no test shows all of it. */
const REASON = /^(?:not built|not shown|later|see deploy|media is never touched)\b/;

const rows = rowsOf(readTable("test/survival-features.md"));
const features = rows.filter(({ cells }) => cells[0] !== COLUMNS[0] && !/^-+$/.test(cells[0] ?? ""));

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
    expect(missingTests(features.map(({ cells }) => cells[2] ?? ""))).toEqual([]);
  });
});
