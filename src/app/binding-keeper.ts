/** Keeps the bindings on disk: soon when a phone is new or has moved, seldom otherwise, and never while nothing changes. */
import type { Logger } from "../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Bindings } from "../policy/bindings.ts";
import type { Callbacks } from "../policy/callbacks.ts";
import { parseSnapshot, restoreSnapshot, takeSnapshot } from "../policy/snapshot.ts";
import type { Listener } from "../transport/flow.ts";

/** Several phones that come at once are one write. */
const NEWS_DELAY_ms = 5_000;
/** A clock that claims more than this has been set since: routers have none of their own. */
const AGE_MAX_ms = 30 * 86_400_000;

/** Where the snapshot is kept. */
export interface Store {
  load(): Promise<{ readonly body: string; readonly savedAt_ms: number } | undefined>;
  save(body: string, savedAt_ms: number): Promise<void>;
}

export interface KeeperPorts {
  readonly store: Store;
  readonly log: Logger;
  /** Milliseconds since 1970, as far as the router knows. */
  readonly wallClock_ms: () => number;
  readonly now_ms: () => number;
}

export class BindingKeeper implements TimerOwner {
  private readonly ports: KeeperPorts;
  private readonly bindings: Bindings;
  private readonly callbacks: Callbacks;
  private readonly timers: Timers;
  private readonly interval_ms: number;
  private readonly timer = new Timer(this, "save");
  private isDirty = false;
  private writing: Promise<void> = Promise.resolve();

  /** @param interval_ms refreshes that bring nothing new are written so often at the most */
  constructor(ports: KeeperPorts, bindings: Bindings, callbacks: Callbacks, timers: Timers, interval_ms: number) {
    this.ports = ports;
    this.bindings = bindings;
    this.callbacks = callbacks;
    this.timers = timers;
    this.interval_ms = interval_ms;
  }

  /** Reads what was kept, then begins to keep. */
  async start(listeners: readonly Listener[]): Promise<void> {
    const saved = await this.ports.store.load();
    const snapshot = saved === undefined ? undefined : parseSnapshot(saved.body);
    if (saved !== undefined && snapshot === undefined) this.ports.log.warn("bindings_unreadable", {});
    if (saved !== undefined && snapshot !== undefined) {
      const age_ms = this.ports.wallClock_ms() - saved.savedAt_ms;
      const believed_ms = age_ms >= 0 && age_ms < AGE_MAX_ms ? age_ms : 0;
      restoreSnapshot(this.bindings, this.callbacks, snapshot, listeners, believed_ms, this.ports.now_ms());
      this.ports.log.info("bindings_restored", { phones: this.bindings.size, age_s: Math.round(believed_ms / 1_000) });
    }
    this.bindings.onChange = (isNews) => this.changed(isNews);
    this.callbacks.onChange = () => this.changed(true);
  }

  /** Writes what isn't written yet. */
  async stop(): Promise<void> {
    this.timers.stop(this.timer);
    if (this.isDirty) this.write();
    await this.writing;
  }

  onTimer(_kind: string, now_ms: number): void {
    this.bindings.expire(now_ms);
    this.write();
  }

  private changed(isNews: boolean): void {
    const now_ms = this.ports.now_ms();
    const delay_ms = isNews ? Math.min(NEWS_DELAY_ms, this.interval_ms) : this.interval_ms;
    const isSoonEnough = this.timer.isRunning && this.timer.deadline_ms <= now_ms + delay_ms;
    this.isDirty = true;
    if (!isSoonEnough) this.timers.start(this.timer, delay_ms, now_ms);
  }

  private write(): void {
    this.isDirty = false;
    const body = JSON.stringify(takeSnapshot(this.bindings, this.callbacks, this.ports.now_ms()));
    this.writing = this.writing
      .then(() => this.ports.store.save(body, this.ports.wallClock_ms()))
      .catch((error: unknown) => this.ports.log.warn("bindings_not_saved", { error: String(error) }));
  }
}
