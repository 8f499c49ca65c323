/** Which calls a pair needn't keep: those for which no router that knows of them had the addresses, or could be heard. */
import type { MemberName } from "../../app/pair-of-nodes.ts";
import type { Fate } from "./day-agents.ts";
import type { CallPlan, Day } from "./day-plan.ts";
import type { WholePair } from "./whole-pair.ts";

/** Two retransmissions that met nobody, and what follows them. */
const LATE_ms = 8_000;
/**
 * A pair without a router that has the addresses is no pair: VRRP with adverts of 1 s takes 3.2 s. An answer is repeated after 0.5, 1.5 and 3.5 s,
 * and then not for 4 s, in which its phone may have rung long enough.
 */
const GAP_MOST_ms = 3_500;
/** Adverts of 0.1 s take less: of an answer that is repeated after 0.5, 1 and 2 s, one such gap takes some, and a second one the rest. */
const SHORT_GAP_ms = 400;
/** What a caller and a callee still exchange once a call has its end. */
const AFTER_ms = 1_500;
/** What a router may take for dead while the switch is cut, and how long after that. */
const PEERS = ["pbx", "gateway", "second"];
const BELIEVED_ms = 12_000;
/** Until both halves of a switch that is cut have a router with the addresses. */
const SPLIT_ms = 1_000;

/** What became of a pair on its day. */
type PairHistory = Pick<WholePair, "untold" | "gaps" | "holdings">;

function lifeOf({ plan, final_ms }: Fate): readonly [number, number] {
  const { at_ms, cancel_ms = 0, bye } = plan;
  const answered_ms = Math.max(final_ms, at_ms + cancel_ms);
  return [at_ms, answered_ms + (bye?.after_ms ?? 0) + AFTER_ms];
}

/** Why a pair needn't have kept this call; undefined: it must. */
export function excuseOfPair(day: Day, pair: PairHistory, kept: Fate, fate: Fate): string | undefined {
  const [from_ms, to_ms] = [kept.plan.at_ms, Math.max(lifeOf(kept)[1], lifeOf(fate)[1])];
  const overlaps = (start_ms: number, end_ms: number) => start_ms <= to_ms && end_ms >= from_ms;
  const untold = pair.untold.find(({ call, why }) => call === kept.plan.id && why !== undefined);
  if (untold !== undefined) return `its story was untold: ${untold.why}`;
  const gaps = (least_ms: number) =>
    pair.gaps.filter((gap) => gap.to_ms - gap.from_ms > least_ms && overlaps(gap.from_ms, gap.to_ms + LATE_ms));
  const short = gaps(SHORT_GAP_ms);
  // One that was drained while the other one was, too, goes on from its own address: what rings by that is begun anew elsewhere.
  const wasDrained = short.some((gap) => day.troubles.some((one) => one.kind === "drain" && one.at_ms === gap.from_ms));
  if (gaps(GAP_MOST_ms).length > 0 || short.length > 1 || wasDrained) return "no router had the addresses";
  // What nobody runs to remember is lost, as a single router that is stopped loses it.
  if (bothDownIn(day).some(([start_ms, end_ms]) => overlaps(start_ms, end_ms))) return "no router ran";
  // What phones have told the other one while this one was off is on the other one's disk.
  if (ignorantIn(day).some(([start_ms, end_ms]) => overlaps(start_ms, end_ms)))
    return "its router had been off while the other one, which was off now, ran alone";
  // It may have brought the call to its end, or may not: the other router hears nothing of that, and goes on.
  const isForgotten = cutsOf(day).some(({ from_ms: start_ms, to_ms: end_ms }) =>
    pair.holdings.some((one) => one.from_ms > start_ms && one.to_ms <= end_ms && overlaps(start_ms, one.to_ms)),
  );
  if (isForgotten) return "the router that went on with it ended before the other one heard of that";
  // One that hears nobody keeps the addresses over its restart: what it was making is lost, as a single router loses it.
  const wasRestarted = cutsOf(day).some(({ from_ms: start_ms, to_ms: end_ms }) =>
    pair.holdings.some(({ member, to_ms: lost_ms }, index) => {
      const next = pair.holdings[index + 1];
      return lost_ms > start_ms && lost_ms <= end_ms && next?.member === member && overlaps(lost_ms, next.from_ms);
    }),
  );
  if (wasRestarted) return "its router was restarted while it heard nobody";
  const isSplit = splitsOf(day).some(({ from_ms: start_ms, to_ms: end_ms, halves }) => {
    const parties = [kept.plan.caller, ...Object.keys(kept.plan.callees)];
    if (parties.some((name) => PEERS.includes(name)) && overlaps(start_ms, end_ms + BELIEVED_ms)) return true;
    if (!overlaps(start_ms, end_ms + AFTER_ms)) return false;
    const sides = sidesOf(kept.plan, halves);
    const [side] = sides;
    return sides.size > 1 || !hadAddress(pair, side, start_ms, end_ms);
  });
  return isSplit ? "its parties were cut from each other" : undefined;
}

