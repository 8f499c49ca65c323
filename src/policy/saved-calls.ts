/** The last calls as a file keeps them: a line of JSON for each, the oldest first. */
import {
  CallEntry,
  type CallLeg,
  type CallStep,
  CHARACTERS_MAX,
  LEGS_MAX,
  STEP_RESULTS,
  STEPS_MAX,
} from "./call-entry.ts";
import { CALLS_MAX, type CallLog } from "./call-log.ts";

/** Of the file: what is older is left out. 200 usual calls are 90 kB. */
const FILE_CHARACTERS_MAX = 131_072;
/** Milliseconds since 1970 of which a Date can be made, and durations. */
const TIME_MAX_ms = 8_640_000_000_000_000;
const ORIGINS = ["localnet", "gateway", "upstream", "domain", "stranger"];

/** Unreadable lines, and the calls of the others: made when the log knows their numbers. */
export interface ReadCalls {
  readonly calls: readonly ((id: number) => CallEntry)[];
  readonly faults: number;
}

/**
 * The lines of the file, the newest calls as far as there is room.
 * @param wall_ms milliseconds since 1970, at `now_ms`
 */
export function saveCalls(log: CallLog, wall_ms: number, now_ms: number): string {
  const lines: string[] = [];
  let characters = 0;
  for (const call of [...log.all].reverse()) {
    const { at_ms, legs, ended_ms } = call;
    const began_ms = call.wall_ms ?? Math.round(wall_ms - (now_ms - at_ms));
    const line = JSON.stringify({ began_ms, ended_ms, legs: legs.map(savedLeg) });
    characters += line.length + 1;
    if (characters > FILE_CHARACTERS_MAX) break;
    lines.push(line);
  }
  return lines.reverse().join("\n");
}

/**
 * The text of a file is believed no more than a message: a line that isn't whole is left out.
 * @param wall_ms milliseconds since 1970, at `now_ms`
 */
export function readCalls(text: string, wall_ms: number, now_ms: number): ReadCalls {
  const calls: ((id: number) => CallEntry)[] = [];
  const lines = text
    .slice(-FILE_CHARACTERS_MAX)
    .split("\n")
    .filter((line) => line !== "");
  let faults = 0;
  for (const line of lines.slice(-CALLS_MAX)) {
    const call = readCall(line, now_ms - wall_ms);
    if (call === undefined) faults += 1;
    else calls.push(call);
  }
  return { calls, faults };
}

function savedLeg({ call_id, from, to, origin, rule, why, after_ms, steps, status, took_ms, ...others }: CallLeg) {
  const { caller_tag, callee_tag, given_to } = others;
  return { call_id, from, to, origin, rule, why, after_ms, steps, status, took_ms, caller_tag, callee_tag, given_to };
}

/** @param offset_ms what our clock shows when it is 1970 */
function readCall(line: string, offset_ms: number): ((id: number) => CallEntry) | undefined {
  const data = parsed(line);
  const wall_ms = time(data.get("began_ms"));
  const ended_ms = time(data.get("ended_ms"));
  const list = data.get("legs");
  if (wall_ms === undefined || !Array.isArray(list) || list.length === 0 || list.length > LEGS_MAX) return undefined;
  const legs = list.map(readLeg);
  if (legs.some((leg) => leg === undefined)) return undefined;
  return (id) => new CallEntry(id, offset_ms + wall_ms, legs as CallLeg[], wall_ms, ended_ms);
}

function readLeg(value: unknown): CallLeg | undefined {
  const data = fieldsOf(value);
  const words = ["call_id", "from", "to", "rule", "why", "caller_tag"].map((name) => word(data.get(name)));
  const [call_id, from, to, rule, why, caller_tag] = words;
  const origin = ORIGINS.find((one) => one === data.get("origin")) as CallLeg["origin"] | undefined;
  const after_ms = time(data.get("after_ms"), -TIME_MAX_ms);
  const list = data.get("steps");
  const steps = Array.isArray(list) && list.length <= STEPS_MAX ? list.map(readStep) : [undefined];
  if (call_id === undefined || from === undefined || to === undefined || rule === undefined) return undefined;
  if (why === undefined || caller_tag === undefined || origin === undefined || after_ms === undefined) return undefined;
  if (steps.some((step) => step === undefined)) return undefined;
  const given = data.get("status");
  const status = typeof given === "number" && given >= 200 && given <= 699 ? Math.floor(given) : undefined;
  const took_ms = time(data.get("took_ms"));
  const callee_tag = word(data.get("callee_tag"));
  const known = { call_id, from, to, origin, rule, why, after_ms, steps: steps as CallStep[] };
  const given_to = word(data.get("given_to"));
  return { ...known, status, took_ms, caller_tag, callee_tag, ...(given_to === undefined ? {} : { given_to }) };
}

function readStep(value: unknown): CallStep | undefined {
  const data = fieldsOf(value);
  const what = word(data.get("what"));
  const after_ms = time(data.get("after_ms"), -TIME_MAX_ms);
  const result = STEP_RESULTS.find((one) => one === data.get("result"));
  const answer = word(data.get("answer"));
  const unasked = word(data.get("unasked"));
  if (what === undefined || after_ms === undefined) return undefined;
  return {
    what,
    after_ms,
    ...(result === undefined ? {} : { result }),
    ...(answer === undefined ? {} : { answer }),
    ...(unasked === undefined ? {} : { unasked }),
  };
}

function word(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= CHARACTERS_MAX ? value : undefined;
}

/** @param least a call that another member has begun may have an INVITE from before the one by which it is known here */
function time(value: unknown, least = 0): number | undefined {
  return typeof value === "number" && value >= least && value <= TIME_MAX_ms ? value : undefined;
}

function parsed(line: string): ReadonlyMap<string, unknown> {
  try {
    return fieldsOf(JSON.parse(line));
  } catch {
    return fieldsOf(undefined);
  }
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(typeof value === "object" && value !== null ? Object.entries(value) : []);
}
