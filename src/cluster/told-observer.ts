/** The observer of a target, with the tale of a call between. */
import type { EndedBranch } from "../proxy/plan/condition.ts";
import type { RoutedRequest, TargetObserver, WaitingRequest } from "../proxy/router.ts";
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
    if (inner.onHush !== undefined) this.onHush = (now_ms) => this.hushes(now_ms);
  }

  onStart(request: WaitingRequest, now_ms: number): void {
    const { tale, inner } = this;
    this.request ??= new ToldRequest(tale, request);
    this.waiting = this.request;
    this.isForeign ||= tale.told !== undefined;
    tale.tells();
    inner.onStart(this.waiting, now_ms);
    tale.hasTold();
  }

  onEnd(_request: WaitingRequest, ended: EndedBranch, now_ms: number): void {
    const { tale, inner, waiting } = this;
    this.waiting = undefined;
    tale.tells();
    if (waiting !== undefined) inner.onEnd(waiting, ended, now_ms);
    tale.hasTold();
  }

  onAnswer(status: number, now_ms: number): void {
    if (this.tale.asks()) this.inner.onAnswer(status, now_ms);
  }

  onSilence(method: string, now_ms: number): void {
    if (this.misses()) this.inner.onSilence(method, now_ms);
  }

  onDatagramAnswered(octets: number, now_ms: number): void {
    if (this.tale.asks()) this.inner.onDatagramAnswered?.(octets, now_ms);
  }

  onDatagramUnanswered(method: string, octets: number, now_ms: number): void {
    if (this.misses()) this.inner.onDatagramUnanswered?.(method, octets, now_ms);
  }

  onUnreachable(method: string, now_ms: number): void {
    if (this.tale.asks()) this.inner.onUnreachable(method, now_ms);
  }

  /** Nothing more will come of the request here. */
  drop(now_ms: number): void {
    const { waiting } = this;
    this.waiting = undefined;
    const ended = { final: { status: 487, response: undefined }, isSilent: false };
    if (waiting !== undefined) this.inner.onEnd(waiting, ended, now_ms);
  }

  private hushes(now_ms: number): void {
    if (this.tale.asks()) this.inner.onHush?.(now_ms);
  }

  /** An answer hasn't come. @returns whether that is news to those that have seen what was sent */
  private misses(): boolean {
    return this.tale.asks() && !this.isForeign;
  }
}

/** A request of the call's, as those that can rescue it know it. */
class ToldRequest implements WaitingRequest {
  readonly routed: RoutedRequest;
  readonly running: Tale;
  private readonly inner: WaitingRequest;
  private readonly number: number;

  constructor(tale: Tale, inner: WaitingRequest) {
    this.routed = inner.routed;
    this.running = tale;
    this.inner = inner;
    this.number = tale.requests.push(inner) - 1;
  }

  rescue(now_ms: number): void {
    const { running: tale, inner, number } = this;
    if (tale.told === undefined) tale.happens(["rescue", number], now_ms, () => inner.rescue(now_ms));
  }
}
