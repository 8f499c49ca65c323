/**
 * Calls through three nodes that have one address, each datagram by the next one, in namespaces with BIRD: all of them live, and what is
 * lost on the callers' own line makes no second call of any.
 *
 * With BRANCHLINE_LONG=1 the routers' ways are BIRD and FRR by OSPF, and packets are dealt by our program for the kernel and by nftables, three times each.
 */
import { expect, test } from "vitest";
import { seedOf } from "../support/chance.ts";
import { mulberry32 } from "../support/simulation.ts";
import { byeOf, KINDS, Parties, SLOW_CLOCK, tally } from "./support/anycast-calls.ts";
import { ANYCAST_PEERS, AnycastLab, RUNS } from "./support/anycast-lab.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { pause } from "./support/clock.ts";
import { describeWith } from "./support/peers.ts";
import { takePrecedence } from "./support/priority.ts";

const LIMIT_MS = 240_000;

const STEADY = { answered: 200, rejected: 0, cancelled: 200 };
const CALL_INTERVAL_MS = 10;
const RING_MS = 500;
/** Each node's part of all messages, in percent. */
const SHARE = { wanted: 100 / 3, most: 2 };
/** By then the caller has sent its INVITE four times. */
const LONG_RING_MS = 4_000;
const UNHEARD = 60;
const LOSSY = 300;
const LOSS = 0.1;
/** One of the 300 may fail: RFC 3261's timers carry no call that loses all copies of a message. */
const LOSSY_LEAST = 299;

takePrecedence();
cleanUpAfterEach();

/** All are placed one after the other. */
async function begun<T>(count: number, begin: (index: number) => T): Promise<T[]> {
  const all: T[] = [];
  for (let index = 0; index < count; index++) {
    all.push(begin(index));
    await pause(CALL_INTERVAL_MS);
  }
  return all;
}

async function steady(lab: AnycastLab): Promise<void> {
  const parties = new Parties(lab, { clock: SLOW_CLOCK });
  const before = lab.counts.dealt();
  const ends = KINDS.flatMap((kind) => Array(STEADY[kind]).fill(kind));
  const counts = await tally(
    await begun(ends.length, (index) => parties.whole(ends[(index * 7) % ends.length], RING_MS)),
  );
  const dealt = lab.counts.dealt().map((count, index) => count - (before[index] ?? 0));
  const all = dealt.reduce((sum, count) => sum + count, 0);
  const lost = await lab.counts.lost();
  console.log(
    `steady: ${JSON.stringify(counts)}; messages by node: ${dealt.join(" ")}; sent again by callers: ${parties.caller.resent}; lost: ${JSON.stringify(lost)}`,
  );
  expect(counts).toEqual({ "answered: 200": STEADY.answered, "cancelled: 487": STEADY.cancelled });
  expect(parties.caller.resent).toBe(0);
  expect(lost).toEqual({ toNodes: 0, toClients: 0 });
  for (const count of dealt) expect(Math.abs((100 * count) / all - SHARE.wanted)).toBeLessThanOrEqual(SHARE.most);
}

/** No provisional response comes to the caller: it sends its INVITE again and again, each time to another node. */
async function unheard(lab: AnycastLab): Promise<void> {
  const parties = new Parties(lab, { isLost: (wire) => wire.startsWith("SIP/2.0 1") });
  parties.callee.onRing = ({ request }) => {
    setTimeout(() => parties.callee.end(request.callId, 200), LONG_RING_MS);
  };
  const calls = await begun(UNHEARD, () => parties.place());
  const counts = await tally(calls.map((call) => parties.seen(call)));
  console.log(`without provisional responses: ${JSON.stringify(counts)}; sent again: ${parties.caller.resent}`);
  expect(counts).toEqual({ 200: UNHEARD });
  expect(parties.caller.resent).toBeGreaterThanOrEqual(UNHEARD);
}

async function lossy(lab: AnycastLab, seed: number): Promise<void> {
  const random = mulberry32(seed);
  const parties = new Parties(lab, { isLost: () => random() < LOSS });
  parties.callee.onRing = ({ request }) => {
    setTimeout(() => parties.callee.end(request.callId, 200), RING_MS);
  };
  const calls = await begun(LOSSY, async () => {
    const call = parties.place();
    const seen = await parties.seen(call);
    return seen === "200" ? `${seen}${await byeOf(call)}` : seen;
  });
  const counts = await tally(calls);
  console.log(`${100 * LOSS} % lost: ${JSON.stringify(counts)}; sent again by callers: ${parties.caller.resent}`);
  expect(Object.keys(counts).filter((seen) => seen.includes("INVITEs"))).toEqual([]);
  expect(counts["200"] ?? 0).toBeGreaterThanOrEqual(LOSSY_LEAST);
}

describeWith(ANYCAST_PEERS, "calls through three nodes", () => {
  test.each(RUNS)(
    "by $daemon, $protocol and $dealer, run $run: all end as they should, none of them is two, and each node has its share",
    { timeout: LIMIT_MS },
    async (ways) => {
      const seed = seedOf("calls through three nodes");
      const lab = await AnycastLab.build(ways);
      await steady(lab);
      await unheard(lab);
      await lossy(lab, seed);
    },
  );
});
