/** What the outside is told: each turn once, in few words, whatever a peer or a phone has written. */
import { expect, test } from "vitest";
import { eventEnvironment, isTrouble, type SiteEvent, SiteEvents } from "../../../src/app/observe/events.ts";
import type { ReadinessTurn } from "../../../src/app/observe/readiness-watch.ts";
import type { Edge } from "../../../src/policy/status.ts";

function site() {
  const told: SiteEvent[] = [];
  const facts = {
    router: "branch-17",
    run: "a1b2",
    now: () => "2026-11-30T07:40:00.123Z",
    callsGoTo: () => "gateway",
    callerOf: (callId: string) => (callId === "unknown" ? undefined : "201@pbx.example.com"),
  };
  const events = new SiteEvents(facts, (event) => told.push(event));
  const edge = (to: string, changes: Partial<Edge> = {}) =>
    events.hear({
      kind: "edge",
      seq: 1,
      at_ms: 1_000,
      edge: { at_ms: 1_000, role: "upstream", name: "pbx", from: "up", to, evidence: "probe failed", ...changes },
    });
  const decided = (callId: string, why: string, rule = "emergency") =>
    events.hear({ kind: "decision", seq: 1, at_ms: 1_000, method: "INVITE", call_id: callId, rule, why });
  const ready = (turn: ReadinessTurn) => events.hear({ kind: "readiness", seq: 1, at_ms: 1_000, turn });
  return { told, edge, decided, ready, names: () => told.map(({ event }) => event) };
}

test("upstream falls and rises: two events, each with an id of its own, and how long it was down", () => {
  const { told, edge } = site();
  edge("suspect");
  edge("down", { probe_failure: "silence" });
  edge("recovering", { at_ms: 60_000 });
  edge("up", { at_ms: 91_400, evidence: "hold over" });
  const common = { at: "2026-11-30T07:40:00.123Z", router: "branch-17", upstream: "pbx", calls_go_to: "gateway" };
  expect(told).toEqual([
    { id: "a1b2-1", event: "upstream_down", evidence: "probe failed: silence", ...common },
    { id: "a1b2-2", event: "upstream_up", evidence: "hold over", down_s: 90, ...common },
  ]);
  expect(told.map(isTrouble)).toEqual([true, false]);
});

test("a fall while it recovers is no second fall, and a start brings nothing up", () => {
  const { edge, names } = site();
  edge("up", { from: "unknown" });
  edge("down");
  edge("recovering");
  edge("down");
  edge("up");
  edge("up");
  expect(names()).toEqual(["upstream_down", "upstream_up"]);
});

test("peers of the same name in two roles are two", () => {
  const { edge, names } = site();
  edge("down");
  edge("down", { role: "gateway" });
  edge("up", { role: "gateway" });
  expect(names()).toEqual(["upstream_down", "gateway_down", "gateway_up"]);
});

test("an emergency call is told once, with its caller, though a challenge brings its INVITE again", () => {
  const { told, decided } = site();
  decided("call-1", "112 is an emergency number");
  decided("call-1", "112 is an emergency number");
  decided("unknown", "911 is an emergency number");
  expect(told.map(({ event, number, from, call_id }) => [event, number, from, call_id])).toEqual([
    ["emergency_call", "112", "201@pbx.example.com", "call-1"],
    ["emergency_call", "911", "", "unknown"],
  ]);
});

test("what a gateway sends back is no emergency call, nor is another rule's", () => {
  const { told, decided } = site();
  decided("call-1", "gateway at 10.10.1.3 sends emergency calls back to us");
  decided("call-2", "112 is an emergency number", "call");
  expect(told).toEqual([]);
});

test("readiness is lost and regained: the worst finding, how many there are, and how long it was lost", () => {
  const { told, ready } = site();
  ready({ is_ready: false, faults: ["gateways: all are down", `emergency: ${"x".repeat(500)}`] });
  ready({ is_ready: true, faults: [], lost_ms: 754_321 });
  expect(told.map(({ event, finding, faults, lost_s }) => [event, finding, faults, lost_s])).toEqual([
    ["readiness_lost", "gateways: all are down", 2, undefined],
    ["readiness_regained", undefined, undefined, 754],
  ]);
  expect(told.map(isTrouble)).toEqual([true, false]);
});

test("a text without end is shortened, and ten thousand peers and calls are not remembered", () => {
  const { told, edge, decided } = site();
  for (let index = 0; index < 10_000; index++) {
    edge("down", { name: `${index}${"x".repeat(5_000)}` });
    decided(`${index}${"y".repeat(5_000)}`, "112 is an emergency number");
  }
  expect(Math.max(...told.map((event) => JSON.stringify(event).length))).toBeLessThan(600);
  const before = told.length;
  edge("up", { name: `0${"x".repeat(5_000)}` });
  expect(told.length).toBe(before);
});

test("a command's environment has each field, and the whole as JSON; a NUL doesn't end it", () => {
  const { told, decided } = site();
  decided("call\0-1", "112 is an emergency number");
  const json = JSON.stringify(told[0]);
  const found = eventEnvironment(json);
  expect(found).toMatchObject({
    BRANCHLINE_EVENT: "emergency_call",
    BRANCHLINE_NUMBER: "112",
    BRANCHLINE_CALL_ID: "call-1",
    BRANCHLINE_EVENT_JSON: json,
  });
  expect(Object.values(found).join("")).not.toContain("\0");
});
