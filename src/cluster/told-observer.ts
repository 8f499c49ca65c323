/** The observer of a target, with the tale of a call between. */
import type { EndedBranch } from "../proxy/plan/condition.ts";
import type { TargetObserver, WaitingRequest } from "../proxy/router.ts";
import type { Tale } from "./tale.ts";

/**
 * While the tale is told the observer learns only that a request waits, and no longer does: evidence of whether the target lives is for
 * those that have seen it. A request that another member sent is no evidence of silence either: its answer may have come while the
 * addresses were nobody's.
 */
export class ToldObserver implements TargetObserver {
  private readonly tale: Tale;
  private readonly inner: TargetObserver;
  readonly onHush?: (now_ms: number) => void;
  /** As the observer knows it, while it waits. */
  private waiting: WaitingRequest | undefined = undefined;
  private request: WaitingRequest | undefined = undefined;
  /** Another member has sent it. */
  private isForeign = false;

  constructor(tale: Tale, inner: TargetObserver) {
    this.tale = tale;
    this.inner = inner;
    if (inner.onHush !== undefined) this.onHush = (now_ms) => this.learns(() => inner.onHush?.(now_ms));
  }

  onStart(request: WaitingRequest, now_ms: number): void {
    this.request ??= this.told(request);
    this.waiting = this.request;
    this.isForeign ||= this.tale.told !== undefined;
    this.hears(() => {
      if (this.waiting !== undefined) this.inner.onStart(this.waiting, now_ms);
    });
  }

  onEnd(_request: WaitingRequest, ended: EndedBranch, now_ms: number): void {
    const { waiting } = this;
    this.waiting = undefined;
    this.hears(() => {
      if (waiting !== undefined) this.inner.onEnd(waiting, ended, now_ms);
    });
  }

  onAnswer(status: number, now_ms: number): void {
    this.learns(() => this.inner.onAnswer(status, now_ms));
  }

  onSilence(method: string, now_ms: number): void {
    this.misses(() => this.inner.onSilence(method, now_ms));
  }

  onDatagramAnswered(octets: number, now_ms: number): void {
    this.learns(() => this.inner.onDatagramAnswered?.(octets, now_ms));
  }

  onDatagramUnanswered(method: string, octets: number, now_ms: number): void {
    this.misses(() => this.inner.onDatagramUnanswered?.(method, octets, now_ms));
  }

  onUnreachable(method: string, now_ms: number): void {
    this.learns(() => this.inner.onUnreachable(method, now_ms));
  }

  /** Nothing more will come of the request here. */
  drop(now_ms: number): void {
    const { waiting } = this;
    this.waiting = undefined;
    const ended = { final: { status: 487, response: undefined }, isSilent: false };
    if (waiting !== undefined) this.inner.onEnd(waiting, ended, now_ms);
  }

  private told(request: WaitingRequest): WaitingRequest {
    const { tale } = this;
    const number = tale.requests.push(request) - 1;
    return {
      routed: request.routed,
      running: tale,
      rescue: (now_ms) => {
        if (tale.told === undefined) tale.happens(["rescue", number], now_ms, () => request.rescue(now_ms));
      },
    };
  }

  private hears(tell: () => void): void {
    if (this.tale.told !== undefined) tell();
    this.tale.asks(tell);
  }

  private learns(tell: () => void): void {
    this.tale.asks(tell);
  }

  /** An answer hasn't come. */
  private misses(tell: () => void): void {
    this.tale.asks(() => {
      if (!this.isForeign) tell();
    });
  }
}
