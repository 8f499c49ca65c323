/** Calls whose traces grow, as somebody who asks again and again has them: values, and questions that ask only for what is new. */
import type { RecordedCall } from "../recorded-calls.ts";
import type { TracedEntry, TracePage, TraceQuestion } from "./trace.ts";

/** Entries kept of a call: its first ones, which say who takes part, and the last. */
const FIRST = 50;
const ENTRIES_MAX = 500;
/** Of Call-IDs in a question: longer questions aren't answered. */
export const CALL_IDS_CHARACTERS_MAX = 24_000;

export interface Followed {
  readonly call: RecordedCall;
  readonly entries: readonly TracedEntry[];
  /** The number of the last entry up to which all of the call's is known; 0: nothing has been asked. */
  readonly after: number;
}

/** The call as it is told now. One that has another Call-ID since then is asked for anew. */
export function followedCall(call: RecordedCall, known?: Followed): Followed {
  if (known === undefined) return { call, entries: [], after: 0 };
  const had = callIdsOf(known.call);
  const isSame = callIdsOf(call).every((one) => had.includes(one));
  return { ...known, call, after: isSame ? known.after : 0 };
}

/** What to ask about these calls, all at once: of some nothing is known yet, or of none. */
export function traceQuestion(followed: readonly Followed[]): TraceQuestion {
  let left = CALL_IDS_CHARACTERS_MAX;
  const calls = followed
    .flatMap(({ call }) => callIdsOf(call))
    .filter((one) => {
      left -= one.length;
      return left >= 0;
    });
  const open = followed.some(({ call }) => isOpen(call));
  return { calls, after: Math.min(...followed.map(({ after }) => after)), open };
}

/**
 * The answer to a question about this call, and perhaps others.
 * @returns with the numbers of the entries that are new
 */
export function followedAfter(known: Followed, page: TracePage): { followed: Followed; news: ReadonlySet<number> } {
  const { call, entries } = known;
  const callIds = callIdsOf(call);
  const seqs = new Set(entries.map(({ seq }) => seq));
  const isOver = !isOpen(call);
  const isIts = ({ call_id }: TracedEntry) => call_id !== undefined && callIds.includes(call_id);
  const last = Math.max(0, ...page.entries.filter(isIts).map(({ seq }) => seq));
  const added: TracedEntry[] = [];
  for (const entry of page.entries) {
    const { seq, kind } = entry;
    const isEdge = kind === "edge" && seqs.size > 0 && (!isOver || seq < last);
    // A drop follows at once upon what was dropped.
    if (seqs.has(seq) || !(isIts(entry) || isEdge || (kind === "drop" && seqs.has(seq - 1)))) continue;
    seqs.add(seq);
    added.push(entry);
  }
  const after = Math.max(known.after, page.next ?? page.last);
  const all = [...entries, ...added].sort((a, b) => a.seq - b.seq);
  const kept = all.length <= ENTRIES_MAX ? all : [...all.slice(0, FIRST), ...all.slice(FIRST - ENTRIES_MAX)];
  return { followed: { call, entries: kept, after }, news: new Set(added.map(({ seq }) => seq)) };
}

export function isOpen({ state }: Pick<RecordedCall, "state">): boolean {
  return state === "calling" || state === "up";
}

export function callIdsOf({ legs }: RecordedCall): string[] {
  return [...new Set(legs.map(({ call_id }) => call_id))];
}
