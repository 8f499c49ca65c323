/** Channels that calls occupy at one router are counted at the other one, and none leaks or is given away twice. */
import { describe, expect, test } from "vitest";
import { OwnAddresses } from "../../src/proxy/own-addresses.ts";
import type { RoutedRequest } from "../../src/proxy/router.ts";
import { seedOf } from "../support/chance.ts";
import { request, response } from "../support/messages.ts";
import { mulberry32 } from "../support/simulation.ts";
import { HOUR_ms, RecordRouter } from "./support/record-routers.ts";
import { type NetOptions, ReplicaNet } from "./support/replicas.ts";

const RUNNING = { refuse: () => {} };
const BRI = "10.10.1.3 5060";
const CHANNELS = 10;

interface Pair {
  readonly net: ReplicaNet;
  readonly one: RecordRouter;
  readonly other: RecordRouter;
}

function pair(options: NetOptions = {}): Pair {
  const net = new ReplicaNet(["r1", "r2"], options);
  const [one, other] = [new RecordRouter(net, "r1").start(), new RecordRouter(net, "r2").start()];
  net.run(2_000);
  return { net, one, other };
}

function begin({ calls, net }: RecordRouter, callId: string, gateway = BRI): void {
  calls.begin({ callId, fromTag: "from1", cseqNumber: 1 }, gateway, false, RUNNING, net.now_ms);
}

function bye({ calls, net }: RecordRouter, callId: string): void {
  calls.end({ callId, fromTag: "from1", toTag: "to1" }, net.now_ms);
}

function counts(...routers: readonly RecordRouter[]): number[] {
  return routers.map(({ calls, net }) => calls.count(BRI, net.now_ms));
}

/** The callee of a call through the gateway has answered. */
function answer({ calls, net, listeners }: RecordRouter, callId: string, ...headers: string[]): void {
  const [, , listener] = listeners;
  if (listener === undefined) throw new Error("no listener");
  const source = { listener, address: "10.222.237.21", port: 5060 };
  const invite = request({ callId, headers: ["Contact: <sip:201@10.222.237.21>"] });
  const ok = response(200, { callId, headers: ["Contact: <sip:gw@10.10.1.3>", ...headers] });
  const flow = { listener, address: "10.10.1.3", port: 5060 };
  calls.answer({ request: invite, source } as RoutedRequest, ok, new OwnAddresses(listeners), net.now_ms, flow);
}

