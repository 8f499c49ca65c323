/** What the history keeps, as a file has it: a line of JSON for each, the oldest first. */
import { fieldOf, hasTypes, isCount, listIn } from "../../message/plain-data.ts";
import { type CallEntry, type CallLeg, type CallStep, isAnswered } from "../../policy/call-entry.ts";

/** By the clock that never jumps; of what was before a restart, in milliseconds since 1970. */
export type Moment = { readonly at_ms: number } | { readonly wall_ms: number };

/** What happened, with its times as `T`. `until` is missing where it goes on. */
export type HistoryEntry<T = Moment> =
  /** An upstream target or a gateway was down; or an administrator has forced it down, while it was well as far as is known. */
  | {
      readonly kind: "outage" | "forced";
      readonly since: T;
      readonly until?: T;
      readonly role: "upstream" | "gateway";
      /** As logs name it. */
      readonly peer: string;
      /** What had been seen, as the edge has it (`Evidence`), with why its probe had failed. */
      readonly evidence: string;
      /** What showed that it was back. */
      readonly back?: string;
    }
  /** The branch wasn't ready for an outage. */
  | {
      readonly kind: "unready";
      readonly since: T;
      readonly until?: T;
      /** What would have failed, the worst first, at the beginning. */
      readonly evidence: string;
    }
  /** Phones have lived through an outage while upstream was well. */
  | {
      readonly kind: "drill";
      readonly since: T;
      readonly until: T;
      /** Extensions, separated by ","; or "all". */
      readonly phones: string;
      /** "done", or why it was aborted. */
      readonly end: string;
      /** Plain data of at most {@link REPORT_CHARACTERS_MAX}; null where it was longer. */
      readonly report: unknown;
    }
  /** A call that upstream should have had, and that was answered without it; or an emergency call, however it ended. */
  | {
      readonly kind: "survived" | "emergency";
      readonly since: T;
      readonly call_id: string;
      readonly from: string;
      readonly to: string;
      /** Where it was last: "gateway 10.10.1.3", "extension 202". */
      readonly way: string;
      readonly status: number;
    };

export type EntryKind = HistoryEntry["kind"];

/** The newest of each kind that are kept: calls don't push outages out. All together are 120 kB at the most, and reports of drills. */
export const KEPT_MAX: Readonly<Record<EntryKind, number>> = {
  outage: 300,
  forced: 50,
  unready: 100,
  drill: 30,
  emergency: 200,
  survived: 300,
};

/** Of a drill's report, as JSON. */
export const REPORT_CHARACTERS_MAX = 4_096;

/** How often each has happened since the history began, forgotten ones too. */
export type HistoryCounts = Readonly<Record<EntryKind, number>>;

export const NO_COUNTS: HistoryCounts = { unready: 0, forced: 0, outage: 0, drill: 0, emergency: 0, survived: 0 };

/** More calls at once, and more days, are no such thing. */
const CALLS_MAX = 10_000_000;
const TEXT_CHARACTERS_MAX = 512;
/** Milliseconds since 1970 of which a Date can be made. */
const TIME_MAX_ms = 8_640_000_000_000_000;
const CALL_TYPES = { call_id: "string", from: "string", to: "string", way: "string", status: "number" };
const TYPES: Readonly<Record<EntryKind, Readonly<Record<string, string>>>> = {
  outage: { role: "string", peer: "string", evidence: "string" },
  forced: { role: "string", peer: "string", evidence: "string" },
  unready: { evidence: "string" },
  drill: { phones: "string", end: "string", until: "number" },
  emergency: CALL_TYPES,
  survived: CALL_TYPES,
};

export const KINDS = Object.keys(KEPT_MAX) as readonly EntryKind[];

/** The same entry, with its times in other words. */
export function withTimes<S, T>(entry: HistoryEntry<S>, timeOf: (time: S) => T): HistoryEntry<T> {
  const until = "until" in entry ? entry.until : undefined;
  const told = { ...entry, since: timeOf(entry.since), ...(until === undefined ? {} : { until: timeOf(until) }) };
  return told as HistoryEntry<T>;
}

