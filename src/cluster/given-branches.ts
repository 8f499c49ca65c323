/** Branches of calls that were given away: a response to one of them may still come here, and belongs to the member that goes on with the call. */
import { BoundedMap } from "../base/bounded-map.ts";
import type { Tale } from "./tale.ts";

/** A peer repeats its responses for 64·T1. */
const KEPT_ms = 32_000;
const BRANCHES_MAX = 10_000;

export class GivenBranches {
  /** Until when each is kept, by the key of its transaction; the oldest comes first. */
  private readonly kept = new BoundedMap<string, number>(BRANCHES_MAX);

  add({ transactions }: Tale, now_ms: number): void {
    for (const key of this.kept.keys()) {
      if (this.has(key, now_ms)) break;
      this.kept.delete(key);
    }
    for (const { key } of transactions) {
      this.kept.delete(key);
      this.kept.set(key, now_ms + KEPT_ms);
    }
  }

  has(key: string, now_ms: number): boolean {
    return (this.kept.get(key) ?? Number.NEGATIVE_INFINITY) > now_ms;
  }
}
