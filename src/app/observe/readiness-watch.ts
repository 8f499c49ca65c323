/**
 * When a branch ceases to be ready for an outage, and is ready again: looked at each minute, since nothing tells. A fault counts once it has
 * been there for a minute; readiness that was lost counts as regained after some minutes without any, and the more of them the more often
 * it was lost: a fault that comes and goes is told a few times a day.
 */
import { Timer, type TimerOwner, type Timers } from "../../base/timers.ts";

const LOOK_ms = 60_000;
const LOST_AFTER_ms = 60_000;
const REGAINED_AFTER_ms = 5 * 60_000;
const REGAINED_AFTER_MOST_ms = 3_600_000;
/** After so long a time without a loss, the next one is the first. */
const QUIET_ms = 86_400_000;

export interface ReadinessTurn {
  readonly is_ready: boolean;
  /** What would fail, the worst first, such as "phones: no phone is registered"; none where it is ready. */
  readonly faults: readonly string[];
  /** Regained: for how long it was lost. */
  readonly lost_ms?: number;
}

export class ReadinessWatch implements TimerOwner<"look"> {
  private readonly timers: Timers;
  private readonly faults: () => readonly string[];
  private readonly tell: (turn: ReadinessTurn, now_ms: number) => void;
  private readonly timer = new Timer<"look">(this, "look");
  private isLost = false;
  /** When it was lost or regained last. */
  private turned_ms = Number.NEGATIVE_INFINITY;
  /** Since when looks find the contrary. */
  private other_ms: number | undefined = undefined;
  private regainedAfter_ms = REGAINED_AFTER_ms;

  /** @param faults what would fail now, as a turn tells it */
  constructor(timers: Timers, faults: () => readonly string[], tell: (turn: ReadinessTurn, now_ms: number) => void) {
    this.timers = timers;
    this.faults = faults;
    this.tell = tell;
  }

  /**
   * The first look is in a minute: phones and gateways are heard by then.
   * @param lost_ms since when it is lost, as is known from before a restart; undefined: it isn't
   */
  start(now_ms: number, lost_ms?: number): void {
    this.isLost = lost_ms !== undefined;
    this.turned_ms = lost_ms ?? this.turned_ms;
    this.timers.start(this.timer, LOOK_ms, now_ms);
  }

  stop(): void {
    this.timers.stop(this.timer);
  }

  /** Another file may have mended it, or the contrary: the first look is now. */
  onReload(now_ms: number): void {
    if (this.timer.isRunning) this.onTimer("look", now_ms);
  }

  onTimer(_kind: "look", now_ms: number): void {
    this.timers.start(this.timer, LOOK_ms, now_ms);
    const faults = this.faults();
    const isFaulty = faults.length > 0;
    if (isFaulty === this.isLost) {
      this.other_ms = undefined;
      return;
    }
    this.other_ms ??= now_ms;
    if (now_ms - this.other_ms < (isFaulty ? LOST_AFTER_ms : this.regainedAfter_ms)) return;
    const lasted_ms = now_ms - this.turned_ms;
    this.isLost = isFaulty;
    this.turned_ms = now_ms;
    this.other_ms = undefined;
    if (isFaulty) {
      const longer_ms = Math.min(2 * this.regainedAfter_ms, REGAINED_AFTER_MOST_ms);
      this.regainedAfter_ms = lasted_ms < QUIET_ms ? longer_ms : REGAINED_AFTER_ms;
      this.tell({ is_ready: false, faults }, now_ms);
    } else this.tell({ is_ready: true, faults, lost_ms: lasted_ms }, now_ms);
  }
}
