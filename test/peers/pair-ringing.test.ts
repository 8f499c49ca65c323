/**
 * Two routers with keepalived, in namespaces: one of them dies while calls ring, and these end from that moment on, one after the other. The
 * next one to die is the other router.
 *
 * Usually there is one death of each sort, with calls of all kinds. With BRANCHLINE_LONG=1 there are 200 calls of each kind for each sort of death,
 * up to 80 at once.
 */
import { expect, test } from "vitest";
import type { Transactions } from "../sip/transactions.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause, until } from "./support/clock.ts";
import { PlacedCall, RingingPhones, transactionsAt } from "./support/pair-calls.ts";
import { type Member, PairLab, SHARED_LAN } from "./support/pair-lab.ts";
import { describeWith } from "./support/peers.ts";
import type { SipAgent } from "./support/sip-agent.ts";

const isLong = process.env["BRANCHLINE_LONG"] === "1";
/** How a call ends, and what its caller is told then. */
const ENDS = { answered: 200, rejected: 486, cancelled: 487 } as const;
type End = keyof typeof ENDS;
const KINDS = Object.keys(ENDS) as End[];

/** Each cut's calls. */
const CUTS: readonly (readonly End[])[] = isLong
  ? KINDS.flatMap((kind) => [80, 80, 40].map((count) => Array<End>(count).fill(kind)))
  : [Array.from({ length: 81 }, (_, index): End => KINDS[index % KINDS.length] ?? "answered")];
/** From one call's end to the next: the first of them fall into the time in which no router has the addresses. */
const END_INTERVAL_MS = 20;
/** From one call's INVITE to the next. */
const CALL_INTERVAL_MS = 10;
/** What is said in the pages: a call that is so old is known to the other router, whatever was lost on the way. */
const KNOWN_MS = 500;
const CUT_LIMIT_MS = 60_000;

cleanUpAfterEach();

interface Sides {
  readonly caller: Transactions;
  readonly callee: RingingPhones;
  readonly upstream: SipAgent;
}

type Death = "loses its power" | "crashes";

/** The calls ring while `dies` does. @returns how often each end was met, as the parties have seen it */
async function die(
  how: Death,
  dies: Member,
  lives: Member,
  ends: readonly End[],
  sides: Sides,
): Promise<Record<string, number>> {
  const { caller, callee } = sides;
  const calls: PlacedCall[] = [];
  for (const index of ends.keys()) {
    calls.push(new PlacedCall(caller, `sip:2${index}@pbx.example.com`, SHARED_LAN));
    await pause(CALL_INTERVAL_MS);
  }
  await Promise.all(calls.map((call) => call.response((status) => status === 180)));
  for (const member of [dies, lives]) await until("the routers hear each other", () => member.hearsOther());
  await pause(KNOWN_MS);
  const resent = { caller: caller.resent, callee: callee.agent.resent };
  const cut_ms = monotonic_ms();
  const isDead = how === "crashes" ? dies.crash() : dies.cutPower();
  const seen = calls.map(async (call, index) => {
    await pause(index * END_INTERVAL_MS);
    const kind = ends[index] ?? "answered";
    if (kind === "cancelled") call.cancel();
    else callee.end(call.callId, ENDS[kind]);
    return lookAt(call, kind, sides);
  });
  await isDead;
  await until("the other router has the addresses", () => lives.hasAddresses);
  const moved_ms = monotonic_ms() - cut_ms;
  const counts: Record<string, number> = {};
  for (const one of await Promise.all(seen)) counts[one] = (counts[one] ?? 0) + 1;
  console.log(
    `${dies.side} ${how} while ${ends.length} calls ring; the addresses move within ${Math.round(moved_ms)} ms: ` +
      `${JSON.stringify(counts)}; sent again: ${caller.resent - resent.caller} by callers, ` +
      `${callee.agent.resent - resent.callee} by callees`,
  );
  return counts;
}

/** The end of a call, as the caller and the callee have seen it. */
async function lookAt(call: PlacedCall, kind: End, { callee, upstream }: Sides): Promise<string> {
  const { callId } = call;
  const { status } = await call.final().catch(() => ({ status: "nothing" }));
  const isHeard = () => upstream.all({ method: "ACK", callId }).length > 0;
  const ack = await until("ACK", isHeard).then(
    () => "",
    () => ", and the callee never heard of it",
  );
  const copies = callee.copiesOf(callId).length;
  return `${kind}: ${status}${ack}${copies === 1 ? "" : `, after ${copies} INVITEs`}`;
}

describeWith(["namespaces", "keepalived", "sysctl"], "while calls ring", () => {
  test.each(["loses its power", "crashes"] as const)(
    "a router %s: they are answered, rejected and cancelled as if nothing had happened",
    { timeout: CUTS.length * CUT_LIMIT_MS },
    async (how) => {
      const lab = await PairLab.build({ survival: { answer: "relay" } });
      const upstream = lab.upstream;
      const sides = {
        upstream,
        caller: transactionsAt(lab.phones.left),
        callee: new RingingPhones(transactionsAt(upstream)),
      };
      const all: Record<string, number> = {};
      let [dies, lives] = [lab.left, lab.right];
      for (const [index, ends] of CUTS.entries()) {
        const counts = await die(how, dies, lives, ends, sides);
        for (const [what, count] of Object.entries(counts)) all[what] = (all[what] ?? 0) + count;
        if (index === CUTS.length - 1) break;
        await (how === "crashes" ? dies.branchline.restart() : dies.powerUp());
        await dies.isActive();
        await dies.standsBy();
        await dies.branchline.upstreamIs("up");
        [dies, lives] = [lives, dies];
      }
      const count = CUTS.flat().length / KINDS.length;
      expect(all).toEqual({ "answered: 200": count, "rejected: 486": count, "cancelled: 487": count });
    },
  );
});
