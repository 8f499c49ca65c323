/** The last calls as commands get them: plain facts, in pieces that stay small. */
import type { CallEntry, CallLeg, CallState, CallStep, StepResult } from "../policy/call-entry.ts";
import { plainNumber } from "../policy/dialled-number.ts";
import type { Origin } from "../policy/origin.ts";

/** The size of a piece, in characters, more or less. */
const PAGE_CHARACTERS = 65_536;
/** Of the JSON of one INVITE of a call, and of one of its steps, as they mostly are: their texts are cut to 128. */
const LEG_CHARACTERS = 450;
const STEP_CHARACTERS = 120;
/** A number that has been written with its area code, and another time without, is found by so many digits at its end. */
const TAIL_digits = 5;

export interface RecordedStep extends Pick<CallStep, "what" | "after_ms"> {
  /** How it ended when the call went on from there; null for the last one, which ends with its INVITE. */
  readonly result: StepResult | null;
  /** Status, reason phrase and Reason of the answer. */
  readonly answer: string | null;
  /** Why nobody was asked: "full: 7 of 8 channels taken, 1 reserved". */
  readonly unasked: string | null;
}

/** One INVITE of a call. */
export interface RecordedLeg extends Pick<CallLeg, "call_id" | "from" | "to" | "origin" | "rule" | "why" | "after_ms"> {
  readonly steps: readonly RecordedStep[];
  /** Its final response; null while there is none. */
  readonly status: number | null;
  /** How long that took, since it came. */
  readonly took_ms: number | null;
  /** The member of a cluster that has gone on with it; "": its name isn't known. Missing: it has stayed here. */
  readonly given_to?: string | undefined;
}

/** A call with all its INVITEs: again after a challenge, to the gateway after our redirect, of the PBX to the other phone. */
export interface RecordedCall {
  /** Rises from call to call. */
  readonly id: number;
  /** Of its first INVITE. */
  readonly call_id: string;
  /** The time of day of its first INVITE, ISO 8601. */
  readonly at: string;
  readonly from: string;
  readonly to: string;
  readonly origin: Origin;
  readonly state: CallState;
  /** The caller's last final response; null while there is none. */
  readonly status: number | null;
  /** How long that took from the first INVITE on. */
  readonly after_ms: number | null;
  /** From the answer to the BYE, or until now; null where that isn't known. */
  readonly lasted_ms: number | null;
  readonly legs: readonly RecordedLeg[];
}

export interface CallsQuestion {
  /** Only calls with smaller ids: the `next` of the piece before. */
  readonly before?: number;
  /** Only calls that have changed after this change, in the order of their changes. */
  readonly since?: number;
  /** An extension, a number, an address or a Call-ID: only calls in which it occurs. */
  readonly match?: string;
}

export interface CallsPage {
  /** The newest first; with `since` the last change last. */
  readonly calls: readonly RecordedCall[];
  /** Where there are more: what to ask for them with, as `before`, or as `since` where that was asked. */
  readonly next?: number;
  /** What to ask with for what changes from now on. */
  readonly changes: number;
  /** Another one after a restart, when changes and calls are counted anew. */
  readonly run: string;
}

/**
 * @param calls all that are known, the oldest first
 * @param changes the number of the last change of any
 * @param timeOf the time of day of a moment, ISO 8601
 */
export function callsPage(
  { all, changes }: { readonly all: readonly CallEntry[]; readonly changes: number },
  { before, since, match }: CallsQuestion,
  timeOf: (call: CallEntry) => string,
  now_ms: number,
): Omit<CallsPage, "run"> {
  const isWanted = ({ id, change }: CallEntry) =>
    (before === undefined || id < before) && (since === undefined || change > since);
  const wanted = all.filter((call) => isWanted(call) && (match === undefined || isMatch(call, match)));
  const ordered = since === undefined ? wanted.reverse() : wanted.sort((a, b) => a.change - b.change);
  const calls: RecordedCall[] = [];
  let characters = 0;
  let last: CallEntry | undefined;
  for (const call of ordered) {
    for (const { steps } of call.legs) characters += LEG_CHARACTERS + STEP_CHARACTERS * steps.length;
    if (characters > PAGE_CHARACTERS && last !== undefined) {
      const { id, change } = last;
      return since === undefined ? { calls, next: id, changes } : { calls, next: change, changes: change };
    }
    calls.push(recordedCall(call, timeOf(call), now_ms));
    last = call;
  }
  return { calls, changes };
}

/** @param at the time of day of its first INVITE */
export function recordedCall(call: CallEntry, at: string, now_ms: number): RecordedCall {
  const { id, legs, decisive, answered_ms, ended_ms, at_ms } = call;
  const [first] = legs;
  const state = call.stateAt(now_ms);
  const end_ms = ended_ms ?? (state === "up" ? now_ms - at_ms : undefined);
  const isLasting = answered_ms !== undefined && end_ms !== undefined;
  return {
    id,
    call_id: first?.call_id ?? "",
    at,
    from: first?.from ?? "",
    to: first?.to ?? "",
    origin: first?.origin ?? "stranger",
    state,
    status: decisive?.status ?? null,
    after_ms: decisive?.took_ms === undefined ? null : decisive.after_ms + decisive.took_ms,
    lasted_ms: isLasting ? Math.max(0, Math.round(end_ms - answered_ms)) : null,
    legs: legs.map(recordedLeg),
  };
}

/** Written out: what takes a piece out of an object, or all of it, costs several times as much, and each call is told often. */
function recordedLeg(leg: CallLeg): RecordedLeg {
  return {
    call_id: leg.call_id,
    from: leg.from,
    to: leg.to,
    origin: leg.origin,
    rule: leg.rule,
    why: leg.why,
    after_ms: leg.after_ms,
    steps: leg.steps.map(recordedStep),
    status: leg.status ?? null,
    took_ms: leg.took_ms ?? null,
    given_to: leg.given_to,
  };
}

function recordedStep({ what, after_ms, result, answer, unasked }: CallStep): RecordedStep {
  return { what, after_ms, result: result ?? null, answer: answer ?? null, unasked: unasked ?? null };
}

/** Whether it is a call of, to or through `text`. */
function isMatch({ legs }: CallEntry, text: string): boolean {
  const number = plainNumber(text);
  const digits = number.replace(/^\+/, "");
  const isLong = digits.length >= TAIL_digits && /^\d+$/.test(digits);
  const isNumber = (one: string) => one === number || (isLong && one.endsWith(digits));
  return legs.some(({ call_id, from, to, steps }) => {
    if (isCallId(call_id, text) || from === text || to === text) return true;
    if (isNumber(to) || isNumber(plainNumber(from.slice(0, from.lastIndexOf("@"))))) return true;
    return steps.some(({ what }) => what.split(/[ ,]+/).includes(text));
  });
}

/** What is shorter, or is written with digits alone, may be an extension, a number or an address: such a text is a whole Call-ID or none. */
const BEGINNING = /^(?=.*[a-z]).{6}/i;

/** Whether `text` is this Call-ID, or its beginning, as people copy it from a log. */
export function isCallId(callId: string, text: string): boolean {
  return callId === text || (BEGINNING.test(text) && callId.startsWith(text));
}
