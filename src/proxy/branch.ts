/** One branch of a response context: a target, and what became of the copy sent to it (RFC 3261 §16.6, §16.7). */
import { assertNever } from "../base/assert.ts";
import type { Response } from "../message/message.ts";
import type { ClientTransaction, ClientUser } from "../transaction/client-transaction.ts";
import type { ServerTransaction } from "../transaction/server-transaction.ts";
import { PATIENCE_ms } from "../transaction/timers.ts";
import type { Flow } from "../transport/flow.ts";
import type { FlowWaiter } from "../transport/locator.ts";
import type { Final } from "./best-response.ts";
import type { BranchUser } from "./branch-user.ts";
import { noteSilence, tellAnswer } from "./evidence.ts";
import type { ProxyKit } from "./kit.ts";
import { LateAnswer } from "./late-answer.ts";
import { isMuted } from "./muted.ts";
import { hopBehind, isFlow, isSips, nextHopOf, sendCopy } from "./outgoing.ts";
import { type BranchParts, type BranchTimer, Patience } from "./patience.ts";
import type { RoutedRequest, WaitingRequest } from "./router.ts";

export class Branch extends Patience implements ClientUser, FlowWaiter, WaitingRequest {
  readonly routed: RoutedRequest;
  /** How it ended; undefined while it is open. */
  final: Final | undefined = undefined;
  /** It ended because nobody answered, or because the target can't be reached. */
  isSilent = false;
  /** It ended by an answer that speaks for the target's party alone. */
  isMuted = false;
  readonly running: BranchUser<Branch>;
  private readonly copy: BranchParts;
  private flows: readonly Flow[] = [];
  private flowIndex = 0;
  /** The target leaves the transport to us: a request too long for a datagram can go by TCP. */
  private mayUseTcp = false;
  private wasGivenUp = false;
  /** A provisional response other than 100: somebody's phone may ring. */
  private isRinging = false;
  /** The Reason lines to cancel with, once cancelling has been asked for. */
  private cancelReason: string | undefined = undefined;

  constructor(kit: ProxyKit, user: BranchUser<Branch>, parts: BranchParts) {
    super(kit, parts);
    this.running = user;
    this.copy = parts;
    this.routed = parts.routed;
  }

  get isOpen(): boolean {
    return this.final === undefined;
  }

  protected get hasNext(): boolean {
    return this.flowIndex < this.flows.length;
  }

  start(now_ms: number): void {
    this.observer?.onStart(this, now_ms);
    if (this.fr_timer_ms !== undefined) this.startTimer("fr_timer", this.fr_timer_ms, now_ms);
    this.locate(now_ms);
  }

  private locate(now_ms: number): void {
    const hop = nextHopOf(this.routed, this.target, this.kit.listeners);
    if (hop === undefined) this.onLocated([], now_ms);
    else if (isFlow(hop)) this.onLocated([hop], now_ms);
    else {
      this.mayUseTcp = hop.protocol === undefined;
      const flows = this.kit.locator.locate(hop, this, now_ms, this.routed.request.callId);
      if (flows !== undefined) this.onLocated(flows, now_ms);
      else if (this.isOpen && this.timer === undefined) this.startTimer("fr_timer", PATIENCE_ms, now_ms);
    }
  }

  onLocated(flows: readonly Flow[], now_ms: number): void {
    if (!this.isOpen && !this.goesOn) return;
    // While the way was looked for once more, an earlier try may have got through after all.
    if (this.hasRetried && this.hasProvisional) return;
    this.flows = isSips(this.routed, this.target) ? flows.filter(({ listener }) => listener.transport.isSecure) : flows;
    this.flowIndex = 0;
    try {
      this.sendToNextFlow(now_ms);
    } catch (error) {
      this.running.onBug(error, now_ms);
    }
  }

  /**
   * The answer isn't wanted any more. A target that has shown a sign of life gets CANCEL; any other is no longer waited for,
   * and gets CANCEL should it answer late (§9.1).
   */
  cancel(reason: string, now_ms: number): void {
    if (this.cancelReason !== undefined) return;
    this.cancelReason = reason;
    this.stopRetry();
    if (this.transaction === undefined || !this.hasProvisional) {
      this.end({ status: 487, response: undefined }, now_ms);
    } else if (this.isOpen) {
      this.stopTimer();
      this.kit.transactions.cancel(this.transaction, reason, now_ms);
    }
  }

