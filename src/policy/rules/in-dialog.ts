/**
 * Requests within a dialog follow their Route set; no state of ours is needed, so a restart harms no call.
 * Towards a dead upstream they are answered here, so that phones clear the line.
 */
import { ipVersion } from "../../base/ip-range.ts";
import type { Request } from "../../message/message.ts";
import { hostText } from "../../message/uri.ts";
import { isFlow, nextHopOf } from "../../proxy/outgoing.ts";
import type { DecisionListener, RoutingDecision, Stage, Target } from "../../proxy/router.ts";
import type { Hop } from "../../transport/locator.ts";
import type { Calls } from "../calls.ts";
import { hopFromOutside, isBoundToFlow, isOutside, mayReachGateway } from "../dialling.ts";
import { gruuTarget } from "../gruu.ts";
import { decision, replyStage } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { RoutingRule, Situation } from "../situation.ts";

/** They end something, or start nothing. */
const COSTS_NOTHING: readonly string[] = ["ACK", "BYE"];

export const inDialog: RoutingRule = (routed, situation) => {
  const { own, gateways, registrar } = situation;
  const { origin, belongs } = routed;
  if (belongs !== "dialog") return undefined;
  const target = connectionTarget(routed, situation) ?? gruuTarget(routed, registrar.bindings) ?? {};
  const hop = nextHopOf(routed, target);
  if (hop === undefined) return decision("in-dialog", "no next hop", replyStage(404));
  const host = isFlow(hop) ? hop.address : hop.host;
  if (!isAllowed(routed, host, situation)) return decision("in-dialog", "no dialog of ours", replyStage(403));
  const protocol = isFlow(hop) ? hop.listener.protocol : hop.protocol;
  if (own.has(host, hop.port, protocol)) return decision("in-dialog", "addressed to us", replyStage(481));
  const { callId, method } = routed.request;
  const { calls } = gateways;
  const made = isFlow(hop)
    ? decision("in-dialog", `phone at ${hostText(host)}`, { kind: "fork", targets: [target] })
    : isOutside(origin)
      ? fromOutside(hop, situation)
      : onwards(hop, method, situation);
  // Who hangs up with himself frees no channel.
  const isAcross = gateways.findAddress(host) !== undefined || calls.leadsAcross(routed.request, host);
  if (!calls.has(callId) || (origin !== "gateway" && !isAcross)) return made;
  calls.note(routed.request);
  return { ...made, listener: callListener(routed.request, calls) };
};

/** The connection that the phone on the other side has opened: the way to it, whatever its Contact says (RFC 5626 §5.3). */
function connectionTarget(routed: RequestFacts, situation: Situation): Target | undefined {
  const { request, routes } = routed;
  const { tokens, upstreams, gateways } = situation;
  if (routes.remaining.length > 0) return undefined;
  for (const token of routes.tokens) {
    const flow = tokens.readWay(token, request);
    if (flow === undefined) continue;
    const isPeer = upstreams.originOf(flow.address) !== undefined || gateways.findAddress(flow.address) !== undefined;
    return isPeer ? undefined : { nextHop: flow, isOnlyWay: isBoundToFlow(routed, situation) };
  }
  return undefined;
}

/** To where the Route set leads; towards a dead upstream it ends here. */
function onwards(hop: Hop, method: string, { upstreams, site }: Situation): RoutingDecision {
  const upstream = upstreams.find(hop);
  if (upstream === undefined) {
    return decision("in-dialog", `to ${hostText(hop.host)}`, { kind: "fork", targets: [{}] });
  }
  const targets = upstream.speaks(hop) ? [{ observer: upstream }] : [{}];
  if (upstream.stateName === "down" && method !== "ACK") {
    // A BYE is sent all the same: upstream may hear it, and a call that stays up there costs money.
    const stage: Stage = method === "BYE" ? { kind: "fork", targets, fr_timer_ms: 0 } : replyStage(408);
    return decision("in-dialog", `${upstream.name} is down`, stage);
  }
  const { fr_timer_ms } = site.upstream;
  return decision("in-dialog", `to ${upstream.name}`, { kind: "fork", targets, fr_timer_ms });
}

/** Nobody from outside has us open a connection to whom he likes. */
function fromOutside(hop: Hop, situation: Situation): RoutingDecision {
  const nextHop = hopFromOutside(hop, situation);
  if (nextHop === undefined) return decision("in-dialog", "no phone listens there", replyStage(403));
  return decision("in-dialog", `to ${hostText(hop.host)}`, { kind: "fork", targets: [{ nextHop }] });
}

/** A BYE frees the gateway's channel, answered or not; whatever refreshes the session keeps it. */
function callListener(request: Request, calls: Calls): DecisionListener {
  const { callId, method } = request;
  if (method === "BYE") return { onStage: () => calls.end(request) };
  if (method !== "INVITE" && method !== "UPDATE") return {};
  return { onAnswer: (_target, response, now_ms) => calls.refresh(callId, response, now_ms) };
}

/**
 * A source that we don't know must show that we let the dialog in, and reaches no more than its other side: a phone by its
 * address, or the gateway where that takes part in the dialog. A name could mean anything by the time DNS answers.
 * Upstream that may not dial out must show as much where a gateway could be what it reaches.
 */
function isAllowed(facts: RequestFacts, host: string, situation: Situation): boolean {
  const { request, routes, origin } = facts;
  const { tokens, site, gateways, upstreams } = situation;
  const isToGateway = gateways.findAddress(host) !== undefined;
  const proves = (...kinds: string[]) =>
    routes.tokens.some((token) => kinds.includes(tokens.readDialog(token, request.callId) ?? ""));
  if (isOutside(origin)) {
    if (isToGateway) return proves("gateway-dialog");
    return site.localnet.contains(host) && proves("dialog", "gateway-dialog");
  }
  if (origin !== "upstream" || site.upstream.mayDialOut || COSTS_NOTHING.includes(request.method)) return true;
  if (isToGateway) return proves("gateway-dialog") || mayReachGateway(facts, host, situation);
  return ipVersion(host) !== 0 || upstreams.isNamed(host) || proves("dialog", "gateway-dialog");
}
