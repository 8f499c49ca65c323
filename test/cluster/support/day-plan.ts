/** A branch's day under chance, as plain values: calls and how each of their phones behaves, an outage of upstream, and what befalls the routers. */
import { hashOf, Rng } from "../../fuzz/rng.ts";
import type { Address } from "../../support/simulation.ts";
import { anycastTroubles, pairTroubles, type Trouble } from "./day-troubles.ts";

export const PHONES = ["201", "202", "203", "204"] as const;
export const GROUP = ["211", "212", "213"] as const;
export const PLACES: Readonly<Record<string, Address>> = {
  ...Object.fromEntries(
    [...PHONES, ...GROUP].map((name) => [name, { address: `10.222.237.${Number(name) - 180}`, port: 5060 }]),
  ),
  pbx: { address: "198.51.100.10", port: 5060 },
  gateway: { address: "10.10.1.3", port: 5060 },
  second: { address: "10.10.1.4", port: 5060 },
};

/** The routers of a branch: a day is theirs. */
export interface GroupPlan {
  readonly members: readonly string[];
  /** The addresses at which they are known: phones send to the first one. */
  readonly doors: readonly string[];
  readonly troublesOf: (rng: Rng, members: readonly string[], healed_ms: number) => Trouble[];
}

export const PAIR: GroupPlan = {
  members: ["a", "b"],
  doors: ["10.222.237.1", "203.0.113.1"],
  troublesOf: pairTroubles,
};

/** Members with one address. */
export function anycastOf(count: number): GroupPlan {
  const members = Array.from({ length: count }, (_, index) => `node${index + 1}`);
  return { members, doors: ["10.206.206.1"], troublesOf: anycastTroubles };
}

/** Nothing befalls the routers later, and all that was in the way is gone. */
export const HEALED_ms = 38_000;
/** Both know the same by then, whatever has got lost. */
export const EQUAL_ms = HEALED_ms + 35_000;
/** Each phone has registered by then, though it was refused twice: a refusal tells it to come back within 20 s. */
export const REGISTERED_ms = HEALED_ms + 60_000;
/** All calls have ended by then. */
export const OVER_ms = HEALED_ms + 25_000;
const CALLS = 12;
/** No call begins later. */
const LAST_CALL_ms = HEALED_ms + 5_000;
/** Upstream's fr_timer, and what follows in an outage. */
const NOTICE_ms = 9_000;
/** Until an upstream that is back has been believed. */
const BACK_ms = 12_000;
/** The longest call that is answered, or rings. */
const CALL_ms = 20_000;

/** What one callee does with the INVITE of one call. */
export interface Behaviour {
  /** Until its 180; undefined: none comes. */
  readonly ring_ms?: number;
  /** Until its final response; undefined: it waits for a CANCEL. */
  readonly final_ms?: number;
  readonly status?: number;
}

export interface CallPlan {
  readonly id: string;
  readonly at_ms: number;
  readonly kind: string;
  readonly caller: string;
  /** "path": by what the callee has registered with. A bare number is one of the branch's own. */
  readonly uri: string;
  readonly callees: Readonly<Record<string, Behaviour>>;
  /** When the caller gives up, from its INVITE. */
  readonly cancel_ms?: number;
  /** The side that hangs up, and when after the answer. */
  readonly bye?: { readonly by: Side; readonly after_ms: number };
  /** The side that sends a re-INVITE, and when after the answer. */
  readonly again?: { readonly by: Side; readonly after_ms: number };
  /** No provisional response arrives at the caller, which repeats its INVITE until the end. */
  readonly isMute?: boolean;
}

export type Side = "caller" | "callee";

export interface RegistrationPlan {
  readonly at_ms: number;
  readonly phone: string;
  readonly expires_s: number;
}

export interface Day {
  readonly seed: number;
  readonly members: readonly string[];
  readonly doors: readonly string[];
  readonly answer: "302" | "relay";
  readonly outage?: { readonly from_ms: number; readonly to_ms: number };
  readonly calls: readonly CallPlan[];
  readonly registrations: readonly RegistrationPlan[];
  readonly troubles: readonly Trouble[];
}

