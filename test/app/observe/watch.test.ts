/** `branchline watch` as a machine: what it knows after answers, what keys do, what it asks next. */
import { describe, expect, test } from "vitest";
import type { ControlAnswer } from "../../../src/app/control.ts";
import type { JournalEntry } from "../../../src/app/observe/journal-entry.ts";
import type { Key } from "../../../src/app/observe/keys.ts";
import type { TraceQuestion } from "../../../src/app/observe/trace.ts";
import {
  answered,
  chosenAt,
  pressed,
  type Shown,
  WATCH,
  type Watch,
  watchQuestion,
} from "../../../src/app/observe/watch.ts";
import { newChanges } from "../../../src/app/observe/watched.ts";
import type { CallsPage } from "../../../src/app/recorded-calls.ts";
import type { Change } from "../../../src/app/status-facts.ts";
import { STATUS } from "../status-sample.ts";
import { callOf, messageOf, pageOf, seqsOf, traceOf } from "./calls-sample.ts";

type Answer = Extract<ControlAnswer, { ok: true }>;

const SHOWN: Shown = { page: 10, most: 20 };
const answerOf = (calls: CallsPage, up_s = STATUS.up_s): Answer => ({ ok: true, status: { ...STATUS, up_s }, calls });

/** The next question, and this answer. */
function told(watch: Watch, calls: CallsPage, up_s?: number): Watch {
  return answered(watch, { command: "calls" }, answerOf(calls, up_s));
}

/** Asks as often, and is answered from these calls and this journal. */
function asking(watch: Watch, times: number, calls: CallsPage, journal: readonly JournalEntry[]): Watch {
  let now = watch;
  for (let time = 0; time < times; time++) {
    const question = watchQuestion(now);
    const trace = () => traceOf(journal, question as TraceQuestion);
    const answer: Answer =
      question.command === "trace" ? { ok: true, status: STATUS, trace: trace() } : answerOf(calls);
    now = answered(now, question, answer);
  }
  return now;
}

function press(watch: Watch, ...keys: readonly Key[]): Watch {
  let now = watch;
  for (const key of keys) {
    const next = pressed(now, key, SHOWN);
    if (next === undefined) throw new Error(`${key} has ended it`);
    now = next;
  }
  return now;
}

const idsOf = ({ seen }: Watch) => seen?.calls.map(({ id }) => id);
const THREE = pageOf([callOf(3, { state: "ended" }), callOf(2), callOf(1, { state: "ended" })], { changes: 7 });

describe("what is known", () => {
  test("calls that go on come first, then the newest; what changes takes the place of what was", () => {
    const first = told(WATCH, THREE);
    expect(idsOf(first)).toEqual([2, 3, 1]);
    const next = told(first, pageOf([callOf(2, { state: "ended" }), callOf(4, { state: "calling" })], { changes: 9 }));
    expect(idsOf(next)).toEqual([4, 3, 2, 1]);
    expect(watchQuestion(next)).toEqual({ command: "calls", since: 9 });
  });

  test("a call that is up lasts longer while nobody tells of it", () => {
    const later = told(told(WATCH, THREE, 100), pageOf([], { changes: 7 }), 130);
    expect(later.seen?.calls.map(({ lasted_ms }) => lasted_ms)).toEqual([40_000, 10_000, 10_000]);
  });

  test("two hundred calls are kept, those that go on before others", () => {
    const many = Array.from({ length: 500 }, (_, id) => callOf(id, { state: id === 0 ? "up" : "ended" }));
    const ids = idsOf(told(WATCH, pageOf(many))) ?? [];
    expect(ids).toHaveLength(200);
    expect(ids.slice(0, 2)).toEqual([0, 499]);
  });

  test("after a restart, calls are asked for anew, and the ladder is closed", () => {
    const open = press(told(WATCH, THREE), "down", "enter");
    const anew = told(open, pageOf([], { run: "another", changes: 0 }));
    expect([idsOf(anew), anew.ladder, anew.chosen]).toEqual([[], undefined, undefined]);
    expect(watchQuestion(anew)).toEqual({ command: "calls" });
    const next = told(anew, pageOf([callOf(1)], { run: "another", changes: 3 }));
    expect(idsOf(next)).toEqual([1]);
    expect(watchQuestion(next)).toEqual({ command: "calls", since: 3 });
  });

  test("where no answer comes, what was known stays, and the reason goes with the next answer", () => {
    const gone = answered(told(WATCH, THREE), { command: "calls", since: 7 }, "no answer");
    expect([idsOf(gone), gone.trouble]).toEqual([[2, 3, 1], "no answer"]);
    expect(told(gone, pageOf([])).trouble).toBeUndefined();
  });

  test("a change of a state is new once", () => {
    const change = (at: string, to: string): Change => ({
      ...{ at, role: "upstream", peer: "pbx", from: "x", evidence: "silence" },
      to,
    });
    const before = [change("1", "up"), change("2", "down")];
    expect(newChanges(before, [change("2", "down"), change("2", "up"), change("3", "down")])).toEqual([
      change("2", "up"),
      change("3", "down"),
    ]);
  });
});

