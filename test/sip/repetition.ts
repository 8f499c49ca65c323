/** Repetition over UDP: after T1, 2·T1, 4·T1 … (RFC 3261 §17). */
import type { Clock } from "./wire.ts";

export const T1_MS = 500;
export const T2_MS = 4_000;
export const T4_MS = 5_000;
/** 64·T1: nothing is repeated for longer. */
export const GIVE_UP_MS = 64 * T1_MS;

/** Calls `again` while `isUnanswered`; the interval doubles up to `most_ms`. */
export function repeat(
  clock: Clock,
  isUnanswered: () => boolean,
  again: () => void,
  most_ms = Number.POSITIVE_INFINITY,
): void {
  const next = (delay_ms: number): void =>
    clock.after(delay_ms, () => {
      if (!isUnanswered()) return;
      again();
      next(Math.min(2 * delay_ms, most_ms));
    });
  next(T1_MS);
}

/** {@link repeat}, and its end: `giveUp` is called 64·T1 after the first, unless it is stopped. */
export class Repetition {
  private isResting = false;
  private isOver = false;

  constructor(clock: Clock, again: () => void, giveUp: () => void, most_ms = GIVE_UP_MS) {
    repeat(clock, () => !this.isResting && !this.isOver, again, most_ms);
    clock.after(GIVE_UP_MS, () => {
      if (this.isOver) return;
      this.isOver = true;
      giveUp();
    });
  }

  /** Nothing is sent again, but the limit stays. */
  rest(): void {
    this.isResting = true;
  }

  stop(): void {
    this.isOver = true;
  }
}
