/** A call from the PSTN: upstream first, where it is configured so and lives; then the hunt group of the called number. */
import type { ForkOutcome, Stage } from "../../proxy/router.ts";
import { nobodyRegistered, uriAt } from "../hunting.ts";
import { decision, replyStage, upstreamStage } from "../plan.ts";
import type { RoutingRule, Situation } from "../situation.ts";

export const fromGateway: RoutingRule = (routed, situation) => {
  const { origin, gateways, hunting, now_ms } = situation;
  if (origin !== "gateway" || routed.request.method !== "INVITE") return undefined;
  const number = routed.uri?.user ?? "";
  const group = hunting.groupFor(number);
  const upstream = upstreamStages(number, situation);
  if (group === undefined) {
    return decision("from-gateway", `no hunt group for ${number}`, ...upstream, replyStage(404));
  }
  const rings = hunting.stages(group, routed, now_ms);
  const hunt = rings.length === 0 ? [nobodyRegistered(group)] : rings;
  const why = upstream.length > 0 ? `upstream, then hunt group ${group.name}` : `hunt group ${group.name}`;
  const { callId } = routed.request;
  const gateway = gateways.findAddress(routed.source.address);
  return {
    ...decision("from-gateway", why, ...upstream, ...hunt),
    listener: {
      onStage: (_stage, now_ms) => {
        if (gateway !== undefined) gateways.calls.begin(callId, gateway.name, false, now_ms);
      },
      onAnswer: (_target, response, now_ms) => gateways.calls.answer(callId, response, now_ms),
      onFailure: () => gateways.calls.end(callId),
    },
  };
};

/** Upstream gets the number at its own address: the gateway has put ours. */
function upstreamStages(number: string, { site, upstreams }: Situation): Stage[] {
  if (site.inbound.order !== "upstream-first") return [];
  return upstreams.configuredTargets
    .filter((target) => target.takesCalls)
    .map((target) => {
      const requestUri = uriAt(number, target.hop.host, target.hop.port);
      const stage = upstreamStage(target, site.inbound.timer_ms, { requestUri, touchesGateway: true });
      return { ...stage, nextOn: hasNobodyForIt };
    });
}

/** Silence, or an answer that says that nobody up there can take the call now. */
function hasNobodyForIt({ isSilent, best }: ForkOutcome): boolean {
  return isSilent || best.status === 408 || best.status === 480 || best.status === 503;
}
