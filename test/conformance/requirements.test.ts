/** requirements.md says which test shows each requirement: those tests must exist, and no purpose of ETSI's list be missing. */
import { describe, expect, test } from "vitest";
import { missingTests, REFERENCE, readTable, referencesIn, rowsOf } from "../support/proof-table.ts";

const COLUMNS = ["requirement", "what branchline does", "shown by"];
/** How a row begins its last cell when no test shows all of it. */
const REASON = /^doesn't apply\b/;

/** TS 102 027-2: the identifiers for proxies, redirect servers and registrars. */
const PURPOSES = [
  "SIP_CC_PR_MP_RQ_I_001..",
  "SIP_CC_PR_MP_RQ_V_001-003",
  "SIP_CC_PR_MP_RQ_V_004-005",
  "SIP_CC_PR_MP_RQ_V_006-009",
  "SIP_CC_PR_MP_RQ_V_011-014",
  "SIP_CC_PR_MP_RQ_V_015-018",
  "SIP_CC_PR_MP_RQ_V_019-030",
  "SIP_CC_PR_MP_RQ_V_031-048",
  "SIP_CC_PR_MP_RQ_V_049-066",
  "SIP_CC_PR_MP_RQ_V_067",
  "SIP_CC_PR_MP_RS_V_001-011",
  "SIP_CC_PR_MP_RS_V_012-017",
  "SIP_CC_PR_MP_RS_V_018-045, 047-049",
  "SIP_CC_PR_MP_RS_V_046, 050-053",
  "SIP_CC_PR_TR_CL_TI_001-011",
  "SIP_CC_PR_TR_CL_TI_012-019",
  "SIP_CC_PR_TR_CL_V_001-005",
  "SIP_CC_PR_TR_CL_V_006-011",
  "SIP_CC_PR_TR_CL_V_012-014",
  "SIP_CC_PR_TR_SE_TI_001-008",
  "SIP_CC_PR_TR_SE_TI_009",
  "SIP_CC_PR_TR_SE_V_001-005",
  "SIP_CC_PR_TR_SE_V_006-017, 024-028",
  "SIP_CC_PR_TR_SE_V_018-023",
  "SIP_CC_PR_TR_SE_V_029",
  "SIP_MG_PR_V_001-.., SIP_MG_PR_I_001-004",
  "SIP_QC_PR_V_001-013",
  "SIP_CC_RD_CE_V_001-010",
  "SIP_CC_RD_CR_V_001-003",
  "SIP_RG_RR_V_001-022",
  "SIP_RG_RR_I_001-004",
  "SIP_RG_RR_O_001-003",
];

const rows = rowsOf(readTable("test/conformance/requirements.md"));
const requirements = rows.filter(({ cells }) => cells[0] !== COLUMNS[0] && !/^-+$/.test(cells[0] ?? ""));
const proofs = requirements.map(({ cells }) => cells[2] ?? "");

describe("the tables", () => {
  test("there is one for each section, with the same columns", () => {
    const heads = rows.filter(({ cells }) => cells[0] === COLUMNS[0]);
    expect(heads).toEqual([..."ABCDEF"].map((section) => ({ section, cells: COLUMNS })));
  });

  test("no row has an empty cell, nor one too many, and none is there twice", () => {
    const isWhole = (cells: readonly string[]) => cells.length === COLUMNS.length && cells.every((cell) => cell !== "");
    expect(requirements.filter(({ cells }) => !isWhole(cells))).toEqual([]);
    const names = requirements.map(({ cells }) => cells[0]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("every purpose of ETSI's list has its row, in its order", () => {
    const first = requirements.filter(({ section }) => section === "A").map(({ cells }) => cells[0] ?? "");
    expect(first.map((cell) => cell.slice(0, cell.indexOf(": ")))).toEqual(PURPOSES);
  });

  test.each(["2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"].map((part) => `§16.${part}`))(
    "%s has a row",
    (section) => {
      const isIts = ({ cells }: (typeof requirements)[number]) =>
        new RegExp(`^${section}\\b(?!\\.)`).test(cells[0] ?? "");
      expect(requirements.filter(isIts).length).toBeGreaterThan(0);
    },
  );
});

describe("shown by", () => {
  test("each row names a test, or says why not", () => {
    const isEmpty = (cell: string) => referencesIn(cell).length === 0 && !REASON.test(cell);
    expect(proofs.filter(isEmpty)).toEqual([]);
    expect(proofs.filter((cell) => REASON.test(cell)).length).toBeLessThan(6);
  });

  test("every test file is named together with a title", () => {
    expect(proofs.flatMap(referencesIn).length).toBeGreaterThan(150);
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
