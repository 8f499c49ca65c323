/** Requests of upstream to a phone's own address, such as those of a PBX that knows no Path. */
import { hostText } from "../../message/uri.ts";
import { decision } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";

export const fromUpstream: RoutingRule = (routed, { site, origin }) => {
  if ((origin !== "upstream" && origin !== "domain") || routed.uri === undefined) return undefined;
  if (!site.localnet.contains(routed.uri.host)) return undefined;
  return decision("from-upstream", `to ${hostText(routed.uri.host)}`, { kind: "fork", targets: [{}] });
};
