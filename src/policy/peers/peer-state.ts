/** Whether an upstream target or a gateway lives: a machine that is fed with evidence. */
import type { WatchSettings } from "../site.ts";

export type PeerStateName = "up" | "suspect" | "down" | "recovering";

/** What has been seen. Every response is life, whatever it answers. */
export type Evidence =
  | "probe answered"
  | "probe failed"
  /** A request of a phone got a response. */
  | "request answered"
  /** A request of a phone got no response within fr_timer. */
  | "request unanswered"
  /** A request of a phone could not be delivered: no route, ICMP. */
  | "request undeliverable"
  /** The address of ours from which it was reached is gone. */
  | "own address gone"
  /** An address of ours has come, or come back. */
  | "own address here"
  /** The hold of recovering is over. */
  | "hold over";

export interface PeerState {
  readonly name: PeerStateName;
  /** Failed probes in a row; down: answered ones. */
  readonly count: number;
  /** suspect: a phone's request has failed too, so that one failed probe is enough. */
  readonly requestFailed: boolean;
  /** The next hold. */
  readonly hold_ms: number;
  /** When the state last became up; decides whether the next outage is a flap. */
  readonly up_since_ms: number;
  /** Whether it has ever been up. */
  readonly hasLived: boolean;
  /** When the state last became down. */
  readonly fell_ms: number;
  /** down: until when that is our own doing, since we lack the address from which we reached it; 0: the peer has failed. */
  readonly ourFaultUntil_ms: number;
  /** How often it has been believed at once when the address was back, and when that was first so. */
  readonly returns: number;
  readonly returned_ms: number;
}

/** Errors that come just before an address is seen to be gone are its doing. */
const SAME_CAUSE_ms = 5_000;
/** Routes come after the address. Who answers by then hadn't been away. */
const ROUTES_PATIENCE_ms = 30_000;
/** A line that loses its address more often within hold_max is one that flaps. */
const RETURNS_MAX = 3;

/** What has to happen next. */
export interface Observation {
  readonly state: PeerState;
  /** When the next probe is due; undefined leaves the schedule as it is. */
  readonly probeIn_ms?: number;
  /** Starts the hold of recovering. */
  readonly holdFor_ms?: number;
}

/** At the start nothing is known: calls go up, and a probe leaves at once. */
export function initialState(settings: WatchSettings): PeerState {
  const { hold_ms } = settings;
  const never = { up_since_ms: 0, hasLived: false, fell_ms: 0, ourFaultUntil_ms: 0, returns: 0, returned_ms: 0 };
  return { name: "suspect", count: 0, requestFailed: false, hold_ms, ...never };
}

/** The state after `evidence`. Returns the same state object when nothing changes. */
export function observe(state: PeerState, evidence: Evidence, settings: WatchSettings, now_ms: number): Observation {
  if (evidence === "own address gone") return loseAddress(state, settings, now_ms);
  if (evidence === "own address here") return findAddress(state, now_ms);
  switch (state.name) {
    case "up":
      return observeUp(state, evidence, settings);
    case "suspect":
      return observeSuspect(state, evidence, settings, now_ms);
    case "down":
      return observeDown(state, evidence, settings, now_ms);
    case "recovering":
      return observeRecovering(state, evidence, settings, now_ms);
  }
}

function observeUp(state: PeerState, evidence: Evidence, settings: WatchSettings): Observation {
  const suspect = { ...state, name: "suspect" as const };
  switch (evidence) {
    case "probe failed":
      return { state: { ...suspect, count: 1, requestFailed: false }, probeIn_ms: settings.probe.suspect_interval_ms };
    case "request unanswered":
    case "request undeliverable":
      return { state: { ...suspect, count: 0, requestFailed: true }, probeIn_ms: 0 };
    case "probe answered":
      return { state, probeIn_ms: settings.probe.interval_ms };
    default:
      return { state };
  }
}

function observeSuspect(state: PeerState, evidence: Evidence, settings: WatchSettings, now_ms: number): Observation {
  switch (evidence) {
    case "probe answered":
    case "request answered":
      return rise(state, settings, now_ms);
    case "probe failed": {
      const count = state.count + 1;
      if (state.requestFailed || count >= settings.probe.failures) return fall(state, settings, now_ms);
      return { state: { ...state, count }, probeIn_ms: settings.probe.suspect_interval_ms };
    }
    case "request unanswered":
    case "request undeliverable":
      if (state.count > 0) return fall(state, settings, now_ms);
      return { state: { ...state, requestFailed: true }, probeIn_ms: 0 };
    default:
      return { state };
  }
}

