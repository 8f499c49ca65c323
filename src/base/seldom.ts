/** Log lines about addresses, each address seldom: addresses can be forged, and logs are small. */
import { BoundedMap } from "./bounded-map.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Addresses whose last line is remembered, and when they get another one. */
const REMEMBERED = 256;
const AGAIN_ms = 3_600_000;
/** Lines a second about all of them, and at once after a rest. */
const LINES_PER_SECOND = 1 / 300;
const LINES_AT_ONCE = 10;

export class Seldom {
  private readonly told = new BoundedMap<string, number>(REMEMBERED);
  private readonly lines = new TokenBucket(LINES_PER_SECOND, LINES_AT_ONCE);

  /** Whether an address has had no line within the hour. */
  isDue(address: string, now_ms: number): boolean {
    return now_ms >= (this.told.get(address) ?? 0);
  }

  /** Whether a line about the address is due, and there is room for one; then it counts as written. */
  takes(address: string, now_ms: number): boolean {
    if (!this.isDue(address, now_ms) || !this.lines.take(now_ms)) return false;
    this.told.set(address, now_ms + AGAIN_ms);
    return true;
  }
}
