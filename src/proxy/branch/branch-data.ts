/** What a branch holds, and what it is told by and tells to. */
import type { Timer, TimerOwner } from "../../base/timers.ts";
import type { Response } from "../../message/message.ts";
import type { ViaStamp } from "../../message/reply.ts";
import type { ClientTransaction, ClientUser } from "../../transaction/client-transaction.ts";
import type { Flow } from "../../transport/flow.ts";
import type { FlowWaiter } from "../../transport/locator.ts";
import type { Final } from "../best-response.ts";
import type { ProxyKit } from "../kit.ts";
import type { Copy } from "../outgoing.ts";
import type { Refusable, RoutedRequest, Target, TargetObserver, WaitingRequest } from "../router.ts";
import { Attempts } from "./attempts.ts";
import type { BranchState } from "./branch-machine.ts";

/** The response context, as its branches see it. */
export interface BranchUser extends Refusable {
  readonly routed: RoutedRequest;
  readonly stamp: ViaStamp;
  /** A provisional response other than 100, to an INVITE. */
  onProvisional(branch: BranchData, response: Response, now_ms: number): void;
  /** A 2xx; it can come after the branch has ended. From now on the response context answers for the transaction. */
  onSuccess(branch: BranchData, transaction: ClientTransaction, response: Response, now_ms: number): void;
  /** A bug of ours has shown in a timer, a look-up or the rescue of the branch. */
  onBug(error: unknown, now_ms: number): void;
  /** The branch has ended otherwise; happens once. */
  onEnded(branch: BranchData, now_ms: number): void;
}

/** What becomes due for a branch: the end of its state's wait, the next address, another try. */
export type BranchTimer = "wait" | "share" | "retry";

/** We conclude these ourselves. */
export const SILENT: Final = { status: 408, response: undefined };
export const NOWHERE: Final = { status: 503, response: undefined };
export const MUTED: Final = { status: 480, response: undefined };
export const CANCELLED: Final = { status: 487, response: undefined };
export const TIMED_OUT: Final = { status: 408, response: undefined };
export const RUNG: Final = { status: 480, response: undefined };

function isSilence(final: Final | undefined): boolean {
  return final === SILENT || final === NOWHERE;
}

export abstract class BranchData implements Copy, ClientUser, FlowWaiter, WaitingRequest, TimerOwner<BranchTimer> {
  readonly kit: ProxyKit;
  readonly running: BranchUser;
  readonly target: Target;
  /** Its part of Max-Breadth (RFC 5393 §5). */
  readonly maxBreadth: number;
  readonly observer: TargetObserver | undefined;
  readonly fr_timer_ms: number | undefined;
  state: BranchState = "locating";
  readonly attempts = new Attempts();
  /** How it ended; undefined while it is open. */
  final: Final | undefined = undefined;
  /** What the state waits for: fr_timer until something comes, once more when that is only a 100, then timer C. */
  waitTimer: Timer<BranchTimer> | undefined = undefined;
  /** When fr_timer is over. */
  until_ms = 0;
  /** Runs while there are other addresses to try. */
  shareTimer: Timer<BranchTimer> | undefined = undefined;
  /** Runs while the target can't be reached, where it is tried again. */
  retryTimer: Timer<BranchTimer> | undefined = undefined;
  /** Since when it can't be. */
  lostSince_ms: number | undefined = undefined;
  /** The target leaves the transport to us: a request too long for a datagram can go by TCP. */
  mayUseTcp = false;
  /** The Reason lines to cancel with. */
  reason = "";

  /**
   * @param observer the target's
   * @param fr_timer_ms undefined: timer B or F is the limit
   */
  constructor(
    kit: ProxyKit,
    running: BranchUser,
    target: Target,
    maxBreadth: number,
    observer: TargetObserver | undefined,
    fr_timer_ms: number | undefined,
  ) {
    this.kit = kit;
    this.running = running;
    this.target = target;
    this.maxBreadth = maxBreadth;
    this.observer = observer;
    this.fr_timer_ms = fr_timer_ms;
  }

  get routed(): RoutedRequest {
    return this.running.routed;
  }

  get stamp(): ViaStamp {
    return this.running.stamp;
  }

  /** It ended because nobody answered, or because the target can't be reached. */
  get isSilent(): boolean {
    return isSilence(this.final);
  }

  /** It ended by an answer that speaks for the target's party alone. */
  get isMuted(): boolean {
    return this.final === MUTED;
  }

  /** Where it had been given up, and this 2xx is the call's all the same: the target's observer must know. */
  revive(response: Response, now_ms: number): void {
    if (this.final?.response === response) return;
    this.observer?.onStart(this, now_ms);
    this.tellEnd({ status: response.status, response }, now_ms);
  }

  /** The target's observer learns how the branch ends. */
  tellEnd(final: Final, now_ms: number): void {
    this.observer?.onEnd(this, { final, isSilent: isSilence(final) }, now_ms);
  }

  abstract rescue(now_ms: number): void;
  abstract onLocated(flows: readonly Flow[], now_ms: number): void;
  abstract onResponse(transaction: ClientTransaction, response: Response, now_ms: number): void;
  abstract onTimeout(transaction: ClientTransaction, now_ms: number): void;
  abstract onUnreachable(transaction: ClientTransaction, now_ms: number): void;
  abstract onTimer(kind: BranchTimer, now_ms: number): void;
}
