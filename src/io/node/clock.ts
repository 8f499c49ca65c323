/** Time, as the core gets it. Only what belongs to sockets and files of the host has timers beside this one. */
import { performance } from "perf_hooks";

/** Node takes a longer time for no time at all. Waking too early does no harm. */
const LONGEST_ms = 2 ** 31 - 1;

export class SystemClock {
  private readonly onWake: () => void;
  private timer: NodeJS.Timeout | undefined = undefined;
  private wakeAt_ms = Number.POSITIVE_INFINITY;
  /** The second that was told last, and its words up to the point. */
  private second = Number.NaN;
  private words = "";

  /** @param onWake called at or soon after the time that was asked for */
  constructor(onWake: () => void) {
    this.onWake = onWake;
  }

  /** Milliseconds that never jump; their zero means nothing. */
  now_ms(): number {
    return performance.now();
  }

  /** Milliseconds since 1970; wrong on a router that hasn't asked anybody yet. */
  wallClock_ms(): number {
    return Date.now();
  }

  /** ISO 8601, of milliseconds since 1970. */
  isoTime(time_ms: number): string {
    const whole_ms = Math.trunc(time_ms);
    const second = Math.floor(whole_ms / 1_000);
    // Times that are told together are mostly close to each other, and a Date costs ten times as much.
    if (second !== this.second) this.words = new Date(second * 1_000).toISOString().slice(0, -4);
    this.second = second;
    return `${this.words}${String(1_000 + whole_ms - second * 1_000).slice(1)}Z`;
  }

  /** Asks to be woken at `at_ms`. An earlier wish that still stands is enough: waking too early does no harm. */
  wakeAt(at_ms: number, now_ms: number): void {
    if (this.wakeAt_ms <= at_ms) return;
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.wakeAt_ms = at_ms;
    this.timer = setTimeout(this.wake, Math.min(LONGEST_ms, Math.max(0, Math.ceil(at_ms - now_ms))));
  }

  stop(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    this.wakeAt_ms = Number.POSITIVE_INFINITY;
  }

  private readonly wake = (): void => {
    this.timer = undefined;
    this.wakeAt_ms = Number.POSITIVE_INFINITY;
    this.onWake();
  };
}

/** Seconds since 1970, of a time of day in ISO 8601. */
export function secondsOf(time: string): number {
  return Date.parse(time) / 1_000;
}

/** By the clock that {@link SystemClock.now_ms} has. */
export function monotonic_ms(): number {
  return performance.now();
}
