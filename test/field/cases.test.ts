/** cases.md says which test shows each case: those tests must exist. */
import { describe, expect, test } from "vitest";
import { missingTests, REFERENCE, readTable, referencesIn, rowsOf } from "../support/proof-table.ts";

const COLUMNS = ["case", "members", "shown by"];
/** A title that stands for many tests: that of a table, or of a group. */
const MANY = /%s/;
const MEMBERS_LEAST = 3;

const table = readTable("test/field/cases.md");
const rows = rowsOf(table);
const cases = rows.filter(({ cells }) => cells[0] !== COLUMNS[0] && !/^-+$/.test(cells[0] ?? ""));
const proofs = cases.map(({ cells }) => cells[2] ?? "");

describe("the tables", () => {
  test("each section has one, with the same columns", () => {
    const sections = [...table.matchAll(/^## \d+\. /gm)];
    const heads = rows.filter(({ cells }) => cells[0] === COLUMNS[0]);
    expect(heads.map(({ cells }) => cells)).toEqual(sections.map(() => COLUMNS));
  });

  test("no row has an empty cell, nor one too many, and none is there twice", () => {
    const isWhole = (cells: readonly string[]) => cells.length === COLUMNS.length && cells.every((cell) => cell !== "");
    expect(cases.filter(({ cells }) => !isWhole(cells))).toEqual([]);
    const names = cases.map(({ cells }) => cells[0]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("each case is shown by a test, and has further members that are tried", () => {
    const isThin = (cells: readonly string[]) => {
      const shown = referencesIn(cells[2] ?? "");
      const members = (cells[1] ?? "").split(/[,;]/);
      return shown.length === 0 || (members.length < MEMBERS_LEAST - 1 && !shown.some(({ title }) => MANY.test(title)));
    };
    expect(cases.filter(({ cells }) => isThin(cells)).map(({ cells }) => cells[0])).toEqual([]);
  });
});

describe("shown by", () => {
  test("every test file is named together with a title", () => {
    expect(proofs.flatMap(referencesIn).length).toBeGreaterThan(10);
    expect(
      proofs
        .join("\n")
        .replace(REFERENCE, "")
        .match(/\S*\.test\.ts\S*/g),
    ).toBeNull();
  });

  test("every file exists and has the title", () => {
    expect(missingTests(proofs)).toEqual([]);
  });
});
