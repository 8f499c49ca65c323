/** What is counted for metrics: messages, decisions, bindings, states, and calls by where they were offered last. */
import { describe, expect, test } from "vitest";
import { Counters } from "../../src/app/observe/counters.ts";
import type { JournalEntry } from "../../src/app/observe/journal-entry.ts";
import type { CallsQuestion, RecordedCall } from "../../src/app/recorded-calls.ts";

/** A list of calls as the running branchline has it, in pages of two. */
class Calls {
  looks = 0;
  readonly all: { readonly call: RecordedCall; readonly change: number }[] = [];
  private change = 0;

  put(id: number, rest: Partial<RecordedCall>, ...whats: readonly string[]): void {
    this.change += 1;
    const steps = whats.map((what) => ({ what, after_ms: 0, result: null, answer: null, unasked: null }));
    const { status = 200 } = rest;
    const leg = {
      call_id: "x",
      from: "",
      to: "",
      origin: "localnet",
      rule: "call",
      why: "",
      after_ms: 0,
      took_ms: 1,
      steps,
      status,
    } as const;
    const call: RecordedCall = {
      id,
      call_id: "x",
      at: "",
      from: "",
      to: "",
      origin: "localnet",
      state: "up",
      status,
      after_ms: 1,
      lasted_ms: null,
      legs: [leg],
      ...rest,
    };
    this.all.splice(0, this.all.length, ...this.all.filter((one) => one.call.id !== id), { call, change: this.change });
  }

  readonly list = ({ since = 0 }: CallsQuestion) => {
    this.looks += 1;
    const found = this.all.filter(({ change }) => change > since).sort((a, b) => a.change - b.change);
    const page = found.slice(0, 2);
    const last = page[1]?.change ?? 0;
    const more = found.length > 2 ? { next: last, changes: last } : { changes: this.change };
    return { calls: page.map(({ call }) => call), ...more, run: "r" };
  };
}

const entry = (rest: object) => ({ seq: 1, at_ms: 0, ...rest }) as JournalEntry;
const wire = (kind: "in" | "out", first: string) => entry({ kind, wire: `${first}\r\nVia: x\r\n\r\n` });
const invite = entry({ kind: "decision", method: "INVITE", rule: "call" });

function counted(now_ms: number, counters: Counters) {
  return Object.fromEntries(counters.at(now_ms).calls);
}

describe("messages", () => {
  test("are counted by method and by class of status, those of peers' own invention together", () => {
    const counters = new Counters(new Calls().list);
    const lines = [
      "INVITE sip:a SIP/2.0",
      "SIP/2.0 180 Ringing",
      "SIP/2.0 200 OK",
      "X-MINE sip:a SIP/2.0",
      "Y sip:a SIP/2.0",
      "SIP/2.0 999 x",
    ];
    for (const line of lines) counters.hear(wire("in", line));
    counters.hear(wire("out", "INVITE sip:a SIP/2.0"));
    expect(Object.fromEntries(counters.at(0).messages)).toEqual({
      "in INVITE": 1,
      "in 1xx": 1,
      "in 2xx": 1,
      "in other": 3,
      "out INVITE": 1,
    });
  });
});

test("decisions, bindings and states are counted by what they are", () => {
  const counters = new Counters(new Calls().list);
  counters.hear(invite);
  counters.hear(entry({ kind: "decision", method: "BYE", rule: "in-dialog" }));
  counters.hear(entry({ kind: "decision", method: "BREW", rule: "other-request" }));
  counters.hear(entry({ kind: "binding", change: "added" }));
  for (const to of ["down", "up", "down"])
    counters.hear(entry({ kind: "edge", edge: { role: "gateway", to, name: "a, b c" } }));
  counters.hear(entry({ kind: "drop", reason: "unreadable" }));
  counters.hear(entry({ kind: "stage" }));
  const { decisions, bindings, edges } = counters.at(0);
  expect(Object.fromEntries(decisions)).toEqual({ "INVITE call": 1, "BYE in-dialog": 1, "other other-request": 1 });
  expect(Object.fromEntries(bindings)).toEqual({ added: 1 });
  expect(Object.fromEntries(edges)).toEqual({ "gateway down a, b c": 2, "gateway up a, b c": 1 });
});

test("peers that come and go with reloads fill no memory", () => {
  const counters = new Counters(new Calls().list);
  for (let name = 0; name < 5_000; name++)
    counters.hear(entry({ kind: "edge", edge: { role: "gateway", to: "up", name: `${name}` } }));
  expect(counters.at(0).edges.size).toBe(1_000);
});

describe("calls", () => {
  test("are counted once, by the last place that they were offered to", () => {
    const calls = new Calls();
    const counters = new Counters(calls.list);
    calls.put(1, {}, "upstream pbx.example.com");
    calls.put(2, {}, "upstream pbx.example.com", "notice", "gateway 10.10.1.3");
    calls.put(3, { state: "calling", status: null }, "upstream pbx.example.com");
    calls.put(4, { origin: "gateway" }, "group default: 201, 202", "extension 203");
    calls.put(5, { state: "ended" });
    const first = {
      "localnet upstream answered": 1,
      "localnet gateway answered": 1,
      "gateway extension answered": 1,
      "localnet none answered": 1,
    };
    expect(counted(0, counters)).toEqual(first);
    expect(counted(1, counters)).toEqual(first);
    calls.put(1, { state: "ended" }, "upstream pbx.example.com");
    calls.put(3, {}, "upstream pbx.example.com");
    expect(counted(2, counters)).toEqual({ ...first, "localnet upstream answered": 2 });
  });

  test("that have failed or were redirected are counted once no more can come of them", () => {
    const calls = new Calls();
    const counters = new Counters(calls.list);
    calls.put(1, { state: "failed", status: 407 }, "upstream pbx.example.com");
    calls.put(2, { state: "redirected", status: 302 }, "notice");
    calls.put(3, { state: "failed", status: 486 }, "extension 202");
    expect(counted(0, counters)).toEqual({});
    calls.put(1, {}, "upstream pbx.example.com");
    expect(counted(59_999, counters)).toEqual({ "localnet upstream answered": 1 });
    expect(counted(60_000, counters)).toEqual({
      "localnet upstream answered": 1,
      "localnet gateway redirected": 1,
      "localnet extension failed": 1,
    });
  });

  test("are looked at before the list forgets them", () => {
    const calls = new Calls();
    const counters = new Counters(calls.list);
    calls.put(1, {}, "upstream pbx.example.com");
    for (let count = 0; count < 99; count++) counters.hear(invite);
    expect(calls.looks).toBe(0);
    counters.hear(invite);
    expect(calls.looks).toBeGreaterThan(0);
    calls.all.length = 0;
    expect(counted(0, counters)).toEqual({ "localnet upstream answered": 1 });
  });

  test("of before a restart, of which nothing is known, aren't counted", () => {
    const calls = new Calls();
    calls.put(1, { state: "unknown" }, "upstream pbx.example.com");
    expect(counted(0, new Counters(calls.list))).toEqual({});
  });
});
