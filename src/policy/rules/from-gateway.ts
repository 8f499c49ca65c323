/** A call from the PSTN rings the hunt group of the called number. */
import type { Target } from "../../proxy/router.ts";
import { contactTargets, findExtension } from "../extensions.ts";
import { decision, replyStage } from "../plan.ts";
import type { Member } from "../site.ts";
import type { RoutingRule, Situation } from "../situation.ts";

export const fromGateway: RoutingRule = (routed, situation) => {
  const { site, origin, gateways } = situation;
  if (origin !== "gateway" || routed.request.method !== "INVITE") return undefined;
  const number = routed.uri?.user ?? "";
  const group =
    site.huntGroups.find((one) => one.name === number) ?? site.huntGroups.find((one) => one.name === "default");
  if (group === undefined) return decision("from-gateway", `no hunt group for ${number}`, replyStage(404));
  const targets = group.members.flatMap((member) => memberTargets(member, situation));
  if (targets.length === 0) {
    return decision("from-gateway", `no phone of hunt group ${group.name} is registered`, replyStage(480));
  }
  const { callId } = routed.request;
  const gateway = gateways.findAddress(routed.source.address);
  return {
    ...decision("from-gateway", `hunt group ${group.name}`, { kind: "fork", targets, ring_ms: group.ring_ms }),
    listener: {
      onStage: (_stage, now_ms) => {
        if (gateway !== undefined) gateways.calls.begin(callId, gateway.name, false, now_ms);
      },
      onAnswer: (_target, response, now_ms) => gateways.calls.answer(callId, response, now_ms),
      onFailure: () => gateways.calls.end(callId),
    },
  };
};

/** Each phone gets its own URI: many answer 404 to the dialled number. */
function memberTargets(member: Member, { site, registrar }: Situation): Target[] {
  if (typeof member === "string") {
    const extension = findExtension(member, site.extensions, registrar.bindings);
    return extension === undefined
      ? []
      : contactTargets(extension).map((target) => ({ ...target, touchesGateway: true }));
  }
  return [{ requestUri: member.text, nextHop: { host: member.host, port: member.port }, touchesGateway: true }];
}
