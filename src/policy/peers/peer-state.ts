/**
 * What is known of an upstream target or a gateway, and what follows from what is seen of it.
 *
 * There are two notions of death, since two questions are asked. Which address of a name is first? `transport/locator.ts` puts an address
 * that has failed last for 30 s, and never refuses one. Does upstream live? That is asked here, for peers alone: probes and traffic of all
 * addresses are weighed together, and a peer is up while one of them answers. A probe's failure tells both.
 */
import type { WatchSettings } from "../site.ts";
import { PEER, type PeerAction, type PeerInput, type PeerPlace } from "./peer-machine.ts";

/** A peer's state as others see it. */
export type PeerStateName = "up" | "suspect" | "down" | "recovering";

/** What has been seen. Every response is life, whatever it answers. */
export type Evidence =
  | "probe answered"
  | "probe failed"
  /** A request of a phone got a response. */
  | "request answered"
  /** A call has got a response other than 100 from a gateway: nothing else is asked of it but OPTIONS. */
  | "call answered"
  /** A request of a phone got no response within fr_timer. */
  | "request unanswered"
  /** A request of a phone could not be delivered: no route, ICMP. */
  | "request undeliverable"
  /** The address of ours from which it was reached is gone. */
  | "own address gone"
  /** None of our addresses is on the way there, since one that the file names isn't here. */
  | "own address missing"
  /** An address of ours has come, or come back. */
  | "own address here"
  /** The hold of recovering is over. */
  | "hold over"
  /** Another member of a cluster says that it is up there. */
  | "up at another member"
  /** It was down when the state was saved, shortly before a restart. */
  | "down before restart";

/** What is true in a state, and in no other. */
export type PeerNow =
  | { readonly place: "unknown" | "up" | "deaf" | "accused" | "remembered" | "cut" | "recovering" }
  /** @prop failures probes in a row */
  | { readonly place: "suspect"; readonly failures: number }
  /** @prop answers answered probes in a row, @prop since_ms when it fell */
  | { readonly place: "down"; readonly answers: number; readonly since_ms: number }
  /** @prop until_ms until when its answer counts at once */
  | { readonly place: "back"; readonly answers: number; readonly until_ms: number };

/** What is remembered whatever the state is. */
export interface PeerPast {
  /** The next hold. */
  readonly hold_ms: number;
  /** When it last became up after a hold; decides whether the next outage is a flap. 0: never. */
  readonly up_since_ms: number;
  /** Whether it has ever been up. */
  readonly hasLived: boolean;
  /** How often it has been believed at once when our address or line was back, and when that was first so. */
  readonly returns: number;
  readonly returned_ms: number;
}

export interface PeerState {
  readonly now: PeerNow;
  readonly past: PeerPast;
}

/** What has to happen next. */
export interface Observation {
  readonly state: PeerState;
  /** When the next probe is due; undefined leaves the schedule as it is. */
  readonly probeIn_ms?: number;
  /** Starts the hold of recovering. */
  readonly holdFor_ms?: number;
}

/** Errors that come just before an address is seen to be gone are its doing. */
const SAME_CAUSE_ms = 5_000;
/** Routes come after the address. A peer that answers by then hadn't been away. */
const ROUTES_PATIENCE_ms = 30_000;
/** A line that loses its address more often within hold_max is one that flaps. */
const RETURNS_MAX = 3;

/** At the start nothing is known: calls go up, and a probe leaves at once. */
export function initialState({ hold_ms }: WatchSettings): PeerState {
  return {
    now: { place: "unknown" },
    past: { hold_ms, up_since_ms: 0, hasLived: false, returns: 0, returned_ms: 0 },
  };
}

/** The state as others see it. */
export function nameOf({ now: { place } }: PeerState): PeerStateName {
  switch (place) {
    case "unknown":
    case "suspect":
    case "accused":
      return "suspect";
    case "down":
    case "remembered":
    case "cut":
    case "back":
      return "down";
    case "deaf":
      return "up";
    default:
      return place;
  }
}

/** The state after `evidence`. Returns the same state object when nothing changes. */
export function observe(state: PeerState, evidence: Evidence, settings: WatchSettings, now_ms: number): Observation {
  const input = weigh(state, evidence, settings, now_ms);
  const transition = input && PEER[state.now.place][input];
  if (input === undefined || transition === undefined) return { state };
  const now = enter(transition.next, state.now, input, now_ms);
  let { past } = state;
  let orders: Omit<Observation, "state"> = {};
  for (const action of transition.actions) {
    past = PAST[action]?.(past, settings, now_ms) ?? past;
    orders = { ...orders, ...ORDERS[action]?.(settings, past) };
  }
  const isSame = now === state.now && past === state.past;
  return { state: isSame ? state : { now, past }, ...orders };
}

