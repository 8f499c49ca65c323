/** Times of events by the router's clock: the same event has the same time whenever it is asked for. */

/** A router without a battery begins in 1970, and jumps once it has asked somebody: smaller steps are no such thing. */
const JUMP_ms = 1_000;

export class WallTime {
  private readonly now_ms: () => number;
  private readonly wallClock_ms: () => number;
  private offset_ms = Number.NaN;

  /**
   * @param now_ms the time that never jumps, by which events are noted
   * @param wallClock_ms milliseconds since 1970, as the router believes at this moment
   */
  constructor(now_ms: () => number, wallClock_ms: () => number) {
    this.now_ms = now_ms;
    this.wallClock_ms = wallClock_ms;
  }

  /**
   * Milliseconds since 1970 of what happened at `at_ms`, whole ones. It is told otherwise only once the router's clock has been
   * set, by a second or more: then all events have the time that they would have had by the new clock.
   */
  of(at_ms: number): number {
    const offset_ms = this.wallClock_ms() - this.now_ms();
    // The first time the offset isn't a number: nothing is within any distance of it.
    if (!(Math.abs(offset_ms - this.offset_ms) < JUMP_ms)) this.offset_ms = offset_ms;
    return Math.round(at_ms + this.offset_ms);
  }
}
