/**
 * A call to an emergency number goes to the gateways, in every state, and to upstream when none of them takes it. No
 * extension, no redirect, no notice stands in its way.
 */
import { ANY_FAILURE, type Condition } from "../../proxy/plan/condition.ts";
import type { DecisionListener, Stage } from "../../proxy/router.ts";
import { numberUri } from "../dialled-number.ts";
import type { Emergency } from "../emergency/emergency.ts";
import { decision, inTurn, NOT_FOR_GATEWAYS, nextWhen, replyStage, upstreamStage } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { RoutingRule, Situation } from "../situation.ts";

/** Ends the reason of each emergency call that sets out, behind its number. */
export const EMERGENCY_WHY = " is an emergency number";

export const emergency: RoutingRule = (facts, situation) => {
  const { emergency, now_ms } = situation;
  const { origin, emergency: number } = facts;
  if (number === undefined) return undefined;
  if (emergency.comesBack(facts, now_ms)) {
    const why = `gateway at ${facts.source.address} sends emergency calls back to us`;
    return { ...decision("emergency", why, LOOP), listener: { name: "emergency-loop" } };
  }
  // Upstream has sent it here: it has nobody else to ask.
  const upstream = origin === "upstream" ? [] : upstreamStages(number, facts, situation);
  const last = replyStage(480, undefined, 'Reason: SIP;cause=503;text="Nobody takes the emergency call"\r\n');
  return {
    ...decision(
      "emergency",
      `${number}${EMERGENCY_WHY}`,
      ...emergency.gatewayStages(number, facts, situation.now_ms),
      ...upstream,
      last,
    ),
    ...(origin === "gateway" ? { hides: NOT_FOR_GATEWAYS } : {}),
    listener: { name: "emergency", number },
  };
};

/** What an emergency call means to others, and what it learns on its way. */
export function emergencyListener(number: string, facts: RequestFacts, emergency: Emergency): DecisionListener {
  return {
    onStart: (_running, at_ms) => emergency.begun(number, facts, at_ms),
    onStage: (stage, running, at_ms) => emergency.entered(stage, facts, running, at_ms),
    onOutcome: (outcome, running) => emergency.heard(outcome, running),
    onAnswer: (_target, _response, at_ms) => emergency.decided(facts, true, at_ms),
    onFailure: (_status, at_ms) => emergency.decided(facts, false, at_ms),
  };
}

const LOOP = replyStage(482, undefined, 'Reason: SIP;cause=482;text="The gateway sends emergency calls back"\r\n');

/** A challenge is an answer, or the phone could never follow it. */
const UNLESS_CHALLENGED: Condition = { ...ANY_FAILURE, except: [401, 407] };

/** Even those that seem dead: nothing is left to lose. */
function upstreamStages(number: string, facts: RequestFacts, { upstreams, own, site, now_ms }: Situation): Stage[] {
  const { origin } = facts;
  const isFromGateway = origin === "gateway";
  const passes = !isFromGateway && isForUpstream(facts, own.hasTls);
  const configured = upstreams.configuredTargets;
  const targets = configured.length > 0 || !passes ? configured : upstreams.targetsFor(facts, now_ms);
  const living = targets.filter((target) => target.takesCalls);
  const stages = [...living, ...targets.filter((target) => !target.takesCalls)].map((target) => {
    const requestUri = numberUri(number, target.hop);
    const extra = {
      ...(passes ? {} : { requestUri, dropRoutes: true }),
      ...(isFromGateway ? { touchesGateway: true } : {}),
    };
    const stage = upstreamStage(target, site.upstream.fr_timer_ms, extra);
    return { ...stage, on: nextWhen(isFromGateway ? ANY_FAILURE : UNLESS_CHALLENGED) };
  });
  return inTurn(stages);
}

/** Whether upstream can make something of the Request-URI as it came: otherwise it gets the number at its own host. */
function isForUpstream({ host, uri, number }: RequestFacts, hasTls: boolean): boolean {
  if (uri === undefined || number === "" || uri.headers !== "" || (uri.scheme === "sips" && !hasTls)) return false;
  return host === "home" || host === "elsewhere";
}
