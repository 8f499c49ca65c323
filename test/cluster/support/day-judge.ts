/** Whether a group of routers has kept what a single one would have kept: call by call, and what all of them know in the end. */
import type { Site } from "../../support/site.ts";
import type { Fate } from "./day-agents.ts";
import type { Day } from "./day-plan.ts";
import { type Gap, type Group, isSame, type KnownBinding, type Played, play, playAlone } from "./day-play.ts";

/** Two retransmissions that met nobody, and what follows them. */
const LATE_ms = 8_000;

/** Whether a phone has refused before it is cancelled may be a matter of a moment. */
const ENDS = {
  "": "rings on",
  answered: "answered",
  acknowledged: "acknowledged",
  rejected: "ended",
  cancelled: "ended",
};

export interface Verdict {
  readonly faults: readonly string[];
  /** How many calls were judged in full. */
  readonly strict: number;
  /** By reason, how many calls the group needn't have kept. */
  readonly excused: ReadonlyMap<string, number>;
}

/** Plays the day twice: with a single router that nothing befalls, and with this group. */
export async function verdictOf(day: Day, group: Group): Promise<Verdict> {
  const alone = await playAlone(day);
  return judge(alone, await play(day, group), group);
}

function judge(alone: Played, played: Played, group: Group): Verdict {
  const faults = [...group.sites.flatMap(errorsOf), ...group.faults(), ...bindingFaults(alone, played)];
  const excused = new Map<string, number>();
  let strict = 0;
  for (const [id, kept] of alone.fates) {
    const fate = played.fates.get(id);
    if (fate === undefined) continue;
    const why = excuseOfPhones(kept, fate) ?? group.excuse(kept, fate);
    if (why !== undefined) {
      excused.set(why, (excused.get(why) ?? 0) + 1);
      continue;
    }
    strict += 1;
    faults.push(...differences(kept, fate, group).map((fault) => `${id} ${fault}`));
  }
  return { faults, strict, excused };
}

function excuseOfPhones(kept: Fate, fate: Fate): string | undefined {
  if (fate.isLeftOut || kept.isLeftOut) return "its callee had not registered";
  return calledBack(kept) === calledBack(fate) ? undefined : "another phone was called back";
}

function differences(kept: Fate, fate: Fate, { gaps }: Group): string[] {
  const faults: string[] = [];
  const say = (what: string, alone: unknown, now: unknown) => {
    if (String(alone) !== String(now)) faults.push(`(${kept.plan.kind}) ${what}: ${now}, alone ${alone}`);
  };
  if (kept.plan.cancel_ms === undefined) {
    say("its caller gets", kept.finals, fate.finals);
    say("rings", ringsOf(kept), ringsOf(fate));
  } else {
    // Which phones ring, and which have refused before the caller gives up, may be a matter of a moment.
    const refusals = Object.values(kept.plan.callees).map(({ status }) => status);
    if (![...kept.finals, 487, ...refusals].includes(fate.finals[0] ?? 0))
      say("its caller gets", kept.finals, fate.finals);
    const isOnce = new Set(fate.rings.map(({ callee }) => callee)).size === fate.rings.length;
    if (!isOnce || fate.rings.some(({ end }) => end === "")) say("rings", ringsOf(kept), ringsOf(fate));
  }
  say("re-INVITE gets", kept.again, fate.again);
  say("re-INVITEs seen", kept.againsSeen, fate.againsSeen);
  say("BYE gets", kept.bye, fate.bye);
  const { id, at_ms } = kept.plan;
  const isIts = ({ call = id, to_ms }: Gap) => call === id && to_ms >= at_ms;
  const waited_ms = gaps.filter(isIts).reduce((sum, { from_ms, to_ms }) => sum + to_ms - from_ms, 0);
  const late_ms = fate.final_ms - kept.final_ms;
  if (late_ms > LATE_ms + waited_ms) faults.push(`(${kept.plan.kind}) has its answer ${late_ms} ms late`);
  return faults;
}

/** Phones that ring because they have called for help. */
function calledBack({ plan, rings }: Fate): string {
  return rings.flatMap(({ callee }) => (plan.callees[callee] === undefined ? [callee] : [])).join();
}

/** Each callee and how often it has rung to which end; those of the plan alone, since call-backs are another matter. */
function ringsOf({ plan, rings }: Fate): string {
  return rings
    .filter(({ callee }) => plan.callees[callee] !== undefined)
    .map(({ callee, end }) => `${callee} ${ENDS[end]}`)
    .sort()
    .join(", ");
}

/** What was logged as an error, and what a group never does. */
function errorsOf({ events }: Site): string[] {
  return events
    .filter(({ level, event }) => level === "error" || event === "call_not_carried_on")
    .map(({ at_ms, event, fields }) => `${at_ms} ${event} ${JSON.stringify(fields)}`);
}

function bindingFaults(alone: Played, { bindings, registered }: Played): string[] {
  const faults: string[] = [];
  const [first = []] = bindings;
  const text = (list: readonly KnownBinding[]) => list.map(({ name, contact }) => `${name} ${contact}`).join(", ");
  if (!isSame(bindings)) faults.push(`bindings differ: ${bindings.map((one) => JSON.stringify(one)).join(" and ")}`);
  for (const phone of registered.keys()) {
    if (!first.some(({ name }) => name.startsWith(`${phone}@`)))
      faults.push(`${phone} has registered, and isn't known`);
  }
  if (text(alone.bindings[0] ?? []) !== text(first))
    faults.push(`bindings: ${text(first)}, alone ${text(alone.bindings[0] ?? [])}`);
  return faults;
}
