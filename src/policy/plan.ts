/** Plans are made of these. */
import { type Condition, SILENCE } from "../proxy/plan/condition.ts";
import type { Continuation, ForkStage, RoutingDecision, Sequel, Stage, Target } from "../proxy/router.ts";
import type { Hearing, Revision } from "./named.ts";
import type { Peer } from "./peers/peer.ts";

/** What a rule makes. */
export interface Decision extends RoutingDecision {
  readonly revise?: Revision;
  readonly listener?: Hearing;
}

export function decision(rule: string, why: string, ...plan: Stage[]): Decision {
  return { rule, why, plan };
}

export function replyStage(status: number, reason?: string, headers?: string): Stage {
  return {
    kind: "reply",
    what: `answer ${status}`,
    reply: { status, ...(reason === undefined ? {} : { reason }), ...(headers === undefined ? {} : { headers }) },
  };
}

/** What the policy decides only when its time has come: `continuations.ts` has it. */
export type ContinuationName = "survival" | "forward" | "redirect";

/**
 * @param number where the call goes on to, where the name doesn't say so
 * @param rung the extensions that the call has rung so far
 */
export function later(name: ContinuationName, number?: string, rung?: readonly string[]): Continuation {
  return { name, ...(number === undefined ? {} : { number }), ...(rung === undefined ? {} : { rung }) };
}

/** What leads to the next stage of a plan. */
export function nextWhen(when: Condition): readonly Sequel[] {
  return [{ when, go: "next" }];
}

/**
 * A stage that asks one upstream target and goes on when it says nothing.
 * @param fr_timer_ms undefined: it may take as long as a transaction, unless it is found down before
 */
export function upstreamStage(
  target: Peer,
  fr_timer_ms: number | undefined,
  extra: Partial<Target> = {},
  on: readonly Sequel[] = nextWhen(SILENCE),
): ForkStage {
  const what = `upstream ${target.name}`;
  const targets = [{ ...extra, nextHop: target.hop, observer: target.watch }];
  return fr_timer_ms === undefined
    ? { kind: "fork", what, targets, on }
    : { kind: "fork", what, targets, fr_timer_ms, on };
}

/** What each of several targets but the first has at least: a datagram that is lost is sent again after 500 ms. */
export const NEXT_LEAST_ms = 1_000;

/** Stages that ask targets in turn: the caller's patience is one, so they share the first one's fr_timer. */
export function inTurn(stages: readonly ForkStage[]): ForkStage[] {
  return stages.map((stage, index) => {
    const { fr_timer_ms } = stage;
    if (index === 0 || fr_timer_ms === undefined) return stage;
    return { ...stage, fr_least_ms: Math.min(NEXT_LEAST_ms, fr_timer_ms) };
  });
}

/**
 * The stages that ask several of them in turn; one that says 503 is passed over too, as long as there is another (RFC 3263 §4.3).
 * @param extra what all have in common, or what each has of its own
 * @param on what follows the last one
 */
export function upstreamStages(
  targets: readonly Peer[],
  fr_timer_ms: number | undefined,
  extra: Partial<Target> | ((target: Peer) => Partial<Target>),
  on?: readonly Sequel[],
): ForkStage[] {
  const stages = targets.map((target, index) => {
    const isLast = index === targets.length - 1;
    const its = typeof extra === "function" ? extra(target) : extra;
    return upstreamStage(target, fr_timer_ms, its, isLast ? on : nextWhen(SILENCE_OR_503));
  });
  return inTurn(stages);
}

/** An upstream target has as good as said nothing: silence, or a code without a body that counts as dead. */
export function deadBy(deadCodes: readonly number[]): Condition {
  return { silent: true, codes: deadCodes, bodyless: true };
}

/** This target can't; another may. */
export const SILENCE_OR_503: Condition = { silent: true, codes: [503] };

/** Gateways drop these, or do blindly what they say. */
export const NOT_FOR_GATEWAYS: Condition = { codes: [401, 407], classes: [3] };

/** Busy and declined are the callee's word; silence, 5xx and other 6xx are the gateway's. */
export const GATEWAY_FAILS: Condition = { silent: true, classes: [5, 6], except: [600, 603] };
