/** One call: each INVITE that belongs to it, what came of each, and whether the call is up. */
import { ownText } from "../base/own-text.ts";
import type { RoutingDecision } from "../proxy/router.ts";
import type { Origin } from "./origin.ts";
import { callerOf } from "./phones/address-of-record.ts";
import type { RequestFacts } from "./request-facts.ts";

/** Characters of one text that a call keeps. */
export const CHARACTERS_MAX = 128;
/** INVITEs of one call that are kept, and stages of one INVITE: a PBX can ring fifty phones at once. */
export const LEGS_MAX = 12;
export const STEPS_MAX = 40;
/** A call without a BYE isn't said to be up for longer: its BYE has been lost, or went another way. */
export const UP_MAX_ms = 24 * 3_600_000;

/**
 * How a stage has ended when the call went on from there. "unanswered": it rang, and nobody took the call; "full": nobody
 * was asked, since no channel was free.
 */
export const STEP_RESULTS = ["answered", "silent", "unreachable", "unanswered", "full"] as const;
export type StepResult = (typeof STEP_RESULTS)[number];

/** One stage that an INVITE was offered to. */
export interface CallStep {
  /** "upstream pbx.example.com", "notice", "gateway 10.10.1.3", "extension 202". */
  readonly what: string;
  /** When it began, since the beginning of the call. */
  readonly after_ms: number;
  /** Undefined for the last one: its end is that of the INVITE. */
  result?: StepResult;
  /** Status, reason phrase and Reason of the answer (RFC 3261 §7.2, RFC 3326). */
  answer?: string;
  /** Why nobody was asked: "full: 7 of 8 channels taken, 1 reserved"; of an answer of ours, why it is a refusal. */
  unasked?: string;
}

/** One INVITE of a call, and its final response. */
export interface CallLeg {
  readonly call_id: string;
  readonly from: string;
  /** The extension or plain number, or the Request-URI where it has none. */
  readonly to: string;
  readonly origin: Origin;
  readonly rule: string;
  readonly why: string;
  /** When it came, since the beginning of the call. */
  readonly after_ms: number;
  readonly steps: readonly CallStep[];
  /** Its final response; undefined while there is none. */
  readonly status: number | undefined;
  /** How long that took, from its own beginning. */
  readonly took_ms: number | undefined;
  readonly caller_tag: string;
  /** Of the 2xx. */
  readonly callee_tag: string | undefined;
  /** The member of a cluster that has gone on with it; "": its name isn't known. Undefined: it has stayed here. */
  readonly given_to?: string | undefined;
}

/** "unknown": branchline has been restarted since, and has not seen how it ended. "given": another member of a cluster goes on with it. */
export type CallState = "calling" | "up" | "ended" | "redirected" | "failed" | "given" | "unknown";

/** An INVITE that is on its way now, or was. */
export class Leg implements CallLeg {
  readonly call_id: string;
  readonly from: string;
  readonly to: string;
  readonly origin: Origin;
  readonly rule: string;
  readonly why: string;
  readonly after_ms: number;
  readonly steps: CallStep[] = [];
  status: number | undefined = undefined;
  took_ms: number | undefined = undefined;
  readonly caller_tag: string;
  callee_tag: string | undefined = undefined;
  given_to: string | undefined = undefined;
  /** Where it came from. */
  readonly address: string;
  readonly isInDrill: boolean;
  /** The number of our redirect, where it has had one, before any gateway's rewriting. */
  redirected: string | undefined = undefined;

  constructor(
    { request, origin, source, isInDrill }: RequestFacts,
    to: string,
    made: RoutingDecision,
    after_ms: number,
  ) {
    this.call_id = shortened(request.callId);
    this.from = shortened(callerOf(request));
    this.to = shortened(to);
    this.origin = origin;
    this.rule = made.rule;
    this.why = shortened(made.why);
    this.after_ms = after_ms;
    this.caller_tag = shortened(request.fromTag);
    this.address = source.address;
    this.isInDrill = isInDrill;
  }

