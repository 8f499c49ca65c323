/** What a branch waits for, one thing after the other, and how long each address may take meanwhile. */
import { Timer, type TimerOwner } from "../base/timers.ts";
import type { ClientTransaction } from "../transaction/client-transaction.ts";
import { TIMER_C_ms, PATIENCE_ms as TRANSACTION_ms } from "../transaction/timers.ts";
import { addressShare_ms } from "./address-share.ts";
import { noteSilence, tellSilence } from "./evidence.ts";
import type { ProxyKit } from "./kit.ts";
import type { Copy } from "./outgoing.ts";
import type { Target, TargetObserver } from "./router.ts";

export type Wait = "fr_timer" | "hush" | "verdict" | "timer_c";
/** What becomes due for a branch: the end of a wait, the next address, another try. */
export type BranchTimer = Wait | "next" | "retry";

/** A line that is back is used this much later at the most. */
const RETRY_ms = 1_000;

/** What a branch is made of. */
export interface BranchParts extends Copy {
  /** The target's, found as the branch starts. */
  readonly observer: TargetObserver | undefined;
  readonly fr_timer_ms: number | undefined;
}

export abstract class Patience implements TimerOwner<BranchTimer> {
  protected readonly kit: ProxyKit;
  /** fr_timer until something comes, once more when that is only a 100, then timer C. */
  protected timer: Timer | undefined = undefined;
  /** When fr_timer is over. */
  protected until_ms = 0;
  /** Runs while there are other addresses to try. */
  private nextTimer: Timer | undefined = undefined;
  /** Runs while the target can't be reached, where it is tried again. */
  private retryTimer: Timer | undefined = undefined;
  /** Since when it can't be; infinity before that. */
  protected triedSince_ms = Number.POSITIVE_INFINITY;

  readonly target: Target;
  protected readonly observer: TargetObserver | undefined;
  protected readonly fr_timer_ms: number | undefined;
  /** Where the copy has gone last. Undefined: nowhere yet, or again all addresses that have said nothing are waited for. */
  protected transaction: ClientTransaction | undefined = undefined;
  /** The address that was asked last has answered, be it by 100. */
  protected hasProvisional = false;
  /** All that have been asked, but for those that can't be reached. */
  protected readonly asked: ClientTransaction[] = [];
  private readonly method: string;

  constructor(kit: ProxyKit, { target, observer, fr_timer_ms, routed }: BranchParts) {
    this.kit = kit;
    this.target = target;
    this.observer = observer;
    this.fr_timer_ms = fr_timer_ms;
    this.method = routed.request.method;
  }

  /** Whether the target couldn't be reached, and was looked for once more. */
  protected get hasRetried(): boolean {
    return this.retryTimer !== undefined;
  }

  /** Whether the target has another address to try. */
  protected abstract get hasNext(): boolean;

  protected abstract sendToNextFlow(now_ms: number): void;

  abstract onTimer(kind: BranchTimer, now_ms: number): void;

  protected startTimer(kind: Wait, delay_ms: number, now_ms: number): void {
    this.stopTimer();
    if (kind === "fr_timer") this.until_ms = now_ms + delay_ms;
    this.timer = new Timer<BranchTimer>(this, kind);
    this.kit.timers.start(this.timer, delay_ms, now_ms);
  }

  /** @param tries addresses tried so far */
  protected startShare(whole_ms: number | undefined, tries: number, now_ms: number): void {
    this.nextTimer ??= new Timer<BranchTimer>(this, "next");
    this.kit.timers.start(this.nextTimer, addressShare_ms(whole_ms, tries), now_ms);
  }

  /**
   * Tries to reach the target once more, a little later, where that is wanted.
   * @param isOpen the branch hasn't ended: that of a BYE goes on beyond its end
   * @returns whether nothing else is to be done now
   */
  protected persist(isOpen: boolean, now_ms: number): boolean {
    if (this.target.isPersistent !== true) return false;
    const isBye = this.method === "BYE";
    if (!isBye && this.fr_timer_ms === undefined) return false;
    if (!isBye && this.retryTimer === undefined) this.observer?.onUnreachable(this.method, now_ms);
    this.triedSince_ms = Math.min(this.triedSince_ms, now_ms);
    if (!isBye || now_ms - this.triedSince_ms < TRANSACTION_ms) {
      this.retryTimer ??= new Timer<BranchTimer>(this, "retry");
      this.kit.timers.start(this.retryTimer, RETRY_ms, now_ms);
    }
    return !isBye || !isOpen;
  }

  protected stopRetry(): void {
    if (this.retryTimer !== undefined) this.kit.timers.stop(this.retryTimer);
  }

  protected stopTimer(): void {
    if (this.timer !== undefined) this.kit.timers.stop(this.timer);
    if (this.nextTimer !== undefined) this.kit.timers.stop(this.nextTimer);
  }

  /** No other address is left: those that have said nothing may answer while fr_timer runs. */
  protected askAgain(now_ms: number): boolean {
    const silent = this.asked.filter((one) => this.kit.transactions.resume(one, now_ms));
    if (silent.length === 0) return false;
    this.transaction = undefined;
    this.hasProvisional = false;
    this.observer?.onHush?.(now_ms);
    return true;
  }

  protected abandonAll(now_ms: number): void {
    for (const one of this.asked) this.kit.transactions.abandon(one, now_ms);
  }

  /** An address that had been given up has the call: the one that is asked now must not ring on. */
  protected passOver(now_ms: number): void {
    if (this.transaction === undefined) return;
    this.kit.transactions.cancel(this.transaction, "", now_ms);
    this.abandonAll(now_ms);
  }

  /** Nothing has followed a 100: the target's observer asks it. One of several addresses comes last until it answers. */
  protected ask(now_ms: number): void {
    const flow = this.hasNext ? this.transaction?.flow : undefined;
    if (flow !== undefined) this.kit.locator.markDead(flow, now_ms);
    if (flow === undefined) this.startTimer("timer_c", TIMER_C_ms, now_ms);
    else this.startTimer("verdict", this.fr_timer_ms ?? 0, now_ms);
    this.observer?.onHush?.(now_ms);
  }

  /** An address that hasn't answered that either is passed over; one that is only slow may ring on. */
  protected judge(now_ms: number): void {
    const { transaction } = this;
    if (transaction === undefined || !this.kit.locator.isDead(transaction.flow, now_ms)) {
      this.startTimer("timer_c", TIMER_C_ms, now_ms);
      return;
    }
    this.kit.transactions.cancel(transaction, "", now_ms);
    this.startTimer("fr_timer", this.fr_timer_ms ?? 0, now_ms);
    this.sendToNextFlow(now_ms);
  }

  protected heardNothing(now_ms: number): void {
    if (this.transaction !== undefined) noteSilence(this.kit, this.transaction.flow, now_ms);
    tellSilence(this.observer, this.asked, this.method, now_ms);
  }

  /** Timer C; but where the target has an observer, a 100 that nothing follows is worth a question to it. */
  protected beginPatience(status: number, now_ms: number): void {
    const isWatched = this.fr_timer_ms !== undefined && this.observer?.onHush !== undefined;
    if (status === 100 && isWatched) this.startTimer("hush", this.fr_timer_ms ?? 0, now_ms);
    else this.startTimer("timer_c", TIMER_C_ms, now_ms);
  }
}
