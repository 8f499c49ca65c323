/** The most calls at once of each of the last days: what readiness compares channels with. */

/** Days of which the busiest counts. */
const PEAK_DAYS = 14;
const DAY_ms = 86_400_000;

export class BusyDays {
  private readonly wallOf: (at_ms: number) => number;
  /** By the day since 1970: the most calls at once. */
  private readonly peaks = new Map<number, number>();

  /** @param wallOf milliseconds since 1970 of what happened at `at_ms` */
  constructor(wallOf: (at_ms: number) => number) {
    this.wallOf = wallOf;
  }

  /** Of the day of `at_ms`. */
  peakOf(at_ms: number): number {
    return this.peaks.get(this.dayOf(at_ms)) ?? 0;
  }

  /** This number of calls ring or are up at once. @returns whether the day hasn't had as many before */
  note(calls: number, at_ms: number): boolean {
    if (calls <= this.peakOf(at_ms)) return false;
    this.peaks.set(this.dayOf(at_ms), calls);
    return true;
  }

  /** The most on one of the last {@link PEAK_DAYS} days. */
  most(now_ms: number): number {
    const today = this.dayOf(now_ms);
    // A clock that was wrong has made days that are to come.
    for (const day of this.peaks.keys()) if (day > today || day <= today - PEAK_DAYS) this.peaks.delete(day);
    return Math.max(0, ...this.peaks.values());
  }

  /** Takes what a file has: the day since 1970, and its calls. */
  restore(peaks: readonly (readonly [number, number])[]): void {
    for (const [day, calls] of peaks) if (calls > (this.peaks.get(day) ?? 0)) this.peaks.set(day, calls);
  }

  /** The last {@link PEAK_DAYS} days. */
  save(): [number, number][] {
    return [...this.peaks].sort(([a], [b]) => a - b).slice(-PEAK_DAYS);
  }

  private dayOf(at_ms: number): number {
    return Math.floor(this.wallOf(at_ms) / DAY_ms);
  }
}
