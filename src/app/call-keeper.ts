/** Keeps the last calls on disk: once per interval at the most while there are calls, and at the end. */
import { reasonOf } from "../base/reason.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { CallLog } from "../policy/call-log.ts";
import { readCalls, saveCalls } from "../policy/saved-calls.ts";
import type { KeeperPorts } from "./binding-keeper.ts";

export class CallKeeper implements TimerOwner {
  private readonly ports: KeeperPorts;
  private readonly calls: CallLog;
  private readonly timers: Timers;
  /** It is written so often at the most: flash wears out. */
  interval_ms: number;
  private readonly timer = new Timer(this, "save");
  private isDirty = false;
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
    // One write at a time: a disk that hangs must not fill the memory.
    this.writing = this.writing.then(() => this.write());
  }

  private changed(): void {
    if (this.isDirty) return;
    this.isDirty = true;
    this.timers.start(this.timer, this.interval_ms, this.ports.now_ms());
  }

  private async write(): Promise<void> {
    const { store, log, wallClock_ms, now_ms } = this.ports;
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
