/** Plans are made of these. */
import type { ForkOutcome, ForkStage, NextOn, RoutingDecision, Stage, Target } from "../proxy/router.ts";
import type { Peer } from "./peer.ts";

export function decision(rule: string, why: string, ...plan: Stage[]): RoutingDecision {
  return { rule, why, plan };
}

export function replyStage(status: number, reason?: string, headers?: string): Stage {
  return {
    kind: "reply",
    what: `answer ${status}`,
    reply: { status, ...(reason === undefined ? {} : { reason }), ...(headers === undefined ? {} : { headers }) },
  };
}

/** A stage that asks one upstream target and goes on when it says nothing. */
export function upstreamStage(target: Peer, fr_timer_ms: number, extra: Partial<Target> = {}): ForkStage {
  return {
    kind: "fork",
    what: `upstream ${target.name}`,
    targets: [{ nextHop: target.hop, observer: target, ...extra }],
    fr_timer_ms,
    nextOn: onSilence,
  };
}

/** The stages that ask several of them in turn; who says 503 is passed over too, as long as there is another (RFC 3263 §4.3). */
export function upstreamStages(
  targets: readonly Peer[],
  fr_timer_ms: number,
  extra: Partial<Target> = {},
): ForkStage[] {
  return targets.map((target, index) => {
    const stage = upstreamStage(target, fr_timer_ms, extra);
    return index < targets.length - 1 ? { ...stage, nextOn: onSilenceOr503 } : stage;
  });
}

/** Whether an upstream target has as good as said nothing: silence, or a code without a body that counts as dead. */
export function isDead({ isSilent, best }: ForkOutcome, deadCodes: readonly number[]): boolean {
  return isSilent || (deadCodes.includes(best.status) && (best.response?.body ?? "") === "");
}

const onSilenceOr503: NextOn = ({ isSilent, best }) => isSilent || best.status === 503;

/** Somebody who has said anything at all has decided. */
const onSilence: NextOn = ({ isSilent }) => isSilent;