describe("a call at one router", () => {
  test("is counted at the other one until its BYE comes to either", () => {
    const { net, one, other } = pair();
    for (const callId of ["a", "b", "c"]) begin(one, callId);
    begin(other, "d");
    net.run(5);
    expect(counts(one, other)).toEqual([4, 4]);
    for (const callId of ["a", "b"]) answer(one, callId);
    bye(other, "a");
    bye(one, "b");
    net.run(5);
    expect(counts(one, other)).toEqual([2, 2]);
  });

  test("of a router that has died is counted until its BYE, or until its time is over", () => {
    const { net, one, other } = pair();
    for (const callId of ["a", "b"]) {
      begin(one, callId);
      answer(one, callId);
    }
    net.run(5);
    net.kill("r1");
    net.run(60_000);
    expect(counts(other)).toEqual([2]);
    bye(other, "a");
    expect(counts(other)).toEqual([1]);
    net.run(HOUR_ms);
    expect(counts(other)).toEqual([0]);
  });

  test("that nobody had answered when its router died is free soon, unless the other router goes on with it", () => {
    const { net, one, other } = pair();
    for (const callId of ["a", "b", "c"]) begin(one, callId);
    answer(one, "c");
    net.run(5);
    net.kill("r1");
    net.run(4_000);
    expect(counts(other)).toEqual([3]);
    begin(other, "b");
    net.run(10_000);
    expect(["a", "b", "c"].map((callId) => other.calls.has(callId))).toEqual([false, true, true]);
    net.run(HOUR_ms / 2);
    expect(counts(other)).toEqual([2]);
  });

  test("that nobody had answered doesn't come back to its router with the next start", () => {
    for (const gap_ms of [500, 5_000, 20_000]) {
      const { net, one, other } = pair();
      begin(one, "a");
      net.run(5);
      net.kill("r1");
      net.run(gap_ms);
      const again = new RecordRouter(net, "r1").start();
      net.run(12_000);
      expect(counts(again, other)).toEqual([0, 0]);
    }
  });

  test("that rings for minutes is counted at the other router as long as it rings, and also after a cut", () => {
    const { net, one, other } = pair();
    begin(one, "a");
    net.run(900_000);
    expect(counts(one, other)).toEqual([1, 1]);
    net.cut("r1", "r2");
    net.run(1_000);
    net.heal("r1", "r2");
    net.run(20_000);
    expect(counts(one, other)).toEqual([1, 1]);
    net.cut("r1", "r2");
    net.run(60_000);
    expect(counts(one, other)).toEqual([1, 0]);
    net.heal("r1", "r2");
    net.run(1_000);
    expect(counts(one, other)).toEqual([1, 1]);
  });

  test("of a dead router makes room for an emergency call where no other does", () => {
    const { net, one, other } = pair();
    const hangup = { bye: () => {} } as never;
    begin(one, "a");
    net.run(5);
    net.kill("r1");
    net.run(1_000);
    begin(other, "b");
    expect(other.calls.preempt([BRI], hangup, net.now_ms)?.callId).toBe("b");
    expect(other.calls.preempt([BRI], hangup, net.now_ms)?.callId).toBe("a");
    expect(counts(other)).toEqual([0]);
  });

  test("that rings there ends for an emergency call here: its router is asked to end it", () => {
    const { net, one, other } = pair();
    const refused: number[] = [];
    const running = { refuse: ({ status }: { status: number }) => void refused.push(status) };
    const hangup = { bye: () => {} } as never;
    one.calls.begin({ callId: "a", fromTag: "from1", cseqNumber: 1 }, BRI, false, running, net.now_ms);
    one.calls.begin({ callId: "help", fromTag: "from1", cseqNumber: 1 }, BRI, true, running, net.now_ms);
    net.run(5);
    expect(other.calls.preempt([BRI], hangup, net.now_ms)).toEqual({ callId: "a", gateway: BRI });
    net.run(5);
    expect([refused, counts(one, other)]).toEqual([[480], [1, 1]]);
    expect(other.calls.preempt([BRI], hangup, net.now_ms)).toBeUndefined();
  });

  test("is known again to a router that comes back, but for what has ended meanwhile", () => {
    const { net, one, other } = pair();
    for (const callId of ["a", "b"]) {
      begin(one, callId);
      answer(one, callId);
    }
    net.run(5);
    net.kill("r1");
    bye(other, "a");
    begin(other, "c");
    net.run(10_000);
    const again = new RecordRouter(net, "r1").start();
    net.run(1_000);
    expect([again.calls.has("a"), again.calls.has("b"), again.calls.has("c")]).toEqual([false, true, true]);
  });

  test("is known there with both of its ends, and can be ended there for an emergency call once it is answered", () => {
    const { net, one, other } = pair();
    const ended: string[] = [];
    const hangup = {
      bye: (side: { remoteTarget: string }, cseq: number) => ended.push(`${side.remoteTarget} ${cseq}`),
    };
    begin(one, "a");
    net.run(5);
    answer(one, "a", "Session-Expires: 1800");
    net.run(5);
    const tags = { callId: "a", fromTag: "from1", toTag: "to1" };
    expect(other.calls.isWithin(tags, net.now_ms)).toBe(true);
    expect(other.calls.isWithin({ ...tags, toTag: "x" }, net.now_ms)).toBe(false);
    expect(other.calls.leadsAcross(request({ callId: "a" }), "10.10.1.3")).toBe(true);
    expect(other.calls.preempt([BRI], hangup as never, net.now_ms)?.callId).toBe("a");
    expect(ended).toEqual(["sip:201@10.222.237.21 1000", "sip:gw@10.10.1.3 1001"]);
    net.run(5);
    expect(counts(one, other)).toEqual([0, 0]);
  });

  test("whose session isn't refreshed is over at both", () => {
    const { net, one, other } = pair();
    begin(one, "a");
    answer(one, "a", "Session-Expires: 90");
    net.run(89_000);
    expect(counts(one, other)).toEqual([1, 1]);
    net.run(1_100);
    expect(counts(one, other)).toEqual([0, 0]);
  });

  test("that the other router goes on with is counted once", () => {
    const { net, one, other } = pair();
    begin(one, "a");
    net.run(5);
    net.kill("r1");
    begin(other, "a");
    expect(counts(other)).toEqual([1]);
    begin(other, "a", "10.10.1.4 5060");
    other.calls.leave("a", BRI, net.now_ms);
    expect(counts(other)).toEqual([0]);
  });

  test("that the other router gives back, since this one isn't dead after all, goes on to be counted at both", () => {
    const { net, one, other } = pair();
    begin(one, "a");
    net.run(5);
    net.cut("r1", "r2");
    net.run(1_000);
    begin(other, "a");
    net.heal("r1", "r2");
    net.run(1_000);
    other.calls.leave("a", BRI, net.now_ms);
    net.run(5);
    expect(counts(one, other)).toEqual([1, 1]);
    one.calls.leave("a", BRI, net.now_ms);
    net.run(5);
    expect(counts(one, other)).toEqual([0, 0]);
  });

  test("is believed no more than a message when another member tells of it", () => {
    const { net, one, other } = pair();
    const told = {
      left_ms: HOUR_ms,
      ago_ms: 0,
      order: 1,
      gateways: [BRI],
      emergency: false,
      callerTag: "f",
      toCaller: 0,
    };
    const tell = (callId: string, value: object) =>
      one.seat?.replica.put(`lease ${callId}`, value as typeof told, HOUR_ms, net.now_ms);
    tell("a", told);
    tell("b", { ...told, toCallee: 1, gateways: [] });
    tell("c", { ...told, toCallee: 1, gateways: [BRI, 7] });
    tell("d", { ...told, toCallee: 2 ** 31 });
    tell("e\n", { ...told, toCallee: 1 });
    net.run(10);
    expect(counts(other)).toEqual([0]);
    const side = { remoteTarget: "sip:a@b", routes: ["<sip:r>"], from: "<sip:a@b>", to: "<sip:c@d>\r\nX: y" };
    const dialog = { calleeTag: "t", caller: side, callee: side };
    tell("f", { ...told, toCallee: 1, dialog, colour: "red" });
    net.run(10);
    expect(counts(other)).toEqual([1]);
    expect(other.calls.isWithin({ callId: "f", fromTag: "f", toTag: "t" }, net.now_ms)).toBe(false);
  });
});

