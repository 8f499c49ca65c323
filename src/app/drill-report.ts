/** What a drill has shown, as plain facts: what is kept in the state folder, and what text, JSON and the page are made of. */
import type { CallEntry } from "../policy/call-entry.ts";
import type { DrillPhones } from "../policy/drilling.ts";
import { type RecordedCall, recordedCall } from "./recorded-calls.ts";

/** "interrupted": branchline was ended or killed amid it. */
export type DrillEnd = "running" | "time" | "stopped" | "aborted" | "interrupted";

/** One phone in a drill. */
export interface DrilledPhone {
  readonly phone: string;
  readonly calls: number;
  /** REGISTERs that were answered here; that went up, so that upstream's registration stays; that an outage would refuse. */
  readonly registers_here: number;
  readonly registers_up: number;
  readonly registers_refused: number;
}

/** Calls of the drill, by what has become of them. */
export interface DrillCounts {
  readonly made: number;
  readonly answered: number;
  /** Busy, declined, or cancelled by the caller. */
  readonly not_taken: number;
  /** All other ends; a redirect that the phone hasn't followed is one. */
  readonly failed: number;
  /** The longest time from an INVITE until its way was found, in ms; null: no call had one. */
  readonly longest_wait_ms: number | null;
}

export interface DrillReport {
  /** Rises from drill to drill. */
  readonly id: number;
  readonly by: "command" | "schedule";
  readonly phones: DrillPhones;
  /** ISO 8601. */
  readonly started: string;
  /** ISO 8601; null while it runs. */
  readonly ended: string | null;
  readonly planned_s: number;
  readonly lasted_s: number;
  readonly end: DrillEnd;
  /** Why it has ended, as a clause; "" while it runs. */
  readonly why: string;
  readonly counts: DrillCounts;
  readonly drilled: readonly DrilledPhone[];
  /** Calls of other phones meanwhile, which went their usual way. */
  readonly other_calls: number;
  /** The oldest first. */
  readonly calls: readonly RecordedCall[];
  /** Calls that there was no room for. */
  readonly calls_left_out: number;
}

/** A report without its lists. */
export type DrillSummary = Omit<DrillReport, "calls" | "drilled">;

/** Characters of one report's calls: it must go through the control socket in one piece. */
const CALLS_CHARACTERS_MAX = 40_000;
/** Reports in the file, and characters of all of them. */
const REPORTS_MAX = 50;
const FILE_CHARACTERS_MAX = 262_144;
/** Busy here, Request Terminated, Busy Everywhere, Decline (RFC 3261 §21): the callee's word, or the caller's. */
const NOT_TAKEN: readonly unknown[] = [486, 487, 600, 603];

/** The calls of a report, as many as there is room for. @param timeOf the time of day of a moment, ISO 8601 */
export function callsOf(
  entries: readonly CallEntry[],
  timeOf: (at_ms: number) => string,
  now_ms: number,
): Pick<DrillReport, "counts" | "calls" | "calls_left_out"> {
  const all = entries.map((call) => recordedCall(call, timeOf(call.at_ms), now_ms));
  let characters = 0;
  const calls = all.filter((call) => {
    characters += JSON.stringify(call).length;
    return characters <= CALLS_CHARACTERS_MAX;
  });
  return { counts: countsOf(all), calls, calls_left_out: all.length - calls.length };
}

function countsOf(calls: readonly RecordedCall[]): DrillCounts {
  const over = calls.filter(({ state }) => state === "failed" || state === "redirected");
  const not_taken = over.filter(({ status }) => NOT_TAKEN.includes(status)).length;
  const waits = calls.flatMap((call) => wait_ms(call) ?? []);
  return {
    made: calls.length,
    answered: calls.filter(({ state }) => state === "up" || state === "ended").length,
    not_taken,
    failed: over.length - not_taken,
    longest_wait_ms: waits.length === 0 ? null : Math.max(...waits),
  };
}

/** How long a call has waited until its last way was tried, be that a gateway or a phone; undefined: it found none. */
export function wait_ms({ legs }: Pick<RecordedCall, "legs">): number | undefined {
  const own = legs.filter(({ origin }) => origin === legs[0]?.origin);
  const ways = own
    .flatMap(({ steps }) => steps)
    .filter(({ what }) => !/^(notice|reply|answer|redirect to)\b/.test(what));
  return ways[ways.length - 1]?.after_ms;
}

/** As many of the newest as the file has room for, the oldest first. */
export function newestOf(reports: readonly DrillReport[]): readonly DrillReport[] {
  let characters = 0;
  const kept = [...reports].reverse().filter((report, index) => {
    characters += JSON.stringify(report).length + 1;
    return index < REPORTS_MAX && characters <= FILE_CHARACTERS_MAX;
  });
  return kept.reverse();
}

/** The file: a line of JSON for each. */
export function reportLines(reports: readonly DrillReport[]): string {
  return reports.map((report) => JSON.stringify(report)).join("\n");
}

/** A line that isn't a report is left out. One that was running has been interrupted. */
export function readReports(text: string): { readonly reports: readonly DrillReport[]; readonly faults: number } {
  const lines = text.split("\n").filter((line) => line !== "");
  const reports = lines.flatMap((line) => {
    const value = parsed(line);
    const isReport = isAlike(value, SAMPLE) && isPhones((value as DrillReport).phones);
    return isReport ? [interrupted(value as DrillReport)] : [];
  });
  return { reports, faults: lines.length - reports.length };
}

function interrupted(report: DrillReport): DrillReport {
  if (report.end !== "running") return report;
  return { ...report, end: "interrupted", why: "branchline was ended amid it" };
}

/** A value of each type; of an array its only element. A field that is undefined here may be null, text, a number or a flag. */
const STEP = { what: "", after_ms: 0, result: undefined, answer: undefined, unasked: undefined };
const LEG = { call_id: "", from: "", to: "", origin: "", rule: "", why: "", after_ms: 0, steps: [STEP] };
const CALL = { id: 0, call_id: "", at: "", from: "", to: "", origin: "", state: "", legs: [LEG] };
const PHONE = { phone: "", calls: 0, registers_here: 0, registers_up: 0, registers_refused: 0 };
const SAMPLE = {
  ...{ id: 0, by: "", started: "", ended: undefined, planned_s: 0, lasted_s: 0, end: "", why: "" },
  counts: { made: 0, answered: 0, not_taken: 0, failed: 0, longest_wait_ms: undefined },
  ...{ drilled: [PHONE], other_calls: 0, calls: [CALL], calls_left_out: 0 },
};

function isPhones(value: unknown): boolean {
  return value === "all" || isAlike(value, [""]);
}

function isAlike(value: unknown, sample: unknown): boolean {
  if (sample === undefined) return typeof value !== "object" || value === null;
  if (Array.isArray(sample)) return Array.isArray(value) && value.every((one) => isAlike(one, sample[0]));
  if (typeof sample !== "object" || sample === null) return typeof value === typeof sample;
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries(sample).every(([name, one]) => isAlike(fields[name], one));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