  /** Like {@link cancel}, but doesn't wait for the 487. */
  dismiss(reason: string, status: number, now_ms: number): void {
    if (!this.isOpen) return;
    const wasCancelled = this.cancelReason !== undefined;
    this.cancelReason ??= reason;
    if (this.transaction !== undefined && this.hasProvisional && !wasCancelled) {
      this.kit.transactions.cancel(this.transaction, reason, now_ms);
    }
    this.end({ status, response: undefined }, now_ms);
  }

  rescue(now_ms: number): void {
    if (!this.isOpen || this.isRinging || this.cancelReason !== undefined) return;
    this.isSilent = true;
    this.dismiss("", 408, now_ms);
  }

  onResponse(transaction: ClientTransaction, response: Response, now_ms: number): void {
    tellAnswer(this.observer, transaction, response.status, now_ms);
    this.kit.locator.markAlive(transaction.flow);
    if (transaction !== this.transaction && this.mayTurnTo(transaction, response.status)) {
      this.transaction = transaction;
      this.abandonAll(now_ms);
    }
    if (transaction !== this.transaction && response.status < 200) {
      // An address that had been given up answers after all.
      this.kit.transactions.cancel(transaction, "", now_ms);
    } else if (transaction !== this.transaction && response.status >= 300) {
      return;
    } else if (response.status >= 300 && isMuted(this.target, response)) {
      this.isMuted = true;
      this.end({ status: 480, response: undefined }, now_ms);
    } else if (this.isRefusal(response)) {
      // RFC 3263 §4.3: this server can't, another may.
      this.kit.locator.markDead(transaction.flow, now_ms);
      if (this.fr_timer_ms !== undefined) {
        this.startTimer("fr_timer", this.hasNext ? this.fr_timer_ms : this.until_ms - now_ms, now_ms);
      }
      this.sendToNextFlow(now_ms);
    } else if (response.status >= 300) this.end({ status: response.status, response }, now_ms);
    else if (response.status >= 200) this.succeed(transaction, response, now_ms);
    else this.proceed(transaction, response, now_ms);
  }

  onTimeout(transaction: ClientTransaction, now_ms: number): void {
    if (!this.isOpen || !this.isWaitingFor(transaction)) return;
    this.isSilent = !this.hasProvisional;
    if (this.isSilent) this.heardNothing(now_ms);
    this.end({ status: 408, response: undefined }, now_ms);
  }

  onUnreachable(transaction: ClientTransaction, now_ms: number): void {
    if (!this.isWaitingFor(transaction)) return;
    this.asked.splice(this.asked.indexOf(transaction), 1);
    if (transaction.flow.isTrial === true) {
      this.kit.tcpReach.lacks(transaction.flow, now_ms);
      this.flowIndex -= 1;
    }
    this.sendToNextFlow(now_ms);
  }

  onTimer(kind: BranchTimer, now_ms: number): void {
    try {
      this.expire(kind, now_ms);
    } catch (error) {
      this.running.onBug(error, now_ms);
    }
  }

  private expire(kind: BranchTimer, now_ms: number): void {
    if (kind === "next") this.hurry(now_ms);
    else if (kind === "retry") this.locate(now_ms);
    else if (kind === "fr_timer") {
      this.isSilent = true;
      this.heardNothing(now_ms);
      this.end({ status: 408, response: undefined }, now_ms);
    } else if (kind === "hush") this.ask(now_ms);
    else if (kind === "verdict") this.judge(now_ms);
    else if (kind === "timer_c") this.dismiss("", 408, now_ms);
    else assertNever(kind);
  }

  /** The address that was tried says nothing: another gets what is left of the time. */
  private hurry(now_ms: number): void {
    const { transaction } = this;
    if (!this.isOpen || this.hasProvisional || this.cancelReason !== undefined || transaction === undefined) return;
    const { locator } = this.kit;
    const next = this.flows[this.flowIndex];
    // An address that lives is waited for rather than one that is known to be dead.
    if (next === undefined || (locator.isDead(next, now_ms) && !locator.isDead(transaction.flow, now_ms))) return;
    noteSilence(this.kit, transaction.flow, now_ms);
    this.kit.transactions.abandon(transaction, now_ms);
    this.sendToNextFlow(now_ms);
  }

  private isWaitingFor(transaction: ClientTransaction): boolean {
    return (this.isOpen || this.goesOn) && (this.transaction ?? transaction) === transaction;
  }