export function dayOf(seed: number, { members, doors, troublesOf }: GroupPlan = PAIR): Day {
  const rng = new Rng(seed);
  // Its first draws of neighbours are alike.
  for (let draw = 0; draw < 20; draw++) rng.below(2);
  const answer = rng.pick(["302", "relay"] as const);
  const from_ms = 8_000 + rng.below(14_000);
  const outage = rng.chance(0.5) ? { from_ms, to_ms: from_ms + 13_000 + rng.below(12_000) } : undefined;
  const calls: CallPlan[] = [];
  for (let attempt = 0; attempt < 3 * CALLS && calls.length < CALLS; attempt++) {
    const at_ms = 4_000 + rng.below(LAST_CALL_ms - 4_000);
    const call = callOf(`c${calls.length + 1}`, at_ms, rng, outage, answer);
    if (call !== undefined) calls.push(call);
  }
  const more = new Rng(hashOf(`more ${seed}`));
  return {
    seed,
    members,
    doors,
    answer,
    ...(outage && { outage }),
    calls: calls.map((call) => withMore(call, more)),
    registrations: registrationsOf(rng),
    troubles: troublesOf(rng, members, HEALED_ms).sort((one, other) => one.at_ms - other.at_ms),
  };
}

/** With a re-INVITE, or without provisional responses; or as it is. */
function withMore(call: CallPlan, rng: Rng): CallPlan {
  const dice = rng.below(10);
  const again = { by: rng.pick(["caller", "callee"] as const), after_ms: 50 + rng.below(600) };
  if (dice < 3 && call.bye !== undefined) return { ...call, again };
  return dice === 3 && call.cancel_ms === undefined ? { ...call, isMute: true } : call;
}

const within = (at_ms: number, from_ms: number, to_ms: number) => at_ms >= from_ms && at_ms <= to_ms;

/** Undefined: at that moment nobody could say how it must end. */
function callOf(
  id: string,
  at_ms: number,
  rng: Rng,
  outage: Day["outage"],
  answer: Day["answer"],
): CallPlan | undefined {
  const isDark = outage !== undefined && within(at_ms, outage.from_ms + 200, outage.to_ms - NOTICE_ms);
  const isTwilight = outage !== undefined && within(at_ms, outage.from_ms - CALL_ms, outage.to_ms + BACK_ms);
  const common = { id, at_ms };
  const dice = rng.below(100);
  if (dice < 45) {
    if (isDark) return darkCall(common, rng, answer);
    return isTwilight ? undefined : upstreamCall(common, rng);
  }
  if (dice < 55) return isTwilight ? undefined : inboundCall(common, rng);
  if (dice < 58)
    return {
      ...common,
      kind: "emergency",
      caller: rng.pick(PHONES),
      uri: "sip:112@pbx.example.com",
      ...answeredBy("gateway", rng),
    };
  return dice < 82 ? forkedCall(common, rng) : serialCall(common, rng);
}

type Common = Pick<CallPlan, "id" | "at_ms">;

const ring = (rng: Rng) => ({ ring_ms: 20 + rng.below(400) });

function answeredBy(callee: string, rng: Rng): Pick<CallPlan, "callees" | "bye"> {
  return {
    callees: { [callee]: { ...ring(rng), final_ms: 500 + rng.below(6_000), status: 200 } },
    bye: { by: rng.pick(["caller", "callee"]), after_ms: 800 + rng.below(4_000) },
  };
}

function answeredRejectedOrCancelled(callee: string, rng: Rng): Pick<CallPlan, "callees" | "bye" | "cancel_ms"> {
  const dice = rng.below(10);
  if (dice < 5) return answeredBy(callee, rng);
  if (dice < 7)
    return {
      callees: { [callee]: { ...ring(rng), final_ms: 500 + rng.below(6_000), status: rng.pick([404, 480, 486, 603]) } },
    };
  return { callees: { [callee]: ring(rng) }, cancel_ms: 600 + rng.below(8_000) };
}

function upstreamCall(common: Common, rng: Rng): CallPlan {
  return {
    ...common,
    kind: "upstream",
    caller: rng.pick(PHONES),
    uri: "sip:5551234@pbx.example.com",
    ...answeredRejectedOrCancelled("pbx", rng),
  };
}

function inboundCall(common: Common, rng: Rng): CallPlan {
  return {
    ...common,
    kind: "inbound",
    caller: "pbx",
    uri: "path",
    ...answeredRejectedOrCancelled(rng.pick(PHONES), rng),
  };
}

