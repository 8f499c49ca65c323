/** What hears of a call with a story, with the tale between. */
import type { Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import { tellGiven } from "../proxy/given.ts";
import type { Outcome } from "../proxy/plan/condition.ts";
import type { DecisionListener, RunningRequest, Stage, Target } from "../proxy/router.ts";
import type { Tale } from "./tale.ts";

/** It hears all, also while the tale is told: the books of calls must have this one. What it does to the call then is written. */
export class ToldListener implements DecisionListener {
  private readonly tale: Tale;
  private readonly inner: DecisionListener;
  readonly onAck?: (now_ms: number) => void;

  constructor(tale: Tale, inner: DecisionListener) {
    this.tale = tale;
    this.inner = inner;
    if (inner.onAck !== undefined) this.onAck = (now_ms) => this.hearsAck(now_ms);
  }

  onStart(_running: RunningRequest, now_ms: number): void {
    const { tale, inner } = this;
    tale.tells();
    inner.onStart?.(tale, now_ms);
    tale.hasTold();
  }

  onStage(stage: Stage, _running: RunningRequest, now_ms: number): void {
    const { tale, inner } = this;
    tale.tells();
    inner.onStage?.(stage, tale, now_ms);
    tale.hasTold();
  }

  onOutcome(outcome: Outcome, _running: RunningRequest, now_ms: number): void {
    const { tale, inner } = this;
    tale.tells();
    inner.onOutcome?.(outcome, tale, now_ms);
    tale.hasTold();
  }

  onAnswer(target: Target, response: Response, now_ms: number): void {
    const { tale, inner } = this;
    tale.tells();
    inner.onAnswer?.(target, response, now_ms);
    tale.hasTold();
  }

  onFailure(status: number, now_ms: number, own?: Reply): void {
    const { tale, inner } = this;
    tale.tells();
    inner.onFailure?.(status, now_ms, own);
    tale.hasTold();
  }

  /** Its tale is dropped. */
  onGiven(member: string, isAnswered: boolean, now_ms: number): void {
    tellGiven(this.inner, member, isAnswered, now_ms);
  }

  private hearsAck(now_ms: number): void {
    const { tale, inner } = this;
    tale.tells();
    inner.onAck?.(now_ms);
    tale.hasTold();
  }
}