  /** A BYE is sent on, whatever its caller has been told: it has hung up, and a call that stays up costs money. */
  private get goesOn(): boolean {
    return this.routed.request.method === "BYE" && this.final?.response === undefined;
  }

  /** The address that shows life first is the one to ask, even when it had been passed over. */
  private mayTurnTo(transaction: ClientTransaction, status: number): boolean {
    if (!this.isOpen || this.hasProvisional || transaction.isCancelled) return false;
    return this.transaction === undefined || status < 300;
  }

  /** A 503 without a body of one of several addresses, while another may answer. */
  private isRefusal(response: Response): boolean {
    if (response.status !== 503 || response.body !== "") return false;
    if (!this.hasNext && !this.asked.some(({ state }) => state === "abandoned")) return false;
    return this.isOpen && !this.isRinging && this.cancelReason === undefined;
  }

  protected sendToNextFlow(now_ms: number): void {
    const flow = this.flows[this.flowIndex];
    this.flowIndex += 1;
    if (flow === undefined && (this.findAnew(now_ms) || this.askAgain(now_ms) || this.persist(this.isOpen, now_ms)))
      return;
    if (flow === undefined) {
      this.isSilent = true;
      const isTheirs = this.flows.length > 0 || !isSips(this.routed, this.target); // else it just speaks no TLS
      if (isTheirs) this.observer?.onUnreachable(this.routed.request.method, now_ms);
      this.end({ status: 503, response: undefined }, now_ms);
      return;
    }
    this.hasProvisional = false;
    this.transaction = sendCopy(this.kit, this.copy, flow, this.mayUseTcp, this, now_ms);
    this.asked.push(this.transaction);
    if (this.hasNext) this.startShare(this.fr_timer_ms, this.flowIndex, now_ms);
  }

  /** The connection that a phone had opened is gone. True: its Contact is being tried. */
  private findAnew(now_ms: number): boolean {
    const hop = hopBehind(this.routed, this.target, this.flows[0]);
    if (hop === undefined) return false;
    const flows = this.kit.locator.locate(hop, this, now_ms);
    if (flows !== undefined) this.onLocated(flows, now_ms);
    return true;
  }

  /** The caller has another answer: only a late one of these can still come. */
  letGo(server: ServerTransaction): void {
    if (this.isOpen) return;
    const isWithinDialog = this.routed.request.toTag !== "";
    for (const one of this.asked) {
      if (one.state === "abandoned" && one.user === this) {
        one.user = new LateAnswer(this.kit, server, this.observer, this.cancelReason ?? "", isWithinDialog);
      }
    }
  }

  private proceed(transaction: ClientTransaction, response: Response, now_ms: number): void {
    const isFirst = !this.hasProvisional;
    this.hasProvisional = true;
    if (!this.isOpen || this.cancelReason !== undefined) {
      if (isFirst) this.kit.transactions.cancel(transaction, this.cancelReason ?? "", now_ms);
      return;
    }
    // To another request a provisional response promises nothing, whatever its status (RFC 4320 §4.1): its short timer goes on.
    if (this.routed.request.method !== "INVITE") return;
    this.beginPatience(response.status, now_ms);
    if (response.status === 100) return;
    this.isRinging = true;
    this.running.onProvisional(this, response, now_ms);
  }

  /** It had been given up, and its 2xx is the call's all the same: the target's observer must know. */
  revive(response: Response, now_ms: number): void {
    if (!this.wasGivenUp) return;
    this.observer?.onStart(this, now_ms);
    this.observer?.onEnd(this, response, now_ms);
  }

  private succeed(transaction: ClientTransaction, response: Response, now_ms: number): void {
    this.stopTimer();
    this.stopRetry();
    this.wasGivenUp = !this.isOpen;
    if (this.isOpen && transaction !== this.transaction) this.passOver(now_ms);
    if (this.isOpen) this.observer?.onEnd(this, response, now_ms);
    this.final ??= { status: response.status, response };
    this.isSilent = false;
    this.running.onSuccess(this, transaction, response, now_ms);
  }

  private end(final: Final, now_ms: number): void {
    if (!this.isOpen) return;
    this.stopTimer();
    this.observer?.onEnd(this, undefined, now_ms);
    this.final = final;
    if (!this.goesOn) {
      this.stopRetry();
      this.abandonAll(now_ms);
    }
    this.running.onEnded(this, now_ms);
  }
}
