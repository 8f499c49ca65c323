/** Keeps the bindings on disk: soon when a phone is new or has moved, seldom otherwise, and never while nothing changes. */
import type { Logger } from "../base/ports.ts";
import { reasonOf } from "../base/reason.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { Callbacks } from "../policy/emergency/callbacks.ts";
import type { PeerMemory } from "../policy/peer-memory.ts";
import type { Bindings } from "../policy/phones/bindings.ts";
import { parseSnapshot, restoreSnapshot, takeSnapshot } from "../policy/snapshot.ts";
import type { Listener } from "../transport/flow.ts";
import { NEWS_DELAY_ms, newsBudget } from "./save-pace.ts";

/** A disk that was full, or still writes, is asked again after this time. */
const RETRY_ms = 60_000;
/** A binding is kept for a day after its end: an hour more does no harm. */
const EXPIRE_INTERVAL_ms = 3_600_000;
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

/** What becomes due. */
type Due = "save" | "retry" | "expire";

export class BindingKeeper implements TimerOwner<Due> {
  private readonly ports: KeeperPorts;
  private readonly bindings: Bindings;
  private readonly callbacks: Callbacks;
  private readonly timers: Timers;
  /** Refreshes that bring nothing new are written so often at the most. */
  interval_ms: number;
  private readonly cap_ms: number;
  private readonly peers: PeerMemory | undefined;
  private readonly saveTimer = new Timer<Due>(this, "save");
  private readonly retryTimer = new Timer<Due>(this, "retry");
  private readonly expireTimer = new Timer<Due>(this, "expire");
  /** When what was read had been written, by the clock of then, in ms since 1970; undefined: nothing was read. */
  savedAt_ms: number | undefined = undefined;
  private readonly news = newsBudget();
  /** Something isn't on disk yet, nor in a write that has begun. */
  private isDirty = false;
  /** Why the last write has failed; undefined: it hasn't. */
  failure: string | undefined = undefined;
  /** A write waits for the one before it. */
  private isQueued = false;
  private writing: Promise<void> = Promise.resolve();

  /**
   * @param interval_ms refreshes that bring nothing new are written so often at the most
   * @param cap_ms the longest registration that phones are told
   * @param peers kept beside them
   */
  constructor(
    ports: KeeperPorts,
    bindings: Bindings,
    callbacks: Callbacks,
    timers: Timers,
    interval_ms: number,
    cap_ms = 0,
    peers?: PeerMemory,
  ) {
    this.ports = ports;
    this.bindings = bindings;
    this.callbacks = callbacks;
    this.timers = timers;
    this.interval_ms = interval_ms;
    this.cap_ms = cap_ms;
    this.peers = peers;
  }

  /** Reads what was kept, then begins to keep. */
  async start(listeners: readonly Listener[]): Promise<void> {
    await this.restore(listeners);
    this.bindings.onChange = (isNews) => this.changed(isNews ? "news" : "refresh");
    this.callbacks.onChange = (isNews) => this.changed(isNews ? "emergency" : "refresh");
    if (this.peers !== undefined) this.peers.onChange = (isNews) => this.changed(isNews ? "news" : "refresh");
    this.expire(this.ports.now_ms());
  }

  /** Writes what isn't written yet; in an outage in any case: that upstream is down is believed only when it was saved lately. */
  async stop(): Promise<void> {
    const { timers, saveTimer, retryTimer, expireTimer } = this;
    for (const timer of [saveTimer, retryTimer, expireTimer]) timers.stop(timer);
    await this.writing;
    if (this.isDirty || this.peers?.knowsOutage === true) await this.write();
  }

  onTimer(kind: Due, now_ms: number): void {
    if (kind === "expire") this.expire(now_ms);
    else if (this.isDirty) this.queueWrite(now_ms);
  }

  private async restore(listeners: readonly Listener[]): Promise<void> {
    const { store, log, wallClock_ms, now_ms } = this.ports;
    try {
      const saved = await store.load();
      if (saved === undefined) return;
      const snapshot = parseSnapshot(saved.body);
      if (snapshot === undefined) throw new Error("not a snapshot of bindings");
      this.savedAt_ms = saved.savedAt_ms;
      const age_ms = wallClock_ms() - saved.savedAt_ms;
      const believed_ms = age_ms >= 0 && age_ms < AGE_MAX_ms ? age_ms : 0;
      const { bindings, callbacks, interval_ms, cap_ms } = this;
      restoreSnapshot(bindings, callbacks, snapshot, listeners, believed_ms, now_ms(), { interval_ms, cap_ms });
      this.peers?.restore(snapshot.peers ?? [], age_ms, now_ms());
      this.bindings.expire(now_ms());
      log.info("bindings_restored", { phones: this.bindings.size, age_s: Math.round(believed_ms / 1_000) });
    } catch (error) {
      log.warn("bindings_unreadable", { error: reasonOf(error) });
    }
  }

  /** Costs no write: what is too old is not restored either. */
  private expire(now_ms: number): void {
    this.bindings.expire(now_ms);
    this.timers.start(this.expireTimer, EXPIRE_INTERVAL_ms, now_ms);
  }

  private changed(what: "refresh" | "news" | "emergency"): void {
    this.isDirty = true;
    const now_ms = this.ports.now_ms();
    const { timers, saveTimer, interval_ms } = this;
    const soon_ms = Math.min(NEWS_DELAY_ms, interval_ms);
    if (saveTimer.isRunning && saveTimer.deadline_ms <= now_ms + soon_ms) return;
    const isUrgent = what === "emergency" || (what === "news" && this.news.take(now_ms));
    if (isUrgent) timers.start(saveTimer, soon_ms, now_ms);
    else if (!saveTimer.isRunning) timers.start(saveTimer, interval_ms, now_ms);
  }

  /** One write waits at the most, and takes the newest: a disk that hangs must not fill the memory. */
  private queueWrite(now_ms: number): void {
    this.timers.start(this.retryTimer, Math.min(RETRY_ms, this.interval_ms), now_ms);
    if (this.isQueued) return;
    this.isQueued = true;
    this.writing = this.writing.then(() => this.write());
  }

  private async write(): Promise<void> {
    this.isQueued = false;
    this.isDirty = false;
    const { store, log, wallClock_ms, now_ms } = this.ports;
    try {
      const snapshot = takeSnapshot(this.bindings, this.callbacks, now_ms(), this.peers);
      await store.save(JSON.stringify(snapshot), wallClock_ms());
      if (!this.isQueued) this.timers.stop(this.retryTimer);
      this.failure = undefined;
    } catch (error) {
      this.isDirty = true;
      this.failure = reasonOf(error);
      log.warn("bindings_not_saved", { error: this.failure });
    }
  }
}
