/** Requests of upstream to a phone's own address, such as those of a PBX that knows no Path. */
import { hostText } from "../../message/uri.ts";
import { hopOf } from "../../transport/locator.ts";
import { hopFromOutside, mayReachGateway, NO_DIALLING_OUT } from "../dialling.ts";
import { decision } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";

export const fromUpstream: RoutingRule = (routed, situation) => {
  const { site, gateways, registrar, pathWatch, upstreams } = situation;
  const { origin } = routed;
  if ((origin !== "upstream" && origin !== "domain") || routed.uri === undefined) return undefined;
  const { host } = routed.uri;
  // A Route that is left would lead elsewhere than the Request-URI that has been looked at.
  if (routed.routes.remaining.length > 0 || !site.localnet.contains(host)) return undefined;
  if (gateways.findAddress(host) !== undefined && !mayReachGateway(routed, host, situation)) {
    return decision("from-upstream", "upstream may not dial out", NO_DIALLING_OUT);
  }
  if (origin === "domain" && gateways.findAddress(host) !== undefined) return undefined;
  const hop = hopOf(routed.uri);
  const nextHop = origin === "domain" ? hopFromOutside(hop, situation) : hop;
  if (nextHop === undefined) return undefined;
  if (site.registration.mode === "path" && registrar.bindings.isPhoneAt(host)) {
    pathWatch.ignored(upstreams.peerAt(routed.source.address));
  }
  const what = `phone at ${hostText(host)}`;
  return decision("from-upstream", `to ${hostText(host)}`, { kind: "fork", what, targets: [{ nextHop }] });
};
