/** Which state upstream is forced into: by the file, by a command until further notice, or by a command for some time. */
import type { Logger } from "../../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../../base/timers.ts";
import type { ForcedStatus } from "../status.ts";

/** A state that an administrator has chosen; "auto": what is seen decides. */
export type Pin = "auto" | "up" | "down";

/** A command's choice ends by itself after this time at the latest: a rehearsal isn't longer. */
export const FORCED_MAX_ms = 7 * 24 * 3_600_000;

interface Parts {
  readonly timers: Timers;
  readonly log: Logger;
}

export class Forcing implements TimerOwner<"forced"> {
  private readonly parts: Parts;
  private readonly onChange: (now_ms: number) => void;
  private readonly timer = new Timer<"forced">(this, "forced");
  private byFile: Pin = "auto";
  private byCommand: Pin = "auto";
  private since_ms = 0;

  /** @param onChange hears that {@link pin} may be another from now on */
  constructor(parts: Parts, onChange: (now_ms: number) => void) {
    this.parts = parts;
    this.onChange = onChange;
  }

  /** What upstream's state is pinned to now. */
  get pin(): Pin {
    return this.byCommand === "auto" ? this.byFile : this.byCommand;
  }

  /** What the file says, where no command says otherwise. */
  takeFile(pin: Pin, now_ms: number): void {
    this.change(() => {
      this.byFile = pin;
    }, now_ms);
  }

  /**
   * What a command says; "auto" goes back to what the file says.
   * @param for_ms how long it holds; undefined: until another command or a restart
   */
  command(pin: Pin, now_ms: number, for_ms?: number): void {
    const { timers } = this.parts;
    timers.stop(this.timer);
    this.change(() => {
      this.byCommand = pin;
    }, now_ms);
    if (pin !== "auto" && for_ms !== undefined) timers.start(this.timer, for_ms, now_ms);
  }

  /** The time of a command is over. */
  onTimer(_kind: "forced", now_ms: number): void {
    const upstream = this.byCommand;
    this.change(() => {
      this.byCommand = "auto";
    }, now_ms);
    this.parts.log.warn("force_ended", { upstream, now: this.pin });
  }

  /** For good: nothing ends by itself any more. */
  stop(): void {
    this.parts.timers.stop(this.timer);
  }

  /** What forces upstream, since when and until when; undefined: nothing does. */
  get status(): ForcedStatus | undefined {
    if (this.pin === "auto") return undefined;
    const { since_ms, timer } = this;
    const by = this.byCommand === "auto" ? "file" : "command";
    return { by, since_ms, ...(timer.isRunning ? { until_ms: timer.deadline_ms } : {}) };
  }

  private change(take: () => void, now_ms: number): void {
    const before = this.pin;
    take();
    if (this.pin !== before) this.since_ms = now_ms;
    this.onChange(now_ms);
  }
}
