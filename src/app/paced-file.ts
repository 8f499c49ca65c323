/** Keeps a text on disk: soon when there is news, seldom where much comes, never while there is none. */
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { KeeperPorts } from "./binding-keeper.ts";
import { NEWS_DELAY_ms, newsBudget } from "./save-pace.ts";

export class PacedFile implements TimerOwner {
  /** Beyond the budget for news it is written so often at the most; a disk that was full is tried again as often. */
  interval_ms: number;
  private readonly ports: KeeperPorts;
  private readonly timers: Timers;
  private readonly text: (wall_ms: number, now_ms: number) => string;
  private readonly onFailure: (error: unknown) => void;
  private readonly timer = new Timer(this, "save");
  private readonly news = newsBudget();
  private isDirty = false;
  /** A write waits for the one before it, and takes the newest: a disk that hangs must not fill the memory. */
  private isQueued = false;
  /** It has been told that it can't be written. */
  private isFailing = false;
  private writing: Promise<void> = Promise.resolve();

  /**
   * @param text what is to be written, at `now_ms`
   * @param onFailure told the first of failures in a row
   */
  constructor(
    ports: KeeperPorts,
    timers: Timers,
    interval_ms: number,
    text: (wall_ms: number, now_ms: number) => string,
    onFailure: (error: unknown) => void,
  ) {
    this.ports = ports;
    this.timers = timers;
    this.interval_ms = interval_ms;
    this.text = text;
    this.onFailure = onFailure;
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

  /** The text is another one now. */
  changed(): void {
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
    const { store, wallClock_ms, now_ms } = this.ports;
    this.isQueued = false;
    this.isDirty = false;
    try {
      const wall_ms = wallClock_ms();
      await store.save(this.text(wall_ms, now_ms()), wall_ms);
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.onFailure(error);
      this.isFailing = true;
      this.changed();
    }
  }
}
