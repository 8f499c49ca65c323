/** One proxied request: goes through the stages of its plan until the caller has a final response (RFC 3261 §16.7, §16.10). */
import { assertNever } from "../base/assert.ts";
import { Timer, type TimerOwner } from "../base/timers.ts";
import { REASON } from "../message/header-names.ts";
import type { Request, Response } from "../message/message.ts";
import type { Reply, ViaStamp } from "../message/reply.ts";
import type { ClientTransaction } from "../transaction/client-transaction.ts";
import type { ServerTransaction, ServerUser } from "../transaction/server-transaction.ts";
import { TIMER_E_AT_T2_ms } from "../transaction/timers.ts";
import { AcceptedCall } from "./accepted-call.ts";
import { announcementOf } from "./announce.ts";
import { AwaitedAck } from "./awaited-ack.ts";
import type { Final } from "./best-response.ts";
import { Branch } from "./branch/branch.ts";
import type { BranchData, BranchUser } from "./branch/branch-data.ts";
import { finalAnswer, withChallenges } from "./final-answer.ts";
import { wireForCaller } from "./for-caller.ts";
import type { ProxyKit } from "./kit.ts";
import { breadthOf, shareOf } from "./max-breadth.ts";
import { type Outcome, outcomeOf } from "./plan/condition.ts";
import { patienceEnd_ms } from "./plan/patience.ts";
import { follow, isNamed, nextPlace, type Place, stageAt } from "./plan/walk.ts";
import {
  type DecisionListener,
  type ForkStage,
  type Guide,
  NO_NOTES,
  type Notes,
  type NoticeStage,
  type Revised,
  type RoutedRequest,
  type RoutingDecision,
  type Stage,
} from "./router.ts";
import { wantsReliable } from "./wants-reliable.ts";

/** RFC 3326, for phones that lost the race: they don't show a missed call. */
const ANSWERED_ELSEWHERE = 'Reason: SIP;cause=200;text="Call completed elsewhere"\r\n';

const NONE: readonly Branch[] = [];

export class ResponseContext implements ServerUser, BranchUser, TimerOwner<"stage" | "trying"> {
  notes: Notes = NO_NOTES;
  readonly routed: RoutedRequest;
  readonly stamp: ViaStamp;
  private readonly kit: ProxyKit;
  /** The one that has decided; a reload doesn't change that. */
  private readonly router: Guide;
  private readonly server: ServerTransaction;
  private readonly decision: RoutingDecision;
  private listener: DecisionListener | undefined = undefined;
  private readonly timer = new Timer<"stage" | "trying">(this, "stage");
  /** For all but INVITE: until a 100 is due. */
  private trying: Timer | undefined = undefined;
  /** The branches of the present fork, or of the last one; and those of all forks before. Neither list ever changes. */
  private present: readonly Branch[] = NONE;
  private past: readonly Branch[] = NONE;
  private patienceEnd_ms: number | undefined = undefined;
  private place: Place;
  private isCancelled = false;
  private isDone = false;

  constructor(
    kit: ProxyKit,
    router: Guide,
    server: ServerTransaction,
    routed: RoutedRequest,
    stamp: ViaStamp,
    decision: RoutingDecision,
  ) {
    this.kit = kit;
    this.router = router;
    this.server = server;
    this.routed = routed;
    this.stamp = stamp;
    this.decision = decision;
    this.place = { plan: decision.plan, index: 0 };
    server.user = this;
  }

  start(now_ms: number): void {
    this.listener = this.router.listener(this.routed, this.decision, now_ms);
    this.listener?.onStart?.(this, now_ms);
    if (this.routed.request.method !== "INVITE") {
      this.trying = new Timer<"stage" | "trying">(this, "trying");
      this.kit.timers.start(this.trying, TIMER_E_AT_T2_ms, now_ms);
    }
    this.enter(this.place, now_ms);
  }

  refuse(reply: Reply, now_ms: number): void {
    if (this.isDone) return;
    this.reply(reply, now_ms);
    this.cancelOpenBranches("", now_ms);
    this.letGo();
  }

  onCancel(_server: ServerTransaction, cancel: Request, now_ms: number): void {
    this.isCancelled = true;
    this.kit.timers.stop(this.timer);
    this.cancelOpenBranches(cancel.lines(REASON), now_ms);
    if (this.stage?.kind === "fork") this.settle(now_ms);
    else this.answerBest(now_ms);
  }

