/** A call from the PSTN rings the hunt group of the called number. */
import type { HuntGroup } from "../site.ts";
import { decision, type RoutingRule, replyStage } from "../situation.ts";

export const fromGateway: RoutingRule = (routed, { site, origin }) => {
  if (origin !== "gateway" || routed.request.method !== "INVITE") return undefined;
  const number = routed.uri?.user ?? "";
  const group =
    site.huntGroups.find((one) => one.name === number) ?? site.huntGroups.find((one) => one.name === "default");
  if (group === undefined) return decision("from-gateway", `no hunt group for ${number}`, replyStage(404));
  return decision("from-gateway", `hunt group ${group.name}`, ring(group));
};

/** Each phone gets its own URI: many answer 404 to the dialled number. */
function ring(group: HuntGroup) {
  const targets = group.members.map((member) => ({
    requestUri: member.text,
    nextHop: { host: member.host, port: member.port },
    touchesGateway: true,
  }));
  return { kind: "fork" as const, targets, ring_ms: group.ring_ms };
}