function observeDown(state: PeerState, evidence: Evidence, settings: WatchSettings, now_ms: number): Observation {
  const isOurFault = now_ms < state.ourFaultUntil_ms;
  switch (evidence) {
    case "probe answered": {
      if (isOurFault) return returnAtOnce(state, settings, now_ms);
      const count = state.count + 1;
      if (count < settings.probe.successes) {
        return { state: { ...state, count }, probeIn_ms: settings.probe.suspect_interval_ms };
      }
      const recovering = { ...state, name: "recovering" as const, count: 0 };
      return { state: recovering, probeIn_ms: settings.probe.suspect_interval_ms, holdFor_ms: state.hold_ms };
    }
    case "probe failed":
      return {
        state: state.count === 0 ? state : { ...state, count: 0 },
        probeIn_ms: isOurFault ? settings.probe.suspect_interval_ms : settings.probe.down_interval_ms,
      };
    default:
      return { state };
  }
}

function observeRecovering(state: PeerState, evidence: Evidence, settings: WatchSettings, now_ms: number): Observation {
  switch (evidence) {
    case "hold over":
      return rise(state, settings, now_ms);
    case "probe failed":
    case "request unanswered":
    case "request undeliverable":
      return fall(state, settings, now_ms);
    case "probe answered":
      return { state, probeIn_ms: Math.min(settings.probe.interval_ms, settings.probe.down_interval_ms) };
    default:
      return { state };
  }
}

function rise(state: PeerState, settings: WatchSettings, now_ms: number): Observation {
  const up = { ...state, name: "up" as const, count: 0, requestFailed: false, hasLived: true };
  const wasAway = state.name === "recovering";
  return { state: wasAway ? { ...up, up_since_ms: now_ms } : up, probeIn_ms: settings.probe.interval_ms };
}

/** A fall soon after the last rise, or before it was complete, is a flap: the next hold is twice as long. */
function fall(state: PeerState, settings: WatchSettings, now_ms: number): Observation {
  const isFlap =
    state.name === "recovering" || (state.up_since_ms > 0 && now_ms - state.up_since_ms < settings.hold_max_ms);
  const hold_ms = isFlap ? Math.min(state.hold_ms * 2, settings.hold_max_ms) : settings.hold_ms;
  const down = { ...state, name: "down" as const, count: 0, requestFailed: false, ourFaultUntil_ms: 0, hold_ms };
  return { state: { ...down, fell_ms: now_ms }, probeIn_ms: settings.probe.down_interval_ms };
}

/** Nothing can reach it, so nobody has to wait to find out. */
function loseAddress(state: PeerState, settings: WatchSettings, now_ms: number): Observation {
  const isDown = state.name === "down";
  const isOurs = !isDown || state.ourFaultUntil_ms > 0 || now_ms - state.fell_ms <= SAME_CAUSE_ms;
  const isFlapping = state.returns >= RETURNS_MAX && now_ms - state.returned_ms < settings.hold_max_ms;
  if (state.name === "recovering" || !isOurs || isFlapping) return { state, probeIn_ms: 0 };
  const fallen = isDown ? state : { ...state, name: "down" as const, count: 0, requestFailed: false, fell_ms: now_ms };
  return { state: { ...fallen, ourFaultUntil_ms: Number.POSITIVE_INFINITY }, probeIn_ms: 0 };
}

function findAddress(state: PeerState, now_ms: number): Observation {
  const isOurs = state.ourFaultUntil_ms > 0 || (state.name === "down" && !state.hasLived);
  if (!isOurs) return { state, probeIn_ms: 0 };
  return { state: { ...state, ourFaultUntil_ms: now_ms + ROUTES_PATIENCE_ms }, probeIn_ms: 0 };
}

/** Nothing but the address was missing: there is no line to mistrust, so no hold. */
function returnAtOnce(state: PeerState, settings: WatchSettings, now_ms: number): Observation {
  const isFirst = state.returns === 0 || now_ms - state.returned_ms > settings.hold_max_ms;
  const risen = isFirst ? { ...state, returns: 1, returned_ms: now_ms } : { ...state, returns: state.returns + 1 };
  return rise({ ...risen, ourFaultUntil_ms: 0 }, settings, now_ms);
}