/** When neither router ran. */
function bothDownIn(day: Day): readonly (readonly [from_ms: number, to_ms: number])[] {
  const [ofA, ofB] = [downOf(day, "a"), downOf(day, "b")];
  return ofA.flatMap(([from_ms, to_ms]) =>
    ofB.flatMap(([since_ms, until_ms]) => {
      const both = [Math.max(from_ms, since_ms), Math.min(to_ms, until_ms)] as const;
      return both[0] < both[1] ? [both] : [];
    }),
  );
}

/** From each start of a router that was off while the other one ran, and found that one off, until the other one is back with its disk. */
function ignorantIn(day: Day): readonly (readonly [from_ms: number, to_ms: number])[] {
  const all = [downOf(day, "a"), downOf(day, "b")] as const;
  return all.flatMap((own, index) => {
    const others = all[1 - index] ?? [];
    return own.flatMap(([down_ms, start_ms]) => {
      const other = others.find(([from_ms, to_ms]) => from_ms <= start_ms && to_ms > start_ms);
      if (other === undefined || other[0] <= down_ms) return [];
      const isEmpty = day.troubles.some((one) => one.kind === "start" && one.at_ms === other[1] && !one.keeps);
      return [[start_ms, isEmpty ? Number.POSITIVE_INFINITY : other[1]] as const];
    });
  });
}

/** From each end of a router to its next start. */
function downOf({ troubles }: Day, member: MemberName): readonly (readonly [from_ms: number, to_ms: number])[] {
  const own = troubles.filter((one) => "member" in one && one.member === member);
  return own.flatMap(({ kind, at_ms }, index) => {
    if (kind !== "kill" && kind !== "stop") return [];
    const start = own.slice(index + 1).find((one) => one.kind === "start");
    return [[at_ms, start?.at_ms ?? Number.POSITIVE_INFINITY] as const];
  });
}

/** When the routers heard nothing from each other; with halves, the switch is cut, too. */
function cutsOf({ troubles }: Day) {
  return troubles.flatMap((trouble, index) => {
    if (trouble.kind !== "cut") return [];
    const healed = troubles.slice(index).find(({ kind }) => kind === "heal");
    return [{ from_ms: trouble.at_ms, to_ms: healed?.at_ms ?? Number.POSITIVE_INFINITY, halves: trouble.halves }];
  });
}

function splitsOf(day: Day) {
  return cutsOf(day).flatMap(({ halves, ...span }) => (halves === undefined ? [] : [{ ...span, halves }]));
}

function sidesOf({ caller, callees }: CallPlan, halves: readonly string[]): Set<MemberName> {
  return new Set([caller, ...Object.keys(callees)].map((name) => (halves.includes(name) ? "b" : "a")));
}

/** Whether this member had the addresses all the time, but for what VRRP takes. */
function hadAddress({ holdings }: PairHistory, name: MemberName | undefined, from_ms: number, to_ms: number): boolean {
  return holdings.some((one) => one.member === name && one.from_ms < from_ms + SPLIT_ms && one.to_ms >= to_ms);
}
