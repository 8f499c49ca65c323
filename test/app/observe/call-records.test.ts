/** Call records: each call once it is over, also one that the list of calls has forgotten meanwhile. */
import { expect, test } from "vitest";
import { CallRecords, type CallRow, CSV_HEAD, csvLine, jsonLine } from "../../../src/app/observe/call-records.ts";
import type { RecordedCall } from "../../../src/app/recorded-calls.ts";

const call = (id: number, changes: Partial<RecordedCall> = {}): RecordedCall => ({
  id,
  call_id: `call-${id}`,
  at: "2026-11-30T07:40:00.123Z",
  from: "201@pbx.example.com",
  to: "5551234",
  origin: "localnet",
  state: "calling",
  status: null,
  after_ms: null,
  lasted_ms: null,
  legs: [
    {
      ...{
        call_id: `call-${id}`,
        from: "201@pbx.example.com",
        to: "5551234",
        origin: "localnet",
        rule: "call",
        why: "",
      },
      ...{ after_ms: 0, status: null, took_ms: null },
      steps: ["upstream pbx.example.com", "notice", "gateway 10.10.1.3"].map((what) => {
        return { what, after_ms: 0, result: null, answer: null, unasked: null };
      }),
    },
  ],
  ...changes,
});
const up = (id: number, lasted_ms = 0) => call(id, { state: "up", status: 200, after_ms: 2_000, lasted_ms });
const ended = (id: number) => call(id, { state: "ended", status: 200, after_ms: 2_000, lasted_ms: 65_000 });
const brief = (rows: readonly CallRow[]) =>
  rows.map(({ call_id, state, lasted_ms }) => `${call_id} ${state} ${lasted_ms}`);

test("a call is told once it has ended, with the way that it went", () => {
  const records = new CallRecords();
  expect(records.look([call(1)], 0)).toEqual([]);
  expect(records.look([up(1)], 2_000)).toEqual([]);
  expect(records.look([ended(1)], 67_000)).toEqual([
    {
      at: "2026-11-30T07:40:00.123Z",
      from: "201@pbx.example.com",
      to: "5551234",
      origin: "localnet",
      state: "ended",
      status: 200,
      after_ms: 2_000,
      lasted_ms: 65_000,
      rule: "call",
      way: "upstream pbx.example.com > notice > gateway 10.10.1.3",
      call_id: "call-1",
    },
  ]);
  expect(records.look([], 999_000)).toEqual([]);
});

test("a call that has failed is told when no INVITE can belong to it any more", () => {
  const records = new CallRecords();
  const failed = call(1, { state: "failed", status: 407, after_ms: 10 });
  records.look([failed], 0);
  expect(records.look([], 59_999)).toEqual([]);
  expect(records.look([call(1)], 59_999)).toEqual([]);
  expect(records.look([failed], 70_000)).toEqual([]);
  expect(brief(records.look([], 130_000))).toEqual(["call-1 failed null"]);
});

test("a call that the list has forgotten ends with its BYE; one that it has not, only when the list says so", () => {
  const records = new CallRecords();
  records.look([up(1, 500), up(2)], 10_000);
  records.hangUp("call-2");
  // 200 calls later the first one isn't in the list any more.
  expect(records.look([up(201)], 20_000)).toEqual([]);
  records.hangUp("call-1");
  expect(brief(records.look([], 30_000))).toEqual(["call-1 ended 20500"]);
});

test("a call without an end is told after a day, and too many are told as they are, the oldest first", () => {
  const records = new CallRecords();
  records.look([up(1)], 0);
  expect(brief(records.look([], 86_400_000))).toEqual(["call-1 unknown 0"]);
  const many = Array.from({ length: 1_002 }, (_, index) => up(index + 2));
  expect(brief(records.look(many, 0))).toEqual(["call-2 unknown 0", "call-3 unknown 0"]);
});

test("when branchline ends, what isn't over is told as it is", () => {
  const records = new CallRecords();
  records.look([up(1), call(2), call(3, { state: "failed", status: 486, after_ms: 9 })], 1_000);
  expect(brief(records.end(61_000))).toEqual(["call-1 up 60000", "call-2 calling null", "call-3 failed null"]);
  expect(records.end(61_000)).toEqual([]);
});

const row = (changes: Partial<CallRow>): CallRow => {
  const [made] = new CallRecords().look([ended(1)], 0);
  return { ...(made as CallRow), ...changes };
};

test("a line of CSV has the columns of its head, and one of JSON the same fields", () => {
  expect(CSV_HEAD).toBe("at,from,to,origin,state,status,after_ms,lasted_ms,rule,way,call_id\r\n");
  expect(csvLine(row({}))).toBe(
    "2026-11-30T07:40:00.123Z,201@pbx.example.com,5551234,localnet,ended,200,2000,65000,call," +
      "upstream pbx.example.com > notice > gateway 10.10.1.3,call-1\r\n",
  );
  expect(Object.keys(JSON.parse(jsonLine(row({}))) as object)).toEqual(CSV_HEAD.trim().split(","));
});

test.each([
  ["a,b", '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ["two\r\nlines", '"two\r\nlines"'],
  ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
  ["@SUM(1)", "'@SUM(1)"],
  ["-1+cmd|x", "'-1+cmd|x"],
  ["+49301234", "+49301234"],
])("what a caller calls itself makes neither columns nor formulas: %j", (from, field) => {
  expect(csvLine(row({ from }))).toBe(csvLine(row({ from: "FROM" })).replace("FROM", () => field));
});