describe("keys in the list", () => {
  test("choose a call, which stays chosen wherever it goes", () => {
    const watch = told(WATCH, THREE);
    const chosen = press(watch, "down", "down", "down", "up");
    expect(chosen.chosen).toBe(3);
    const later = told(chosen, pageOf([callOf(5), callOf(4)], { changes: 9 }));
    expect(idsOf(later)?.[chosenAt(later)]).toBe(3);
  });

  test("without a choice, the first call is chosen, whichever it is", () => {
    const watch = press(told(WATCH, THREE), "down", "up");
    expect(watch.chosen).toBeUndefined();
    expect(idsOf(told(watch, pageOf([callOf(9)])))?.[0]).toBe(9);
  });

  test("go to the ends and by pages, and never beyond", () => {
    const many = told(WATCH, pageOf(Array.from({ length: 35 }, (_, id) => callOf(id))));
    const at = (...keys: readonly Key[]) => chosenAt(press(many, ...keys));
    expect([at("page down"), at("page down", "page down"), at("end"), at("end", "page down")]).toEqual([
      10, 20, 34, 34,
    ]);
    expect([at("end", "page up"), at("end", "home"), at("up"), at("raw"), at("escape")]).toEqual([24, 0, 0, 0, 0]);
  });

  test("do nothing where there is no call, and q ends it from everywhere", () => {
    const empty = told(WATCH, pageOf([]));
    for (const key of ["up", "down", "end", "enter", "escape"] as const) expect(press(empty, key)).toEqual(empty);
    expect(pressed(empty, "quit", SHOWN)).toBeUndefined();
    expect(pressed(press(told(WATCH, THREE), "enter"), "quit", SHOWN)).toBeUndefined();
    expect(press(WATCH, "enter", "down")).toEqual(WATCH);
  });
});

describe("a ladder", () => {
  const journal = [messageOf(1, "c1"), messageOf(2, "c2"), messageOf(3, "c1"), messageOf(4, "c3")];
  const open = press(told(WATCH, THREE), "enter");

  test("is asked for at once, then two times of three, and only what is new", () => {
    const questions: unknown[] = [];
    let watch = open;
    for (let time = 0; time < 6; time++) {
      questions.push(watchQuestion(watch));
      watch = asking(watch, 1, pageOf([], { changes: 7 }), journal);
    }
    const trace = (after: number) => ({ command: "trace", calls: ["c2"], after, open: true });
    const calls = { command: "calls", since: 7 };
    expect(questions).toEqual([trace(0), trace(4), calls, trace(4), trace(4), calls]);
    expect(seqsOf(watch.ladder?.entries ?? [])).toEqual([2]);
  });

  test("is closed by Esc, and is that of the call that is chosen", () => {
    expect(press(open, "escape").ladder).toBeUndefined();
    expect(press(open, "escape", "down", "enter").ladder?.call.id).toBe(3);
  });

  test("doesn't take an answer that was for another call", () => {
    const question = watchQuestion(open);
    const other = press(open, "escape", "down", "enter");
    const late = answered(other, question, {
      ok: true,
      status: STATUS,
      trace: traceOf(journal, question as TraceQuestion),
    });
    expect(late.ladder).toMatchObject({ after: 0, entries: [] });
    expect(seqsOf(asking(late, 2, pageOf([]), journal).ladder?.entries ?? [])).toEqual([4]);
  });

  test("knows what has become of its call", () => {
    const over = told(open, pageOf([callOf(2, { state: "ended" }, ["c2", "c2-b"])]));
    expect(over.ladder?.call).toMatchObject({ state: "ended", legs: [{ call_id: "c2" }, { call_id: "c2-b" }] });
  });

  test("of a call that goes on shows its end, until somebody scrolls up, and again when that one is at the end", () => {
    const most = SHOWN.most;
    const topOf = (...keys: readonly Key[]) => press(open, ...keys).ladder?.top;
    expect(topOf()).toBeGreaterThan(most);
    expect(topOf("down")).toBeGreaterThan(most);
    expect([topOf("up"), topOf("page up"), topOf("home")]).toEqual([most - 1, most - 10, 0]);
    expect(topOf("up", "down")).toBeGreaterThan(most);
  });

  test("of a call that is over begins at its start; r shows whole messages", () => {
    const over = press(told(WATCH, THREE), "down", "enter");
    expect(over.ladder).toMatchObject({ top: 0, isRaw: false, isOff: false });
    expect(press(over, "down", "down", "raw").ladder).toMatchObject({ top: 2, isRaw: true });
    expect(press(over, "raw", "raw").ladder?.isRaw).toBe(false);
  });

  test("is told that the journal is off", () => {
    const question = watchQuestion(open);
    const trace = { ...traceOf([], {}), limit: 0 };
    expect(answered(open, question, { ok: true, status: STATUS, trace }).ladder?.isOff).toBe(true);
  });
});
