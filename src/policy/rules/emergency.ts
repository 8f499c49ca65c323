/**
 * A call to an emergency number goes to the gateways, in every state, and to upstream when none of them takes it. No
 * extension, no redirect, no notice stands in its way.
 */
import { ANY_FAILURE, type Condition } from "../../proxy/plan/condition.ts";
import type { Stage } from "../../proxy/router.ts";
import { numberUri } from "../dialled-number.ts";
import { isOutside } from "../dialling.ts";
import { Attempt } from "../emergency.ts";
import { decision, nextWhen, replyStage, upstreamStage } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { RoutingRule, Situation } from "../situation.ts";

export const emergency: RoutingRule = (facts, situation) => {
  const { emergency } = situation;
  const { origin, emergency: number } = facts;
  if (number === undefined || isOutside(origin)) return undefined;
  // Of upstream's calls only those to our gateways are ours to judge.
  if (origin === "upstream" && facts.host !== "gateway") return undefined;
  const upstream = origin === "localnet" ? upstreamStages(number, facts, situation) : [];
  const attempt = new Attempt();
  const last = replyStage(480, undefined, 'Reason: SIP;cause=503;text="Nobody takes the emergency call"\r\n');
  return {
    ...decision(
      "emergency",
      `${number} is an emergency number`,
      ...emergency.gatewayStages(number, facts, attempt),
      ...upstream,
      last,
    ),
    listener: {
      onStart: () => emergency.begun(number, facts),
      onOutcome: (outcome) => attempt.heard(outcome),
      onAnswer: () => emergency.decided(facts),
      onFailure: () => emergency.decided(facts),
    },
  };
};

/** A challenge is an answer, or the phone could never follow it. */
const UNLESS_CHALLENGED: Condition = { ...ANY_FAILURE, except: [401, 407] };

/** Even those that seem dead: nothing is left to lose. */
function upstreamStages(number: string, facts: RequestFacts, { upstreams, site, now_ms }: Situation): Stage[] {
  const isElsewhere = facts.host !== "us" && facts.host !== "gateway" && facts.host !== "none";
  const configured = upstreams.configuredTargets;
  const targets = configured.length > 0 || !isElsewhere ? configured : upstreams.targetsFor(facts, now_ms);
  const living = targets.filter((target) => target.takesCalls);
  return [...living, ...targets.filter((target) => !target.takesCalls)].map((target) => {
    const requestUri = numberUri(number, target.hop);
    const stage = upstreamStage(target, site.upstream.fr_timer_ms, isElsewhere ? {} : { requestUri, dropRoutes: true });
    return { ...stage, on: nextWhen(UNLESS_CHALLENGED) };
  });
}