/** Upstream is silent, whether that is known already or not. */
function darkCall(common: Common, rng: Rng, answer: Day["answer"]): CallPlan {
  const [caller, callee] = rng.pick([
    ["201", "202"],
    ["203", "201"],
    ["202", "204"],
  ] as const);
  const dice = rng.below(10);
  if (dice < 3)
    return {
      ...common,
      kind: "dark extension",
      caller,
      uri: `sip:${callee}@pbx.example.com`,
      ...answeredBy(callee, rng),
    };
  const uri = "sip:5551234@pbx.example.com";
  if (answer === "302") return { ...common, kind: "dark", caller, uri, callees: {} };
  const { callees, bye } = answeredBy(rng.pick(["gateway", "second"]), rng);
  const busy = { gateway: { final_ms: 100 + rng.below(900), status: 503 } };
  return { ...common, kind: "dark relay", caller, uri, callees: { ...busy, ...callees }, ...(bye && { bye }) };
}

function forkedCall(common: Common, rng: Rng): CallPlan {
  const [one, two, three] = rng.pick([GROUP, ["212", "213", "211"], ["213", "211", "212"]] as const);
  const call = { ...common, caller: "gateway", uri: "5550100" };
  const busy = { final_ms: 50 + rng.below(2_000), status: rng.pick([486, 480, 603]) };
  const dice = rng.below(10);
  if (dice < 5) {
    const { callees, bye } = answeredBy(one, rng);
    const third = rng.pick<Behaviour>([ring(rng), busy, {}]);
    return { ...call, kind: "fork", callees: { ...callees, [two]: ring(rng), [three]: third }, ...(bye && { bye }) };
  }
  if (dice < 8) {
    const callees = { [one]: ring(rng), [two]: ring(rng), [three]: busy };
    return { ...call, kind: "fork cancelled", callees, cancel_ms: 600 + rng.below(8_000) };
  }
  const callees = {
    [one]: busy,
    [two]: { ...ring(rng), ...busy, final_ms: 2_500 },
    [three]: { ...ring(rng), ...busy },
  };
  return { ...call, kind: "fork refused", callees };
}

function serialCall(common: Common, rng: Rng): CallPlan {
  const call = { ...common, kind: "serial", caller: "gateway", uri: "5550101" };
  const [one, two, three] = GROUP;
  const first = rng.pick<Behaviour>([ring(rng), { ...ring(rng), final_ms: 600 + rng.below(1_500), status: 486 }]);
  const second = { ...ring(rng), final_ms: 300 + rng.below(2_000), status: rng.pick([486, 480]) };
  if (rng.chance(0.3)) {
    const callees = { [one]: first, [two]: ring(rng), [three]: ring(rng) };
    return { ...call, kind: "serial cancelled", callees, cancel_ms: 1_000 + rng.below(14_000) };
  }
  const third = { ...ring(rng), final_ms: 500 + rng.below(1_000), status: 200 };
  const bye = { by: rng.pick(["caller", "callee"] as const), after_ms: 800 + rng.below(3_000) };
  return { ...call, callees: { [one]: first, [two]: second, [three]: third }, bye };
}

function registrationsOf(rng: Rng): RegistrationPlan[] {
  return PHONES.flatMap((phone) => {
    const found: RegistrationPlan[] = [];
    let at_ms = 1_200 + rng.below(1_500);
    while (at_ms < HEALED_ms + 20_000) {
      found.push({ at_ms, phone, expires_s: 120 });
      at_ms += 9_000 + rng.below(12_000);
    }
    return found;
  });
}

/** What befalls the routers and who calls whom, line by line. */
export function dayInWords({ answer, outage, calls, troubles, seed, members }: Day): string {
  const lines = [
    ...calls.map((call) => [call.at_ms, JSON.stringify({ ...call, at_ms: undefined })] as const),
    ...troubles.map((trouble) => [trouble.at_ms, `* ${JSON.stringify({ ...trouble, at_ms: undefined })}`] as const),
  ].sort(([one], [other]) => one - other);
  const dark = outage === undefined ? "no outage" : `outage from ${outage.from_ms} to ${outage.to_ms}`;
  return [
    `seed ${seed}, ${members.length} members, answer: ${answer}, ${dark}`,
    ...lines.map(([at_ms, text]) => `${at_ms} ${text}`),
  ].join("\n");
}
