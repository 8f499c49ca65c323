/** A phone's call: upstream first, and survival when upstream says nothing. */
import type { Request } from "../../message/message.ts";
import type { RoutedRequest, Stage } from "../../proxy/router.ts";
import { findExtension, ringStages } from "../extensions.ts";
import { decision, type RoutingRule, replyStage, type Situation, upstreamStage } from "../situation.ts";
import { gatewayStages, gatewayUri } from "./to-gateway.ts";

export const call: RoutingRule = (routed, situation) => {
  const { site, origin, upstreams, now_ms } = situation;
  if (origin !== "localnet" || routed.request.method !== "INVITE") return undefined;
  const targets = upstreams.targetsFor(routed, now_ms).filter((target) => target.takesCalls);
  const stages = targets.map((target) => upstreamStage(target, site.upstream.fr_timer_ms));
  const why = targets.length === 0 ? "upstream is down" : `to ${targets.map((target) => target.name).join(", ")}`;
  return decision("call", why, ...stages, ...survivalStages(routed, situation));
};

/** Another phone of this site when the number means one; otherwise the notice, and the gateway. */
function survivalStages(routed: RoutedRequest, situation: Situation): Stage[] {
  const number = dialledUser(routed);
  if (number === undefined) return [unreachable];
  const extension = findExtension(number, situation.site.extensions, situation.registrar.bindings);
  if (extension === undefined) return outsideStages(number, situation);
  return ringStages(extension, situation.site.extensions, (other) => forwardStages(other, situation));
}

/** A forwarded call rings one more extension at the most: forwards don't chase each other. */
function forwardStages(number: string, { site, registrar }: Situation): Stage[] {
  const extension = findExtension(number, site.extensions, registrar.bindings);
  if (extension !== undefined) return ringStages(extension, { ...site.extensions, forwards: new Map() }, () => []);
  return gatewayStages(site, number);
}

function outsideStages(number: string, { site }: Situation): Stage[] {
  const [gateway] = site.gateways;
  if (gateway === undefined) return [unreachable];
  const { answer, notice, notice_hold_ms } = site.survival;
  const noticeStage: Stage = { kind: "notice", reason: notice, hold_ms: notice_hold_ms };
  if (answer === "relay") return [noticeStage, ...gatewayStages(site, number)];
  return [noticeStage, replyStage(answer, undefined, `Contact: <${gatewayUri(gateway, number)}>\r\n`)];
}

const unreachable = replyStage(480, undefined, 'Reason: SIP;cause=503;text="Upstream does not answer"\r\n');

/** What the phone dialled: the user of a SIP URI, or the number of a tel URI. */
function dialledUser({ uri, request }: RoutedRequest): string | undefined {
  return uri === undefined ? telNumber(request) : uri.user;
}

function telNumber(request: Request): string | undefined {
  const match = /^tel:([^;]+)/i.exec(request.requestUri);
  return match?.[1];
}
