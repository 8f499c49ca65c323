/** verdicts.md says what the tables in the code say; TORTURE=write writes it anew. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rfc4475Verdicts } from "./rfc4475-verdicts.ts";
import { rfc5118Verdicts } from "./rfc5118-verdicts.ts";
import { readKamailio, TABLE, verdictsTable } from "./verdicts-table.ts";

const all = [...rfc4475Verdicts, ...rfc5118Verdicts];

test("verdicts.md is what the tables and Kamailio's outcomes make", () => {
  const text = verdictsTable(readKamailio());
  if (process.env["TORTURE"] === "write") writeFileSync(TABLE, text);
  expect(existsSync(TABLE)).toBe(true);
  expect(readFileSync(TABLE, "utf8")).toBe(text);
});

test("Kamailio was asked about every message", () => {
  expect(Object.keys(readKamailio()).sort()).toEqual(all.map(({ name }) => name).sort());
});

test("no cell holds what would divide it, and every deviation has its reason", () => {
  const cells = all.flatMap(({ wants, why, deviation = "" }) => [wants, why, deviation]);
  expect(cells.filter((cell) => /[|\n]/.test(cell))).toEqual([]);
  const isFirstChoice = (wants: string, outcome: string) => wants.startsWith(outcome);
  const silent = all.filter(
    ({ wants, outcome, deviation }) => isFirstChoice(wants, String(outcome)) === (deviation !== undefined),
  );
  expect(silent.map(({ name }) => name)).toEqual([]);
});
