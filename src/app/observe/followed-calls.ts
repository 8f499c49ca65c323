/** The calls that `trace --follow` shows: however long their list is, two questions tell what is new. */
import type { RecordedCall } from "../recorded-calls.ts";
import { CALL_IDS_CHARACTERS_MAX, callIdsOf, type Followed, followedAfter, followedCall, isOpen } from "./followed.ts";
import type { TracePage } from "./trace.ts";

/** Calls that are followed at once. */
export const FOLLOWED_MAX = 50;
/** A call that has ended is looked at so often once more: answers to its BYE come later. */
const LOOKS_AFTER_END = 10;
/** Calls that are remembered as done: what becomes of them later isn't told. */
const DONE_MAX = 1_000;

/** What is new of a call. */
export interface News {
  readonly followed: Followed;
  readonly news: ReadonlySet<number>;
}

export class FollowedCalls {
  private readonly calls = new Map<number, Followed & { readonly looks: number }>();
  /** All of whose messages are known. */
  private readonly done = new Set<number>();
  /** Whether there was no room for a call. */
  isTooMany = false;

  /** Follows these calls, or what has become of them. */
  take(calls: readonly RecordedCall[]): void {
    for (const call of calls) {
      const known = this.calls.get(call.id);
      if (this.done.has(call.id)) continue;
      if (known === undefined && this.calls.size >= FOLLOWED_MAX) this.isTooMany = true;
      else this.calls.set(call.id, { ...followedCall(call, known), looks: LOOKS_AFTER_END });
    }
  }

  /** One group for those that are new, and one for all others; each is a question. Those that were asked about long ago come first. */
  groups(): Followed[][] {
    const all = [...this.calls.values()].sort((a, b) => a.after - b.after);
    const groups = [all.filter(({ after }) => after === 0), all.filter(({ after }) => after > 0)];
    return groups.map(fitting).filter((group) => group.length > 0);
  }

  /** The answer to the question about a group. */
  answered(group: readonly Followed[], page: TracePage): News[] {
    return group.flatMap(({ call: { id } }) => {
      const known = this.calls.get(id);
      if (known === undefined) return [];
      const one = followedAfter(known, page);
      const looks = isOpen(known.call) ? LOOKS_AFTER_END : known.looks - 1;
      if (looks > 0) this.calls.set(id, { ...one.followed, looks });
      else this.end(id);
      return one.news.size > 0 ? [one] : [];
    });
  }

  private end(id: number): void {
    this.calls.delete(id);
    if (this.done.size >= DONE_MAX) this.done.clear();
    this.done.add(id);
  }
}

/** As many of them as a question has room for. */
function fitting(all: readonly Followed[]): Followed[] {
  let characters = 0;
  return all.filter(({ call }, index) => {
    characters += callIdsOf(call).join("").length;
    return index === 0 || characters <= CALL_IDS_CHARACTERS_MAX;
  });
}