/** What the evidence is to the machine; undefined: nothing. */
export function weigh(
  state: PeerState,
  evidence: Evidence,
  settings: WatchSettings,
  now_ms: number,
): PeerInput | undefined {
  switch (evidence) {
    case "probe answered":
      return weighAnswer(state.now, settings, now_ms);
    case "probe failed":
      return weighFailure(state.now, settings, now_ms);
    case "request unanswered":
    case "request undeliverable":
      return "request failed";
    case "own address gone":
    case "own address missing":
      return weighLoss(state, settings, now_ms);
    case "up at another member":
      return hasAnswered(state.now) && !isFlapping(state, settings, now_ms) ? "answered elsewhere" : undefined;
    case "own address here":
      return state.now.place === "down" && state.past.hasLived ? "other here" : "address here";
    default:
      return evidence;
  }
}

function weighAnswer(now: PeerNow, { probe }: WatchSettings, now_ms: number): PeerInput {
  if (now.place !== "down" && now.place !== "back") return "probe answered";
  if (now.place === "back" && now_ms < now.until_ms) return "answered in time";
  return now.answers + 1 >= probe.successes ? "enough answered" : "probe answered";
}

function weighFailure(now: PeerNow, { probe }: WatchSettings, now_ms: number): PeerInput {
  if (now.place === "back" && now_ms < now.until_ms) return "failed in time";
  const isCounted = now.place === "suspect" || now.place === "unknown";
  return isCounted && failuresIn(now) + 1 >= probe.failures ? "enough failed" : "probe failed";
}

/** Nothing can reach a peer whose way lacks our address; but not all that fails does so for that reason. */
function weighLoss(state: PeerState, settings: WatchSettings, now_ms: number): PeerInput {
  const { now } = state;
  const isOlder = now.place === "down" && now_ms - now.since_ms > SAME_CAUSE_ms;
  return isFlapping(state, settings, now_ms) || isOlder ? "other gone" : "address gone";
}

function isFlapping({ past }: PeerState, { hold_max_ms }: WatchSettings, now_ms: number): boolean {
  return past.returns >= RETURNS_MAX && now_ms - past.returned_ms < hold_max_ms;
}

/** Whether our own way leads there: without that, what another member sees says nothing. */
function hasAnswered(now: PeerNow): boolean {
  return now.place === "recovering" || ("answers" in now && now.answers > 0);
}

function failuresIn(now: PeerNow): number {
  return now.place === "suspect" ? now.failures : 0;
}

/** What is true in the next state; the very same object where that is what was true before. */
function enter(next: PeerPlace, now: PeerNow, input: PeerInput, now_ms: number): PeerNow {
  switch (next) {
    case "suspect":
      if (now.place === next && input !== "probe failed") return now;
      return { place: next, failures: failuresIn(now) + 1 };
    case "down":
      if (now.place !== next) return { place: next, answers: 0, since_ms: now_ms };
      return withAnswers(now, input);
    case "back":
      if (now.place !== next || input === "address here") {
        const answers = now.place === "down" || now.place === "back" ? now.answers : 0;
        return { place: next, answers, until_ms: now_ms + ROUTES_PATIENCE_ms };
      }
      return withAnswers(now, input);
    default:
      return now.place === next ? now : { place: next };
  }
}

function withAnswers<N extends PeerNow & { readonly answers: number }>(now: N, input: PeerInput): N {
  if (input === "probe answered") return { ...now, answers: now.answers + 1 };
  const isFailure = input === "probe failed" || input === "failed in time";
  return isFailure && now.answers > 0 ? { ...now, answers: 0 } : now;
}

/** What the actions change of what is remembered. */
const PAST: Partial<Record<PeerAction, (past: PeerPast, settings: WatchSettings, now_ms: number) => PeerPast>> = {
  noteLife: (past) => (past.hasLived ? past : { ...past, hasLived: true }),
  noteRise: (past, _settings, now_ms) => ({ ...past, up_since_ms: now_ms }),
  noteReturn: (past, { hold_max_ms }, now_ms) => {
    const isFirst = past.returns === 0 || now_ms - past.returned_ms > hold_max_ms;
    return isFirst ? { ...past, returns: 1, returned_ms: now_ms } : { ...past, returns: past.returns + 1 };
  },
  weighHold: (past, settings, now_ms) => {
    const isFlap = past.up_since_ms > 0 && now_ms - past.up_since_ms < settings.hold_max_ms;
    return isFlap ? doubled(past, settings) : { ...past, hold_ms: settings.hold_ms };
  },
  doubleHold: doubled,
};

/** Up to hold_max. */
function doubled(past: PeerPast, { hold_max_ms }: WatchSettings): PeerPast {
  return { ...past, hold_ms: Math.min(past.hold_ms * 2, hold_max_ms) };
}

/** What the actions ask of the one who watches. */
const ORDERS: Partial<Record<PeerAction, (settings: WatchSettings, past: PeerPast) => Omit<Observation, "state">>> = {
  probeNow: () => ({ probeIn_ms: 0 }),
  probeSoon: ({ probe }) => ({ probeIn_ms: probe.suspect_interval_ms }),
  probeUp: ({ probe }) => ({ probeIn_ms: probe.interval_ms }),
  probeDown: ({ probe }) => ({ probeIn_ms: probe.down_interval_ms }),
  probeRecovering: ({ probe }) => ({ probeIn_ms: Math.min(probe.interval_ms, probe.down_interval_ms) }),
  startHold: (_settings, { hold_ms }) => ({ holdFor_ms: hold_ms }),
};
