/** Requests of upstream to a phone's own address, such as those of a PBX that knows no Path. */
import { hostText } from "../../message/uri.ts";
import { hopOf } from "../../transport/locator.ts";
import { decision } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";
import { hopFromOutside, mayReachGateway, NO_DIALLING_OUT } from "./outside.ts";

export const fromUpstream: RoutingRule = (facts, situation) => {
  const { site, gateways, registrar, pathWatch, upstreams } = situation;
  const { origin } = facts;
  if ((origin !== "upstream" && origin !== "domain") || facts.uri === undefined) return undefined;
  const { host } = facts.uri;
  // A Route that is left would lead elsewhere than the Request-URI that has been looked at.
  if (facts.routes.remaining.length > 0 || !site.localnet.contains(host)) return undefined;
  if (gateways.findAddress(host) !== undefined && !mayReachGateway(facts, host, situation)) {
    return decision("from-upstream", "upstream may not dial out", NO_DIALLING_OUT);
  }
  if (origin === "domain" && gateways.findAddress(host) !== undefined) return undefined;
  const hop = hopOf(facts.uri);
  const nextHop = origin === "domain" ? hopFromOutside(hop, situation) : hop;
  if (nextHop === undefined) return undefined;
  if (site.registration.mode === "path" && registrar.bindings.isPhoneAt(host)) {
    pathWatch.ignored(upstreams.peerAt(facts.source.address));
  }
  const what = `phone at ${hostText(host)}`;
  return decision("from-upstream", `to ${hostText(host)}`, { kind: "fork", what, targets: [{ nextHop }] });
};