  /** What it was offered to, in order, with what was answered where it went on: "upstream pbx.example.com (503 …)". */
  get route(): string[] {
    return this.steps.map(({ what, answer }) => (answer === undefined ? what : shortened(`${what} (${answer})`)));
  }
}

export class CallEntry {
  /** Rises from call to call. */
  readonly id: number;
  /** When it began, by the clock that never jumps; of calls from before a restart the time of day is what counts. */
  readonly at_ms: number;
  /** Milliseconds since 1970, for calls from before a restart. */
  readonly wall_ms: number | undefined;
  readonly legs: CallLeg[];
  /** The number of its last change. */
  change = 0;
  /** When that was, by the clock of `at_ms`. */
  changed_ms: number;
  /** When it was hung up, since its beginning. */
  ended_ms: number | undefined;

  constructor(id: number, at_ms: number, legs: CallLeg[] = [], wall_ms?: number, ended_ms?: number) {
    this.id = id;
    this.at_ms = at_ms;
    this.wall_ms = wall_ms;
    this.legs = legs;
    this.changed_ms = at_ms;
    this.ended_ms = ended_ms;
  }

  /**
   * Takes an INVITE, where there is room; one that is answered takes the place of the last.
   * @returns the one whose place it has taken, or itself where it had none
   */
  take(leg: CallLeg): CallLeg | undefined {
    if (this.legs.length < LEGS_MAX) this.legs.push(leg);
    else return isAnswered(leg) ? this.legs.splice(-1, 1, leg)[0] : leg;
    return undefined;
  }

  /**
   * The INVITE whose end is that of the call. Upstream's INVITE to a phone within a phone's call isn't the caller's; of those
   * with the same origin (after a challenge, after our redirect, several phones at once) the one that is answered counts. One that another
   * member goes on with counts where none besides is answered or open, unless it is back here.
   */
  get decisive(): CallLeg | undefined {
    if (this.legs.length === 1) return this.legs[0];
    const own = this.legs.filter(({ origin }) => origin === this.legs[0]?.origin);
    const here = own.filter(({ given_to }) => given_to === undefined);
    const isLast = (leg: CallLeg) => own.filter(({ call_id }) => call_id === leg.call_id).pop() === leg;
    return (
      here.find(isAnswered) ??
      here.find(({ status }) => status === undefined) ??
      own.find((leg) => leg.given_to !== undefined && isLast(leg)) ??
      own[own.length - 1]
    );
  }

  /** The same call in memory of its own: none of it is what was there before. */
  renewed(): CallEntry {
    const { id, at_ms, legs, wall_ms, ended_ms } = this;
    const call = new CallEntry(id, at_ms, JSON.parse(JSON.stringify(legs)) as CallLeg[], wall_ms, ended_ms);
    call.change = this.change;
    call.changed_ms = this.changed_ms;
    return call;
  }

  get isOpen(): boolean {
    return this.legs.some(({ status, given_to }) => status === undefined && given_to === undefined);
  }

  /** When it was answered, since its beginning; undefined while it isn't. */
  get answered_ms(): number | undefined {
    const leg = this.decisive;
    return leg !== undefined && isAnswered(leg) ? leg.after_ms + (leg.took_ms ?? 0) : undefined;
  }

  stateAt(now_ms: number): CallState {
    const leg = this.decisive;
    if (this.ended_ms !== undefined) return "ended";
    if (leg?.given_to !== undefined) return "given";
    if (leg?.status === undefined) return this.wall_ms === undefined ? "calling" : "unknown";
    if (isAnswered(leg)) return this.wall_ms === undefined && now_ms - this.at_ms < UP_MAX_ms ? "up" : "unknown";
    const isRedirected = leg.rule === "call" && (leg.status === 302 || leg.status === 380);
    return isRedirected ? "redirected" : "failed";
  }
}

export function isAnswered({ status }: CallLeg): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

/** Kept for long: neither whole datagrams nor texts without end. */
export function shortened(text: string): string {
  return ownText(text.slice(0, CHARACTERS_MAX));
}
