/** A phone's call: upstream first, and survival when upstream says nothing. */
import type { Request } from "../../message/message.ts";
import type { RoutedRequest, Stage } from "../../proxy/router.ts";
import type { Site } from "../site.ts";
import { decision, type RoutingRule, replyStage, upstreamStage } from "../situation.ts";
import { gatewayStages, gatewayUri } from "./to-gateway.ts";

export const call: RoutingRule = (routed, { site, origin, upstreams, now_ms }) => {
  if (origin !== "localnet" || routed.request.method !== "INVITE") return undefined;
  const targets = upstreams.targetsFor(routed, now_ms).filter((target) => target.takesCalls);
  const stages = targets.map((target) => upstreamStage(target, site.upstream.fr_timer_ms));
  const why = targets.length === 0 ? "upstream is down" : `to ${targets.map((target) => target.name).join(", ")}`;
  return decision("call", why, ...stages, ...survivalStages(site, routed));
};

function survivalStages(site: Site, routed: RoutedRequest): Stage[] {
  const number = dialledUser(routed);
  const [gateway] = site.gateways;
  if (number === undefined || gateway === undefined) {
    return [replyStage(480, undefined, 'Reason: SIP;cause=503;text="Upstream does not answer"\r\n')];
  }
  const { answer, notice, notice_hold_ms } = site.survival;
  const noticeStage: Stage = { kind: "notice", reason: notice, hold_ms: notice_hold_ms };
  if (answer === "relay") return [noticeStage, ...gatewayStages(site, number)];
  return [noticeStage, replyStage(answer, undefined, `Contact: <${gatewayUri(gateway, number)}>\r\n`)];
}

/** What the phone dialled: the user of a SIP URI, or the number of a tel URI. */
function dialledUser({ uri, request }: RoutedRequest): string | undefined {
  return uri === undefined ? telNumber(request) : uri.user;
}

function telNumber(request: Request): string | undefined {
  const match = /^tel:([^;]+)/i.exec(request.requestUri);
  return match?.[1];
}
