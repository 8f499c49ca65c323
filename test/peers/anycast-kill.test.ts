/**
 * Three nodes that have one address, in namespaces with BIRD: one of them dies while calls ring through it, and nobody is told. A third of
 * all datagrams still go to it until the router finds out by BFD.
 *
 * Usually one node dies, with calls of all kinds. With BRANCHLINE_LONG=1 there are 200 calls of each kind, up to 80 at once, by all ways, three times: the router
 * finds out a second after the first death, and up to ten seconds after one that follows another change, since OSPF tells changes 5 s apart.
 */
import { expect, test } from "vitest";
import { T1_MS } from "../sip/repetition.ts";
import type { ServerTransaction } from "../sip/transactions.ts";
import { type End, KINDS, Parties, tally } from "./support/anycast-calls.ts";
import { ALONE, ANYCAST, ANYCAST_PEERS, AnycastLab, isLong, PHONES, RUNS } from "./support/anycast-lab.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause, until } from "./support/clock.ts";
import { PlacedCall, RingingPhones, transactionsAt } from "./support/pair-calls.ts";
import { describeWith } from "./support/peers.ts";
import { takePrecedence } from "./support/priority.ts";
import { expectWithin } from "./support/promised-times.ts";

/** The calls of each death. */
const DEATHS: readonly (readonly End[])[] = isLong
  ? KINDS.flatMap((kind) => [80, 80, 40].map((count) => Array<End>(count).fill(kind)))
  : [Array.from({ length: 81 }, (_, index): End => KINDS[index % KINDS.length] ?? "answered")];
const ALL = DEATHS.flat().length / KINDS.length;
/** Of 200 cancels one may come to nothing: a third of all datagrams are lost at that time. */
const CANCELS_LEAST = Math.ceil(0.995 * ALL);
/** From one call's INVITE to the next. */
const CALL_INTERVAL_MS = 10;
/** From one call's end to the next: the first of them fall into the time in which the router leads to a dead node. */
const END_INTERVAL_MS = 20;
/** What is said in the pages: a call that is so old is known to the other nodes, whatever was lost on the way. */
const KNOWN_MS = 500;
const DEATH_LIMIT_MS = 60_000;
/** The router finds out within a second, and what was lost until then is sent again at the latest a second after the time before. */
const PROMISED_MS = 1_000 + 2 * T1_MS;

const SORT = 12;
const [FIRST, SECOND] = [`sip:201@${PHONES.host}`, `sip:202@${PHONES.host}`];
const TOGETHER = "5550100";
const IN_TURN = "5550150";

takePrecedence();
cleanUpAfterEach();

/** The calls ring, the node that has most of them dies, and from that moment they end one after the other. @returns how often each end was seen */
async function die(lab: AnycastLab, ends: readonly End[]): Promise<Record<string, number>> {
  const parties = new Parties(lab);
  const calls: PlacedCall[] = [];
  for (let count = 0; count < ends.length; count++) {
    calls.push(parties.place());
    await pause(CALL_INTERVAL_MS);
  }
  await parties.ringing(calls);
  await pause(KNOWN_MS);
  const victim = await lab.busiest();
  const owned = await victim.callCount();
  const before = parties.caller.resent;
  const dead = victim.kill();
  const begin_ms = monotonic_ms();
  const seen = calls.map(async (call, index) => {
    await pause(index * END_INTERVAL_MS);
    return parties.end(call, ends[index] ?? "answered");
  });
  await dead;
  await lab.leadsTo(lab.others(victim));
  const routed_ms = monotonic_ms() - begin_ms;
  const counts = await tally(seen);
  console.log(
    `${victim.name} dies with ${owned} of ${ends.length} calls that ring; the router knows after ${Math.round(routed_ms)} ms: ` +
      `${JSON.stringify(counts)}; sent again by callers: ${parties.caller.resent - before}`,
  );
  if (isLong) {
    await victim.revive();
    await lab.leadsTo(lab.nodes);
  }
  return counts;
}

