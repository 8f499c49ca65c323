/** Keeps the last calls on disk: soon when something becomes of one, seldom where many come, never while there are none. */
import { reasonOf } from "../base/reason.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { CallLog } from "../policy/call-log.ts";
import { readCalls, saveCalls } from "../policy/saved-calls.ts";
import type { KeeperPorts } from "./binding-keeper.ts";
import { NEWS_DELAY_ms, newsBudget } from "./save-pace.ts";

export class CallKeeper implements TimerOwner {
  private readonly ports: KeeperPorts;
  private readonly calls: CallLog;
  private readonly timers: Timers;
  /** Beyond the budget for news it is written so often at the most; a disk that was full is tried again as often. */
  interval_ms: number;
  private readonly timer = new Timer(this, "save");
  private readonly news = newsBudget();
  private isDirty = false;
  /** A write waits for the one before it, and takes the newest: a disk that hangs must not fill the memory. */
  private isQueued = false;
  /** The log has been told that it can't be written. */
  private isFailing = false;
  private writing: Promise<void> = Promise.resolve();

  constructor(ports: KeeperPorts, calls: CallLog, timers: Timers, interval_ms: number) {
    this.ports = ports;
    this.calls = calls;
    this.timers = timers;
    this.interval_ms = interval_ms;
  }

  /** Reads what was kept, then begins to keep. A file that can't be read is no reason not to. */
  async start(): Promise<void> {
    this.calls.onChange = () => this.changed();
    const { store, log, wallClock_ms, now_ms } = this.ports;
    try {
      const saved = await store.load();
      const { calls, faults } = readCalls(saved?.body ?? "", wallClock_ms(), now_ms());
      this.calls.restore(calls);
      if (faults > 0) log.warn("calls_unreadable", { error: `${faults} of ${calls.length + faults} lines` });
    } catch (error) {
      log.warn("calls_unreadable", { error: reasonOf(error) });
    }
  }

  /** Writes what isn't written yet. */
  async stop(): Promise<void> {
    this.timers.stop(this.timer);
    await this.writing;
    if (this.isDirty) await this.write();
  }

  onTimer(): void {
    this.isQueued = true;
    this.writing = this.writing.then(() => this.write());
  }

  private changed(): void {
    this.isDirty = true;
    if (this.isQueued) return;
    const now_ms = this.ports.now_ms();
    const { timers, timer, interval_ms } = this;
    const soon_ms = Math.min(NEWS_DELAY_ms, interval_ms);
    if (timer.isRunning && timer.deadline_ms <= now_ms + soon_ms) return;
    if (!this.isFailing && this.news.take(now_ms)) timers.start(timer, soon_ms, now_ms);
    else if (!timer.isRunning) timers.start(timer, interval_ms, now_ms);
  }

  private async write(): Promise<void> {
    const { store, log, wallClock_ms, now_ms } = this.ports;
    this.isQueued = false;
    this.isDirty = false;
    try {
      const wall_ms = wallClock_ms();
      await store.save(saveCalls(this.calls, wall_ms, now_ms()), wall_ms);
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) log.warn("calls_not_saved", { error: reasonOf(error) });
      this.isFailing = true;
      this.changed();
    }
  }
}
