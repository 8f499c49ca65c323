/** Which ends of a fork meet which conditions, and how that is said. */
import { describe, expect, test } from "vitest";
import type { Response } from "../../../src/message/message.ts";
import {
  ANY_FAILURE,
  type Condition,
  headOf,
  meets,
  type Outcome,
  outcomeOf,
  phrasesOf,
  SILENCE,
} from "../../../src/proxy/plan/condition.ts";
import { response } from "../../support/messages.ts";

const answered = (status: number, body = ""): Outcome => ({
  isSilent: false,
  best: { status, response: response(status, { body }) },
});
const concluded = (status: number, isSilent: boolean): Outcome => ({
  isSilent,
  best: { status, response: undefined },
});

const OUTCOMES = {
  silent: concluded(408, true),
  unreachable: concluded(503, true),
  nobody: concluded(480, true),
  rung: concluded(480, false),
  302: answered(302),
  404: answered(404),
  408: answered(408),
  480: answered(480),
  486: answered(486),
  500: answered(500),
  503: answered(503),
  "503 with a body": answered(503, "v=0\r\n"),
  600: answered(600),
  604: answered(604),
} as const satisfies Record<string, Outcome>;

const SILENT = ["silent", "unreachable", "nobody"];
const ANSWERS = ["302", "404", "408", "480", "486", "500", "503", "503 with a body", "600", "604"];
const but = (...left: string[]) => ANSWERS.filter((name) => !left.includes(name));

const TABLE: readonly (readonly [Condition, readonly string[], string])[] = [
  [{}, [], "When it "],
  [SILENCE, SILENT, "When it says nothing or can't be reached"],
  [{ gone: true }, ["unreachable"], "When it can't be reached"],
  [{ silent: true, gone: true }, SILENT, "When it says nothing or can't be reached"],
  [{ codes: [503] }, ["unreachable", "503", "503 with a body"], "When it answers 503"],
  [{ codes: [500, 503], bodyless: true }, ["unreachable", "500", "503"], "When it answers 500 or 503 without a body"],
  [
    { silent: true, codes: [503], bodyless: true },
    [...SILENT, "503"],
    "When it says nothing or can't be reached or answers 503 without a body",
  ],
  [{ silent: true, codes: [], bodyless: true }, SILENT, "When it says nothing or can't be reached"],
  [{ codes: [486, 600] }, ["486", "600"], "When it is busy (486 or 600)"],
  [
    { codes: [408, 480, 503] },
    [...SILENT, "rung", "408", "480", "503", "503 with a body"],
    "When it isn't answered (408 or 480) or answers 503",
  ],
  [{ classes: [6] }, ["600", "604"], "When it answers 6xx"],
  [
    { classes: [5, 6], except: [600, 603] },
    ["unreachable", "500", "503", "503 with a body", "604"],
    "When it answers 5xx or 6xx other than 600 or 603",
  ],
  [
    { silent: true, classes: [5, 6], except: [600, 603] },
    [...SILENT, "500", "503", "503 with a body", "604"],
    "When it says nothing or can't be reached or answers 5xx or 6xx other than 600 or 603",
  ],
  [ANY_FAILURE, [...SILENT, "rung", ...ANSWERS], "Unless it takes the call"],
  [{ classes: [3, 4, 5] }, [...SILENT, "rung", ...but("600", "604")], "Unless it takes the call or answers 6xx"],
  [
    { ...ANY_FAILURE, except: [404, 486] },
    [...SILENT, "rung", ...but("404", "486")],
    "Unless it takes the call or answers 404 or 486",
  ],
];

describe("a condition", () => {
  test.each(TABLE)("%j is met by %j", (condition, wanted) => {
    const met = Object.entries(OUTCOMES).filter(([, outcome]) => meets(outcome, condition));
    expect(met.map(([name]) => name).sort()).toEqual([...wanted].sort());
  });

  test.each(TABLE)("%j in words", (condition, _, words) => {
    expect(headOf(phrasesOf(condition))).toBe(words);
  });

  test("is a plain value: it means the same when it comes back from JSON", () => {
    for (const [condition] of TABLE) expect(JSON.parse(JSON.stringify(condition))).toEqual(condition);
  });
});

describe("the outcome of a fork", () => {
  const branch = (status: number | undefined, isSilent = false, answer?: Response) => ({
    final: status === undefined ? undefined : { status, response: answer },
    isSilent,
  });

  test("there is none while a branch is open", () => {
    expect(outcomeOf([branch(486), branch(undefined)])).toBeUndefined();
  });

  test("it is silent only when all are, and the best answer counts", () => {
    const busy = response(486);
    expect(outcomeOf([branch(408, true), branch(503, true)])).toEqual({
      isSilent: true,
      best: { status: 408, response: undefined },
    });
    expect(outcomeOf([branch(408, true), branch(486, false, busy)])).toEqual({
      isSilent: false,
      best: { status: 486, response: busy },
    });
  });

  test("without a target it is as good as silence", () => {
    expect(outcomeOf([])).toEqual(OUTCOMES.nobody);
  });
});