describeWith(ANYCAST_PEERS, "a node dies", () => {
  test.each(RUNS)(
    "by $daemon, $protocol and $dealer, run $run: calls that ring are answered, rejected and cancelled",
    { timeout: DEATHS.length * DEATH_LIMIT_MS },
    async (ways) => {
      const lab = await AnycastLab.build(ways);
      const all: Record<string, number> = {};
      for (const ends of DEATHS) {
        for (const [seen, count] of Object.entries(await die(lab, ends))) all[seen] = (all[seen] ?? 0) + count;
      }
      expect(all).toMatchObject({ "answered: 200": ALL, "rejected: 486": ALL });
      expect(all["cancelled: 487"] ?? 0).toBeGreaterThanOrEqual(CANCELS_LEAST);
    },
  );

  test.each(RUNS)(
    "by $daemon, $protocol and $dealer, run $run: so are those that ring nowhere yet, ring twice, or are for a second phone next",
    { timeout: DEATH_LIMIT_MS },
    async (ways) => {
      const lab = await AnycastLab.build(ways, {
        ...ALONE,
        hunt_groups: {
          [TOGETHER]: { members: [FIRST, SECOND], ring: "60s" },
          [IN_TURN]: { members: [FIRST, SECOND], strategy: "serial", ring: "60s" },
        },
      });
      const phones = new RingingPhones(transactionsAt(lab.phones));
      const gateway = transactionsAt(lab.upstream);
      const silent: ServerTransaction[] = [];
      gateway.onRequest = (transaction) => {
        if (transaction.request.method === "INVITE") silent.push(transaction);
        else transaction.respond(200);
      };
      const many = (begin: (index: number) => PlacedCall) => Array.from({ length: SORT }, (_, index) => begin(index));
      const unheard = many((index) => new PlacedCall(phones.agent, `sip:0301${index}@pbx.example.com`, ANYCAST));
      const together = many(() => new PlacedCall(gateway, `sip:${TOGETHER}@${ANYCAST.host}`, ANYCAST));
      const inTurn = many(() => new PlacedCall(gateway, `sip:${IN_TURN}@${ANYCAST.host}`, ANYCAST));
      const ring = (calls: readonly PlacedCall[], count: number) =>
        calls.every(({ callId }) => phones.copiesOf(callId).length === count);
      await until("all are where they should be", () => silent.length === SORT && ring(together, 2) && ring(inTurn, 1));
      await pause(KNOWN_MS);

      const victim = await lab.busiest();
      console.log(`${victim.name} dies with ${await victim.callCount()} of ${3 * SORT} calls`);
      const dead_ms = monotonic_ms();
      const dead = victim.kill();
      const routed = lab.leadsTo(lab.others(victim));
      for (const transaction of silent) {
        transaction.respond(180);
        transaction.respond(200, { contact: `sip:gateway@${gateway.sentBy}` });
      }
      for (const { callId } of together) phones.end(callId, 200, "202");
      for (const { callId } of inTurn) phones.end(callId, 486, "201");
      await until("the second phone's turn has come", () => ring(inTurn, 2));
      for (const { callId } of inTurn) phones.end(callId, 200, "202");
      const finals = await Promise.all([...unheard, ...together, ...inTurn].map((call) => call.final()));
      expectWithin(
        "the last of them is answered",
        Math.max(...finals.map(({ at_ms }) => at_ms)) - dead_ms,
        PROMISED_MS,
      );
      expect(finals.map(({ status }) => status)).toEqual(Array(3 * SORT).fill(200));
      const isOver = ({ request, status }: ServerTransaction) =>
        status === (request.requestUri.startsWith("sip:202@") ? 200 : 487);
      await until("the first phones ring no longer", () =>
        together.every(({ callId }) => phones.copiesOf(callId).every(isOver)),
      );
      expect(silent).toHaveLength(SORT);
      expect(ring(together, 2) && ring(inTurn, 2)).toBe(true);
      for (const call of [...unheard, ...together, ...inTurn]) expect(await call.hangUp()).toBe(200);
      await dead;
      console.log(`the router knows after ${Math.round(await routed)} ms`);
    },
  );
});