/** A line of the file; it is believed no more than a message. Undefined: it isn't one. */
export function readEntry(line: string): HistoryEntry | undefined {
  const data = parsed(line);
  const kind = KINDS.find((one) => one === fieldOf(data, "kind"));
  if (kind === undefined || !hasTypes(data, TYPES[kind])) return undefined;
  const entry = data as HistoryEntry<number>;
  const { since, until = since } = entry as { since: unknown; until?: unknown };
  const texts = Object.entries(entry).filter(([key]) => key !== "report");
  const isFitting = texts.every(([, value]) => `${String(value)}`.length <= TEXT_CHARACTERS_MAX);
  if (!isTime(since) || !isTime(until) || !isFitting) return undefined;
  return withTimes(entry, (wall_ms) => ({ wall_ms }));
}

/** What the first line of the file has. */
interface HistoryHead {
  readonly since_ms: number;
  readonly counts: HistoryCounts;
  /** The most calls at once, by the day since 1970. */
  readonly peaks: readonly (readonly [number, number])[];
}

/** The first line of the file; undefined: it isn't that. */
export function readCounts(line: string): HistoryHead | undefined {
  const data = parsed(line);
  const since_ms = fieldOf(data, "began");
  // Files of before these were kept lack them.
  const counts: unknown = { unready: 0, forced: 0, ...(fieldOf(data, "counts") as object | undefined) };
  const isWhole = KINDS.every((kind) => Number.isSafeInteger(fieldOf(counts, kind)));
  const peaks = (listIn(data, "peaks") ?? []).filter(isPeak);
  return isTime(since_ms) && isWhole ? { since_ms, counts: counts as HistoryCounts, peaks } : undefined;
}

/** The same as a drill's report may be kept: null where it is too long. */
export function keptReport(report: unknown): unknown {
  return JSON.stringify(report ?? null).length <= REPORT_CHARACTERS_MAX ? report : null;
}

/**
 * What a call that has had its final response is to the history; undefined: nothing.
 * @param isOutageAt whether upstream, or a part of it, was down then
 */
export function callKind(
  call: CallEntry,
  leg: CallLeg,
  isOutageAt: (at_ms: number) => boolean,
): "survived" | "emergency" | undefined {
  if (leg.rule === "emergency") return NO_END.includes(leg.status ?? 0) ? undefined : "emergency";
  const last = leg.steps[leg.steps.length - 1];
  if (!isAnswered(leg) || last === undefined || isUpstream(last.what)) return undefined;
  const legs = call.legs.includes(leg) ? call.legs : [...call.legs, leg];
  const isRefused = legs.some(({ steps }) =>
    steps.some(({ what, result }) => isUpstream(what) && result !== undefined && result !== "unanswered"),
  );
  if (isRefused) return "survived";
  // In an outage that is known upstream isn't asked. What phones dial at the gateway itself was never upstream's.
  const isCall = legs.some(({ rule }) => rule === "call");
  return isCall && isOutageAt(call.at_ms + leg.after_ms) ? "survived" : undefined;
}

/** Where a call was last. */
export function wayOf(step: CallStep | undefined): string {
  if (step === undefined || !step.what.startsWith("answer ")) return step?.what ?? "";
  return step.unasked === undefined ? "answered here" : `answered here (${step.unasked})`;
}

/** What goes on while a peer is down. */
export function isDowntime<T>(
  entry: HistoryEntry<T>,
): entry is Extract<HistoryEntry<T>, { kind: "outage" | "forced" }> {
  return entry.kind === "outage" || entry.kind === "forced";
}

/** The phone comes again, with its password; a gateway has sent our own call back. */
const NO_END: readonly number[] = [401, 407, 482];

function isUpstream(what: string): boolean {
  return what.startsWith("upstream ");
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= TIME_MAX_ms;
}

function isPeak(pair: unknown): pair is readonly [number, number] {
  return Array.isArray(pair) && pair.length === 2 && pair.every((one) => isCount(one, 0, CALLS_MAX));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
