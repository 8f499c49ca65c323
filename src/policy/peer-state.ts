/** Whether an upstream target or a gateway lives: a machine that is fed with evidence. */
import type { WatchSettings } from "./site.ts";

export type PeerStateName = "up" | "suspect" | "down" | "recovering";

/** What has been seen. Every response is life, whoever asked for it. */
export type Evidence =
  | "probe answered"
  | "probe failed"
  /** A request of a phone got a response. */
  | "request answered"
  /** A request of a phone got no response within fr_timer. */
  | "request unanswered"
  /** A request of a phone could not be delivered: no route, ICMP. */
  | "request undeliverable"
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
}

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
  return { name: "suspect", count: 0, requestFailed: false, hold_ms: settings.hold_ms, up_since_ms: 0 };
}

/** The state after `evidence`. Returns the same state object when nothing changes. */
export function observe(state: PeerState, evidence: Evidence, settings: WatchSettings, now_ms: number): Observation {
  switch (state.name) {
    case "up":
      return observeUp(state, evidence, settings);
    case "suspect":
      return observeSuspect(state, evidence, settings, now_ms);
    case "down":
      return observeDown(state, evidence, settings);
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

function observeDown(state: PeerState, evidence: Evidence, settings: WatchSettings): Observation {
  switch (evidence) {
    case "probe answered": {
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
        probeIn_ms: settings.probe.down_interval_ms,
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
  const up = { ...state, name: "up" as const, count: 0, requestFailed: false };
  const wasAway = state.name === "recovering";
  return { state: wasAway ? { ...up, up_since_ms: now_ms } : up, probeIn_ms: settings.probe.interval_ms };
}

/** A fall soon after the last rise, or before it was complete, is a flap: the next hold is twice as long. */
function fall(state: PeerState, settings: WatchSettings, now_ms: number): Observation {
  const isFlap =
    state.name === "recovering" || (state.up_since_ms > 0 && now_ms - state.up_since_ms < settings.hold_max_ms);
  const hold_ms = isFlap ? Math.min(state.hold_ms * 2, settings.hold_max_ms) : settings.hold_ms;
  const down = { ...state, name: "down" as const, count: 0, requestFailed: false, hold_ms };
  return { state: down, probeIn_ms: settings.probe.down_interval_ms };
}