  /** {@link AwaitedAck} hears of it: by then all this is over. */
  onAck(): void {}
  onNoAck(): void {}

  onProvisional({ target }: BranchData, response: Response, now_ms: number): void {
    const { kit, server } = this;
    if (this.isDone) return;
    kit.transactions.respond(server, response.status, wireForCaller(kit, server, response, target), now_ms);
  }

  onSuccess(branch: BranchData, transaction: ClientTransaction, response: Response, now_ms: number): void {
    const isFirst = !this.isDone;
    this.finish();
    const { kit, server, routed } = this;
    const said = announcementOf(branch.target);
    const accepted = new AcceptedCall(kit.lasting ?? kit, server, routed.request.toTag !== "", said);
    transaction.user = accepted;
    accepted.pass(this.revised(response, now_ms), transaction.flow, now_ms);
    if (!isFirst) return;
    this.kit.dialogs.note(this.routed, transaction.flow, response);
    branch.revive(response, now_ms);
    this.listener?.onAnswer?.(branch.target, response, now_ms);
    this.cancelOpenBranches(ANSWERED_ELSEWHERE, now_ms);
    this.letGo();
  }

  onEnded(branch: BranchData, now_ms: number): void {
    if (this.isDone) return;
    // §16.7 item 5: a 6xx speaks for all; nobody else need ring on.
    if ((branch.final?.status ?? 0) >= 600) this.cancelOpenBranches("", now_ms);
    if (branch.isMuted && branch.target.party !== undefined) this.cancelOpenBranches("", now_ms, branch.target.party);
    this.settle(now_ms);
  }

