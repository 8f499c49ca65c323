/** What a branch waits for, one thing after the other, and how long each address may take meanwhile. */
import { Timer, type TimerOwner } from "../base/timers.ts";
import { addressShare_ms } from "./address-share.ts";
import type { ProxyKit } from "./kit.ts";

export type Wait = "fr_timer" | "hush" | "verdict" | "timer_c";

export abstract class Patience implements TimerOwner {
  protected readonly kit: ProxyKit;
  /** fr_timer until something comes, once more when that is only a 100, then timer C. */
  protected timer: Timer | undefined = undefined;
  /** When fr_timer is over. */
  protected until_ms = 0;
  /** Runs while there are other addresses to try. */
  private nextTimer: Timer | undefined = undefined;

  constructor(kit: ProxyKit) {
    this.kit = kit;
  }

  abstract onTimer(kind: string, now_ms: number): void;

  protected startTimer(kind: Wait, delay_ms: number, now_ms: number): void {
    this.stopTimer();
    if (kind === "fr_timer") this.until_ms = now_ms + delay_ms;
    this.timer = new Timer(this, kind);
    this.kit.timers.start(this.timer, delay_ms, now_ms);
  }

  /** @param tries addresses tried so far */
  protected startShare(whole_ms: number | undefined, tries: number, now_ms: number): void {
    this.nextTimer ??= new Timer(this, "next");
    this.kit.timers.start(this.nextTimer, addressShare_ms(whole_ms, tries), now_ms);
  }

  protected stopTimer(): void {
    if (this.timer !== undefined) this.kit.timers.stop(this.timer);
    if (this.nextTimer !== undefined) this.kit.timers.stop(this.nextTimer);
  }
}
