/** What `branchline watch` knows, as values: the state and the last calls, from answers that tell only what has changed. */
import type { CallsPage, RecordedCall } from "../recorded-calls.ts";
import type { Change, RunningStatus } from "../status-facts.ts";
import { isOpen } from "./followed.ts";

/** Calls that are kept, those that go on before others. */
const CALLS_MAX = 200;

export interface Watched {
  readonly status: RunningStatus;
  /** Those that go on, then those that are over; the newest first. */
  readonly calls: readonly RecordedCall[];
  /** With what to ask for what changes from now on; undefined: for the last calls anew. */
  readonly changes: number | undefined;
  readonly run: string;
}

/** @param page the last calls, or those that have changed; undefined: the answer tells of something else */
export function watchedAfter(
  known: Watched | undefined,
  status: RunningStatus,
  page: CallsPage | undefined,
): Watched | undefined {
  if (page === undefined) return known === undefined ? undefined : { ...known, status };
  // After a restart, changes are counted anew.
  if (known?.changes !== undefined && page.run !== known.run)
    return { status, calls: [], changes: undefined, run: page.run };
  const calls = new Map<number, RecordedCall>();
  for (const call of known?.calls ?? []) calls.set(call.id, goneOn(call, elapsed_ms(known?.status, status)));
  for (const call of page.calls) calls.set(call.id, call);
  const all = [...calls.values()].sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || b.id - a.id);
  return { status, calls: all.slice(0, CALLS_MAX), changes: page.changes, run: page.run };
}

/** Changes of states that were not known before, the oldest first. */
export function newChanges(before: readonly Change[], now: readonly Change[]): Change[] {
  const keyOf = ({ at, role, peer, to }: Change) => `${at} ${role} ${peer} ${to}`;
  const known = new Set(before.map(keyOf));
  return now.filter((change) => !known.has(keyOf(change)));
}

/** A call that is up and isn't told again lasts longer. */
function goneOn(call: RecordedCall, by_ms: number): RecordedCall {
  return call.state === "up" && call.lasted_ms !== null ? { ...call, lasted_ms: call.lasted_ms + by_ms } : call;
}

function elapsed_ms(before: RunningStatus | undefined, now: RunningStatus): number {
  return Math.max(0, now.up_s - (before ?? now).up_s) * 1_000;
}
