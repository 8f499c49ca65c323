/** Hears what becomes of one INVITE, and writes it down: for `branchline calls`, and for the log where it isn't the usual. */
import type { Logger } from "../base/ports.ts";
import { REASON } from "../message/header-names.ts";
import type { Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import { tellGiven } from "../proxy/given.ts";
import type { Outcome } from "../proxy/plan/condition.ts";
import { isNamed } from "../proxy/plan/walk.ts";
import type { DecisionListener, Notes, RunningRequest, Stage, Target } from "../proxy/router.ts";
import type { Hop, Lack } from "../transport/locator.ts";
import { type CallEntry, isAnswered, type Leg, STEPS_MAX, type StepResult, shortened } from "./call-entry.ts";
import type { RedirectReply } from "./named.ts";

/** Where calls are kept. */
export interface CallBook {
  /** An INVITE of a call; again once it is answered, in case that there was no room for it before. */
  take(call: CallEntry, leg: Leg): void;
  /** Something has become of it. */
  touch(call: CallEntry, now_ms: number): void;
  /** An INVITE has had its final response. */
  settle(call: CallEntry, leg: Leg): void;
  /** Why the name of a place has no address; undefined: it has one, or that isn't known. */
  lackOf(hop: Hop): Lack | undefined;
  /** The phone is expected to come back. */
  redirect(call: CallEntry, leg: Leg, now_ms: number): void;
}

/** It goes with the INVITE; the entry stays. */
export class CallRecord implements DecisionListener {
  private readonly leg: Leg;
  private readonly call: CallEntry;
  private inner: DecisionListener | undefined;
  private readonly calls: CallBook;
  private readonly log: Logger;
  /** The stage in which the call is, and since when. */
  private stage: Stage | undefined = undefined;
  private since_ms = 0;
  /** How the stage has ended in which the call was last. */
  private outcome: Outcome | undefined = undefined;

  constructor(leg: Leg, call: CallEntry, inner: DecisionListener | undefined, calls: CallBook, log: Logger) {
    this.leg = leg;
    this.call = call;
    this.inner = inner;
    this.calls = calls;
    this.log = log;
  }

  onStart(request: RunningRequest, now_ms: number): void {
    this.inner?.onStart?.(request, now_ms);
  }

  onStage(stage: Stage, running: RunningRequest, now_ms: number): void {
    this.tellOutcome();
    if (this.stage?.kind === "pause" && running.notes.freed !== undefined) {
      this.push("the youngest ordinary call was ended", this.since_ms);
    }
    this.stage = stage;
    this.since_ms = now_ms;
    // A pause may come to nothing.
    if (stage.kind !== "pause") this.push(stage.what ?? stage.kind, now_ms);
    if (stage.kind === "reply" && isNamed(stage.reply) && stage.reply.name === "redirect") {
      this.leg.redirected = shortened((stage.reply as RedirectReply).number);
    }
    this.inner?.onStage?.(stage, running, now_ms);
  }

  onOutcome(outcome: Outcome, running: RunningRequest, now_ms: number): void {
    if (!this.tellUnasked(running.notes)) this.outcome = outcome;
    this.inner?.onOutcome?.(outcome, running, now_ms);
  }

  onAnswer(target: Target, response: Response, now_ms: number): void {
    this.leg.callee_tag = shortened(response.toTag);
    this.end(response.status, now_ms);
    this.inner?.onAnswer?.(target, response, now_ms);
    this.inner = undefined;
  }

  onFailure(status: number, now_ms: number, own?: Reply): void {
    // What upstream says of itself, or of a number that it can't reach, is told in its own words.
    if (status === 503) this.tellOutcome();
    if (own !== undefined) this.tellOwnReason(own, now_ms);
    this.end(status, now_ms);
    this.inner?.onFailure?.(status, now_ms, own);
    // It may hold the whole request, and the ACK can be long in coming.
    if (this.inner?.onAck === undefined) this.inner = undefined;
  }

  /** Another member writes down what becomes of it. */
  onGiven(member: string, isAnswered: boolean, now_ms: number): void {
    const { leg, call, inner, calls } = this;
    this.inner = undefined;
    tellGiven(inner, member, isAnswered, now_ms);
    // A refusal is an end here, and its ACK alone is the other one's.
    if (leg.status !== undefined && leg.status >= 300) return;
    leg.given_to = shortened(member);
    calls.touch(call, now_ms);
  }

  onAck(now_ms: number): void {
    this.inner?.onAck?.(now_ms);
    this.inner = undefined;
  }

  private push(what: string, at_ms: number): void {
    const { steps } = this.leg;
    const after_ms = Math.round(at_ms - this.call.at_ms);
    if (steps.length < STEPS_MAX) steps.push({ what: shortened(what), after_ms });
  }

  /** Whether nobody was asked in this stage. Where nobody need be, it isn't told at all. */
  private tellUnasked({ unasked }: Notes): boolean {
    const { stage, leg } = this;
    // The notes of other forks are of one before.
    if (stage?.kind !== "fork" || !isNamed(stage.targets) || unasked === undefined) return false;
    const last = leg.steps[leg.steps.length - 1];
    if (last?.what !== shortened(stage.what ?? stage.kind)) return true;
    if (unasked === "") leg.steps.pop();
    else {
      last.result = "full";
      last.unasked = shortened(unasked);
    }
    return true;
  }

  /** With the last place where the call was offered: why it went on from there. */
  private tellOutcome(): void {
    const { outcome, leg } = this;
    const last = leg.steps[leg.steps.length - 1];
    this.outcome = undefined;
    if (last === undefined || outcome === undefined) return;
    const { response } = outcome.best;
    last.result = resultOf(outcome);
    const lack = last.result === "unreachable" ? this.lackBehind() : undefined;
    if (lack !== undefined) last.unasked = LACKS[lack];
    if (response !== undefined) last.answer = shortened(answerWords(response));
  }

  /** Why we ourselves have refused the call: as the caller was told, in the words that `explain` has. */
  private tellOwnReason({ status, headers = "" }: Reply, now_ms: number): void {
    const text = REASON_TEXT.exec(headers)?.[1];
    if (text === undefined) return;
    // The plan has no such answer: the call was ended for another one.
    if (this.stage?.kind !== "reply") this.push(`answer ${status}`, now_ms);
    const { steps, redirected } = this.leg;
    const last = steps[steps.length - 1];
    if (last === undefined) return;
    last.unasked = shortened(text);
    // The redirect that was meant to leave would have named no gateway.
    if (redirected !== undefined && !isRedirect(status)) last.result = "full";
  }

  /** Why no target of the stage has an address; undefined: one has, or that isn't known. */
  private lackBehind(): Lack | undefined {
    const targets = this.stage?.kind === "fork" && !isNamed(this.stage.targets) ? this.stage.targets : [];
    const lacks = targets.map(({ nextHop }) =>
      nextHop === undefined || "listener" in nextHop ? undefined : this.calls.lackOf(nextHop),
    );
    return lacks.includes(undefined) ? undefined : lacks[0];
  }

  /** Calls that upstream has taken are the usual thing; the log needn't have a line for each. */
  private end(status: number, now_ms: number): void {
    const { leg, call, calls } = this;
    leg.status = status;
    leg.took_ms = Math.round(now_ms - call.at_ms - leg.after_ms);
    if (isAnswered(leg) && !call.legs.includes(leg)) calls.take(call, leg);
    calls.touch(call, now_ms);
    calls.settle(call, leg);
    if (leg.redirected !== undefined && isRedirect(status)) calls.redirect(call, leg, now_ms);
    const { call_id, from, to, origin, rule, why, route, took_ms: after_ms } = leg;
    const fields = { call_id, from, to, origin, rule, why, route: route.join(" > "), status, after_ms };
    if (isUsual(rule, route, status)) this.log.debug("call", fields);
    else this.log.info("call", fields);
  }
}

const LACKS: Readonly<Record<Lack, string>> = {
  dns_silent: "its name has no address: no DNS server answers",
  no_address: "its name has no address, says DNS",
};

/** The text of a Reason of ours (RFC 3326): it holds no quotation mark. */
const REASON_TEXT = /^Reason:[^\r\n]*;text="([^"\r\n]*)"/m;

/** The two with which we send a phone to a gateway. */
function isRedirect(status: number): boolean {
  return status === 302 || status === 380;
}

function resultOf({ isSilent, best: { status, response } }: Outcome): StepResult {
  if (response !== undefined) return "answered";
  if (status === 503) return "unreachable";
  return isSilent ? "silent" : "unanswered";
}

/** Its status and reason phrase, and Reason (RFC 3326) where it has one. */
function answerWords(response: Response): string {
  const { status, reason } = response;
  const why = response.header(REASON);
  return `${status} ${reason}${why === undefined ? "" : `, ${why}`}`;
}

/** A 503 of upstream that was passed on isn't: in its place the gateway may have been expected. */
function isUsual(rule: string, route: readonly string[], status: number): boolean {
  if (rule === "call") return status !== 503 && route.length === 1 && route[0]?.startsWith("upstream") === true;
  return rule === "path" || rule === "contact" || rule === "from-upstream";
}
