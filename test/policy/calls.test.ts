/** Channels are counted by call, and none leaks. */
import { describe, expect, it } from "vitest";
import { Calls } from "../../src/policy/gateways/calls.ts";
import { response } from "../support/messages.ts";

const MAX_ms = 3_600_000;
/** The request by which a call could be ended. */
const RUNNING = { refuse: () => {} };
const start = (callId: string) => ({ callId, fromTag: "f", cseqNumber: 1 });
const ok = (...headers: string[]) => response(200, { headers });

describe("channels", () => {
  it("are counted for each gateway by itself; a call that comes from one and goes back to it occupies two", () => {
    const calls = new Calls(MAX_ms);
    for (const callId of ["a", "b", "b"]) calls.begin(start(callId), "bri", false, RUNNING, 0);
    calls.begin(start("c"), "gsm", false, RUNNING, 0);
    expect([calls.count("bri", 1), calls.count("gsm", 1), calls.count("other", 1)]).toEqual([3, 1, 0]);
  });

  it("a gateway that doesn't take the call frees one, and the last one ends it", () => {
    const calls = new Calls(MAX_ms);
    for (const gateway of ["bri", "bri", "gsm"]) calls.begin(start("a"), gateway, false, RUNNING, 0);
    const counts = () => [calls.count("bri", 1), calls.count("gsm", 1), calls.has("a")];
    calls.leave("a", "bri", 1);
    expect(counts()).toEqual([1, 1, true]);
    calls.leave("a", "other", 1);
    calls.leave("a", "bri", 1);
    expect(counts()).toEqual([0, 1, true]);
    calls.leave("a", "gsm", 1);
    expect(counts()).toEqual([0, 0, false]);
  });

  it("INVITEs with one Call-ID without end are no table without end, and neither are calls", () => {
    const calls = new Calls(MAX_ms);
    for (let index = 0; index < 150; index++) calls.begin(start("a"), "bri", false, RUNNING, 0);
    expect([calls.count("bri", 1), calls.hits]).toEqual([100, 50]);
    for (let index = 0; index < calls.limit; index++) calls.begin(start(`b${index}`), "gsm", false, RUNNING, 0);
    expect([calls.size, calls.hits]).toEqual([calls.limit, 51]);
  });

  it("a BYE frees all that a call occupies; that of a call that nobody knows frees none", () => {
    const calls = new Calls(MAX_ms);
    for (const callId of ["a", "b"]) calls.begin(start(callId), "bri", false, RUNNING, 0);
    calls.end({ callId: "a", fromTag: "f", toTag: "t" }, 0);
    calls.end({ callId: "a", fromTag: "f", toTag: "t" }, 0);
    calls.end({ callId: "unknown", fromTag: "f", toTag: "t" }, 0);
    expect([calls.count("bri", 1), calls.has("a"), calls.has("b")]).toEqual([1, false, true]);
  });
});

describe("when a gateway's last call ended", () => {
  const NEVER = Number.NEGATIVE_INFINITY;
  const ended = (calls: Calls, now_ms: number) => ["bri", "gsm"].map((one) => calls.usage(one, now_ms).ended_ms);

  it("a failure ends it at that gateway alone, a BYE at all that the call occupies", () => {
    const calls = new Calls(MAX_ms);
    for (const gateway of ["bri", "gsm"]) calls.begin(start("a"), gateway, false, RUNNING, 0);
    expect(ended(calls, 1)).toEqual([NEVER, NEVER]);
    calls.leave("a", "bri", 10);
    calls.leave("a", "bri", 11);
    expect(ended(calls, 20)).toEqual([10, NEVER]);
    calls.begin(start("a"), "bri", false, RUNNING, 20);
    calls.end({ callId: "a", fromTag: "f", toTag: "t" }, 30);
    expect(ended(calls, 40)).toEqual([30, 30]);
  });

  it("a call whose BYE was lost ended when it was taken to be over, not when somebody asked", () => {
    const calls = new Calls(MAX_ms);
    calls.begin(start("a"), "bri", false, RUNNING, 1_000);
    expect(ended(calls, 2 * MAX_ms)).toEqual([1_000 + MAX_ms, NEVER]);
  });

  it("a call that is over late doesn't turn the clock back", () => {
    const calls = new Calls(MAX_ms);
    calls.begin(start("lost"), "bri", false, RUNNING, 0);
    calls.begin(start("a"), "bri", false, RUNNING, 1_000);
    calls.leave("a", "bri", MAX_ms + 500);
    expect(ended(calls, 2 * MAX_ms)).toEqual([MAX_ms + 500, NEVER]);
  });

  it("a channel that was kept free was no call; one that is preempted was", () => {
    const calls = new Calls(MAX_ms);
    calls.begin(start("held"), "bri", true, RUNNING, 0);
    calls.release("held", "bri", 1);
    calls.begin(start("a"), "gsm", false, RUNNING, 0);
    calls.preempt(["gsm"], {} as never, 70);
    expect(ended(calls, 80)).toEqual([NEVER, 70]);
  });
});

describe("a lost BYE", () => {
  it("the channel is free again after the longest call, to the millisecond", () => {
    const calls = new Calls(MAX_ms);
    calls.begin(start("a"), "bri", false, RUNNING, 1_000);
    expect(calls.count("bri", 1_000 + MAX_ms - 1)).toBe(1);
    expect(calls.count("bri", 1_000 + MAX_ms)).toBe(0);
    expect(calls.has("a")).toBe(false);
  });

  it.each([
    ["the answer begins the longest call anew", ok(), MAX_ms],
    ["a session timer counts (RFC 4028)", ok("Session-Expires: 90"), 90_000],
    ["but no longer than the longest call", ok("Session-Expires: 1000000"), MAX_ms],
    ["with its refresher, in its compact form", ok("x: 90;refresher=uac"), 90_000],
    ["one of 0 is none", ok("Session-Expires: 0"), MAX_ms],
    ["nor is one that is no number", ok("Session-Expires: soon"), MAX_ms],
  ])("%s", (_, answer, held_ms) => {
    const calls = new Calls(MAX_ms);
    calls.begin(start("a"), "bri", false, RUNNING, 0);
    calls.refresh("a", answer, 5_000);
    expect(calls.count("bri", 5_000 + held_ms - 1)).toBe(1);
    expect(calls.count("bri", 5_000 + held_ms)).toBe(0);
  });

  it("each refresh holds it longer", () => {
    const calls = new Calls(MAX_ms);
    calls.begin(start("a"), "bri", false, RUNNING, 0);
    for (let at_ms = 0; at_ms < 10 * MAX_ms; at_ms += 80_000) calls.refresh("a", ok("Session-Expires: 90"), at_ms);
    expect(calls.count("bri", 10 * MAX_ms)).toBe(1);
  });

  it("the answer to a call that has ended brings nothing back", () => {
    const calls = new Calls(MAX_ms);
    calls.refresh("a", ok(), 0);
    expect(calls.has("a")).toBe(false);
  });
});

describe("a flood", () => {
  it("no more than 2000 calls are kept; what has expired makes room", () => {
    const calls = new Calls(MAX_ms);
    for (let call = 0; call < 2_001; call++) calls.begin(start(`${call}`), "bri", false, RUNNING, call);
    expect([calls.count("bri", 2_001), calls.has("1999"), calls.has("2000")]).toEqual([2_000, true, false]);
    calls.begin(start("late"), "bri", false, RUNNING, MAX_ms);
    expect([calls.has("late"), calls.has("0"), calls.has("1")]).toEqual([true, false, true]);
  });
});
