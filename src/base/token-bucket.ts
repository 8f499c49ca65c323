/** A token bucket: a rate per second, and a burst. */

export interface Rate {
  /** Per second. */
  readonly rate: number;
  /** At once, after a rest. */
  readonly burst: number;
}

export const NO_LIMIT: Rate = { rate: 1e9, burst: 1e9 };

export class TokenBucket {
  private readonly rate: number;
  private readonly size: number;
  private tokens: number;
  private filled_ms = 0;

  /**
   * @param rate tokens per second
   * @param size how many can be taken at once after a rest
   */
  constructor(rate: number, size: number) {
    this.rate = rate;
    this.size = Math.max(1, size);
    this.tokens = this.size;
  }

  /** False when there is none left for now. */
  take(now_ms: number): boolean {
    if (!this.has(now_ms)) return false;
    this.tokens -= 1;
    return true;
  }

  /** Whether there is one left for now. */
  has(now_ms: number): boolean {
    this.tokens = Math.min(this.size, this.tokens + ((now_ms - this.filled_ms) * this.rate) / 1_000);
    this.filled_ms = now_ms;
    return this.tokens >= 1;
  }
}