  /** Ends this request, and nothing else: 500 for the caller, nobody rings on. */
  onBug(error: unknown, now_ms: number): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.kit.log.error("transaction_failed", { call_id: this.routed.request.callId, error: text });
    if (this.isDone) return;
    this.reply({ status: 500 }, now_ms);
    this.cancelOpenBranches("", now_ms);
    this.letGo();
  }

  /** The hold of a notice or a pause is over, a fork has rung long enough, or a 100 is due. */
  onTimer(kind: "stage" | "trying", now_ms: number): void {
    try {
      if (kind === "trying") this.kit.transactions.reply(this.server, { status: 100 }, now_ms);
      else this.endStage(now_ms);
    } catch (error) {
      this.onBug(error, now_ms);
    }
  }

  private endStage(now_ms: number): void {
    if (this.stage?.kind === "notice" || this.stage?.kind === "pause") {
      this.enter(nextPlace(this.place), now_ms);
      return;
    }
    for (const branch of this.present) branch.endRinging(now_ms);
    this.settle(now_ms);
  }

  private get stage(): Stage | undefined {
    return stageAt(this.place);
  }

  private enter(place: Place, now_ms: number): void {
    const isUnwanted = stageAt(place)?.kind === "notice" && wantsReliable(this.routed.request);
    this.place = isUnwanted ? nextPlace(place) : place;
    const stage = this.stage;
    if (stage !== undefined) this.listener?.onStage?.(stage, this, now_ms);
    if (stage === undefined) this.answerBest(now_ms);
    else if (stage.kind === "fork") this.fork(stage, now_ms);
    else if (stage.kind === "notice") this.notify(stage, now_ms);
    else if (stage.kind === "pause") this.pause(this.router.begin(this.routed, stage.begin, this, now_ms), now_ms);
    else if (stage.kind === "reply") {
      const { reply } = stage;
      this.reply(isNamed(reply) ? this.router.reply(this.routed, reply, now_ms) : reply, now_ms);
    } else assertNever(stage);
  }

  private fork(stage: ForkStage, now_ms: number): void {
    this.past = this.all;
    this.present = NONE;
    const { targets: chosen } = stage;
    const targets = isNamed(chosen) ? this.router.targets(this.routed, chosen, this, now_ms) : chosen;
    // All branches of earlier stages have ended: a serial fork has the whole breadth each time (RFC 5393 §5.3.3).
    const breadth = breadthOf(this.routed.request, targets.length);
    if (targets.length > breadth) {
      this.reply({ status: 440 }, now_ms);
      return;
    }
    this.patienceEnd_ms = patienceEnd_ms(stage, this.patienceEnd_ms, now_ms);
    const wait_ms = this.patienceEnd_ms === undefined ? undefined : this.patienceEnd_ms - now_ms;
    this.present = targets.map((target, index) => {
      const observer = target.observer === undefined ? undefined : this.router.observer(this.routed, target.observer);
      return new Branch(this.kit, this, target, shareOf(breadth, index, targets.length), observer, wait_ms);
    });
    if (stage.ring_ms !== undefined) this.kit.timers.start(this.timer, stage.ring_ms, now_ms);
    for (const branch of this.present) branch.start(now_ms);
    this.settle(now_ms);
  }

  private notify(stage: NoticeStage, now_ms: number): void {
    if (this.routed.request.method === "INVITE") {
      this.kit.transactions.reply(this.server, { status: stage.status ?? 181, reason: stage.reason }, now_ms);
    }
    this.kit.timers.start(this.timer, stage.hold_ms, now_ms);
  }

  private pause(hold_ms: number, now_ms: number): void {
    if (hold_ms > 0) this.kit.timers.start(this.timer, hold_ms, now_ms);
    else this.enter(nextPlace(this.place), now_ms);
  }

  private get all(): readonly Branch[] {
    return this.past.length === 0 ? this.present : [...this.past, ...this.present];
  }

  /** Goes on once all branches of the stage have ended; a branch tells so last of all, once its own table is done. */
  private settle(now_ms: number): void {
    if (this.isDone || this.stage?.kind !== "fork") return;
    const outcome = outcomeOf(this.present);
    if (outcome === undefined) return;
    this.kit.timers.stop(this.timer);
    const next = this.isCancelled ? undefined : this.nextAfter(outcome, now_ms);
    if (next === undefined) this.answerBest(now_ms);
    else this.enter(next, now_ms);
  }

  private nextAfter(outcome: Outcome, now_ms: number): Place | undefined {
    this.listener?.onOutcome?.(outcome, this, now_ms);
    return follow(this.place, outcome, (continuation) =>
      this.router.continue(this.routed, continuation, now_ms, outcome),
    );
  }

  /** §16.7 items 6 to 9. */
  private answerBest(now_ms: number): void {
    this.finish();
    const { stage, decision, isCancelled, routed } = this;
    const finals: Final[] = [];
    for (const { final } of this.all) if (final !== undefined) finals.push(final);
    const wasShort = stage?.kind === "fork" && stage.fr_timer_ms !== undefined;
    const isPatient = routed.request.method !== "INVITE" && !wasShort;
    const answer = finalAnswer(finals, { isCancelled, isPatient }, decision);
    if (answer === undefined) this.kit.transactions.dismiss(this.server);
    else if (answer.kind === "reply") this.reply(answer.reply, now_ms);
    else {
      const wire = withChallenges(wireForCaller(this.kit, this.server, answer.response), answer.challenges);
      this.kit.transactions.respond(this.server, answer.response.status, wire, now_ms);
      this.listener?.onFailure?.(answer.response.status, now_ms);
      this.letGo();
    }
  }

  private reply(reply: Reply, now_ms: number): void {
    this.finish();
    this.kit.transactions.reply(this.server, reply, now_ms);
    if (reply.status < 300) return;
    this.listener?.onFailure?.(reply.status, now_ms, reply);
    this.letGo();
  }

  /** The caller has its answer: what lingers from now on must not keep the request and its plan. */
  private letGo(): void {
    const { server, kit, listener, routed } = this;
    if (routed.request.method !== "INVITE") return;
    if (server.user === this) server.user = new AwaitedAck(listener, routed.request.callId, kit.log);
    for (const branch of this.all) branch.letGo(server);
  }

  private revised(response: Response, now_ms: number): Revised {
    const { revise } = this.decision;
    if (revise === undefined) return { response };
    return this.router.revise(this.routed, revise, response, now_ms);
  }

  /** @param party of its targets only */
  private cancelOpenBranches(reason: string, now_ms: number, party?: string): void {
    for (const branch of this.present) {
      const isMeant = party === undefined || branch.target.party === party;
      if (isMeant && branch.final === undefined) branch.cancel(reason, now_ms);
    }
  }

  private finish(): void {
    this.isDone = true;
    this.kit.timers.stop(this.timer);
    if (this.trying !== undefined) this.kit.timers.stop(this.trying);
  }
}
