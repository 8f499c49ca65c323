/** The takers of parts, by kinds. */
import type { Logger } from "../base/ports.ts";
import { reasonOf } from "../base/reason.ts";
import { Seldom } from "../base/seldom.ts";
import type { Part, PartTaker } from "./ports.ts";

export class Takers {
  private readonly log: Logger;
  private readonly byKind = new Map<string, PartTaker>();
  private readonly failures = new Seldom();

  constructor(log: Logger) {
    this.log = log;
  }

  /** Parts of these kinds go to `taker` from now on. */
  attach(kinds: readonly string[], taker: PartTaker): void {
    for (const kind of kinds) this.byKind.set(kind, taker);
  }

  /** A kind that nobody takes is passed over: a newer version may know it. */
  hand(from: string, part: Part, now_ms: number): void {
    try {
      this.byKind.get(part[0])?.take(from, part, now_ms);
    } catch (error) {
      // A bug met by one part of another version must not cost the others, nor fill the log.
      if (this.failures.takes(part[0], now_ms)) this.log.error("event_failed", { error: reasonOf(error) });
    }
  }
}