/** Takes a channel for one more ordinary call, as {@link Gateways.isFree} has it. */
function mayBegin({ calls, net }: RecordRouter): boolean {
  return calls.count(BRI, net.now_ms) + (calls.inDoubt?.(BRI, net.now_ms) ?? 0) < CHANNELS;
}

describe("a gateway of 10 channels with two routers that take calls at the same time", () => {
  test("all 10 can be used by either, within moments, when nothing gets lost", () => {
    for (const busy of [0, 1]) {
      const { net, one, other } = pair();
      const router = busy === 0 ? one : other;
      for (let call = 0; call < 100 && counts(router)[0] !== CHANNELS; call += 1) {
        if (mayBegin(router)) begin(router, `call ${call}`);
        net.run(3);
      }
      expect(counts(one, other)).toEqual([CHANNELS, CHANNELS]);
    }
  });

  test("30 calls at once on both take 10 channels, and never 12", () => {
    const { net, one, other } = pair();
    let up = 0;
    for (let call = 0; call < 30; call += 1) {
      for (const router of [one, other]) {
        if (!mayBegin(router)) continue;
        begin(router, `${router.name} ${call}`);
        up += 1;
      }
    }
    net.run(5);
    expect(up).toBe(CHANNELS);
    expect(counts(one, other)).toEqual([CHANNELS, CHANNELS]);
  });

  test("one router whose neighbour takes no calls gives all 10 away at once", () => {
    const { net, one } = pair();
    net.kill("r2");
    net.run(500);
    let up = 0;
    for (; up < 30 && mayBegin(one); up += 1) begin(one, `call ${up}`);
    expect(up).toBe(CHANNELS);
  });

  const RUNS = process.env["BRANCHLINE_LONG"] === "1" ? 1_500 : 200;
  test(`has never more than 11 calls, whatever gets lost, and all are free in the end: ${RUNS} runs`, () => {
    const first = seedOf("channels of two routers");
    let fullest = 0;
    for (let seed = first; seed < first + RUNS; seed += 1) {
      const random = mulberry32(seed);
      const below = (most: number) => Math.floor(random() * most);
      const { net, one, other } = pair({ seed, delay_ms: 1, jitter_ms: below(3) * 30 });
      net.loss = below(5) * 0.15;
      /** Its router, while nobody has answered. */
      const up = new Map<string, RecordRouter | undefined>();
      for (let step = 0; step < 150; step += 1) {
        const [router, neighbour] = below(2) === 0 ? [one, other] : [other, one];
        const [oldest, rings] = [...up][below(up.size)] ?? [];
        if (oldest !== undefined && below(4) === 0) {
          up.delete(oldest);
          if (rings === undefined) bye(below(2) === 0 ? router : neighbour, oldest);
          else rings.calls.leave(oldest, BRI, net.now_ms);
        } else if (oldest !== undefined && rings !== undefined && below(3) === 0) {
          answer(rings, oldest);
          up.set(oldest, undefined);
        } else if (mayBegin(router)) {
          begin(router, `${seed} ${step}`);
          up.set(`${seed} ${step}`, router);
        }
        fullest = Math.max(fullest, up.size);
        expect(up.size, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(CHANNELS + 1);
        if (below(3) > 0) net.run(below(60));
      }
      net.loss = 0;
      net.run(35_000);
      for (const [callId, rings] of up) {
        rings?.calls.leave(callId, BRI, net.now_ms);
        bye(one, callId);
      }
      net.run(35_000);
      expect(mayBegin(one) && mayBegin(other), `seed ${seed}`).toBe(true);
    }
    expect(fullest).toBeGreaterThanOrEqual(CHANNELS);
  });
});
