/** A call from the PSTN: upstream first, where it is configured so and lives; then whom the called number means. */
import { parseSipUri, uriPort } from "../../message/uri.ts";
import { isFlow } from "../../proxy/outgoing.ts";
import { ANY_FAILURE, type Condition } from "../../proxy/plan/condition.ts";
import type { Stage, Target } from "../../proxy/router.ts";
import { contactTargets, findExtension, ringStages } from "../extensions.ts";
import { absentStages, ringingOf } from "../forwarding.ts";
import { channelKey } from "../gateways.ts";
import { nobodyRegistered, uriAt } from "../hunting.ts";
import { decision, nextWhen, replyStage, upstreamStage } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { RoutingRule, Situation } from "../situation.ts";

/** As long as anybody who has just called for help may need to reach the phone. */
const CALLBACK_RING_ms = 60_000;
const CALLERS = "phones that have called an emergency number";

export const fromGateway: RoutingRule = (routed, situation) => {
  const { own, gateways, emergency, now_ms } = situation;
  if (routed.origin !== "gateway" || routed.request.method !== "INVITE") return undefined;
  const { number } = routed;
  const gateway = gateways.findAddress(routed.source.address);
  const channel = gateway === undefined ? "" : channelKey(gateway);
  const callers = emergency.callbackTargets(routed.source.address, now_ms);
  // Who calls back after an emergency call must not meet a menu at headquarters.
  const upstream = callers.length > 0 ? [] : upstreamStages(number, situation);
  const here = whoRings(number, routed, situation);
  const rings = callers.length > 0 ? withCallers(callers, here.stages) : here.stages;
  const words = [...(callers.length > 0 ? [CALLERS] : []), ...(upstream.length > 0 ? ["upstream"] : []), here.words];
  const { calls } = gateways;
  const { callId } = routed.request;
  return {
    ...decision("from-gateway", words.join(", then "), ...upstream, ...rings),
    listener: {
      onStart: (running, at_ms) => calls.begin(routed.request, channel, callers.length > 0, running, at_ms),
      onAnswer: ({ nextHop }, response, at_ms) => {
        const flow = nextHop !== undefined && isFlow(nextHop) ? nextHop : undefined;
        calls.answer(routed, response, own, at_ms, flow);
      },
      onFailure: () => calls.leave(callId, channel),
    },
  };
};

/** The group of this very number; else the extension that it means, no guessing by suffix; else the default group. */
function whoRings(number: string, routed: RequestFacts, situation: Situation) {
  const { site, registrar, hunting, now_ms } = situation;
  const named = hunting.groupNamed(number);
  const settings = { ...site.extensions, suffix_digits: undefined };
  const { keptSince_ms, extra } = ringingOf(routed, situation);
  const extension = named === undefined ? findExtension(number, settings, registrar.bindings) : undefined;
  if (extension !== undefined && contactTargets(extension, keptSince_ms).length > 0) {
    const stages = ringStages(extension, keptSince_ms, site.extensions, extra);
    return { words: `extension ${extension.user}`, stages };
  }
  const absent = named === undefined ? absentStages(number, keptSince_ms, routed, situation, extra) : undefined;
  if (absent !== undefined) return { words: `the forward of extension ${number}`, stages: absent };
  const group = named ?? hunting.groupNamed("default");
  if (group === undefined) return { words: `no hunt group for ${number}`, stages: [replyStage(404)] };
  const hunt = hunting.stages(group, routed, now_ms);
  return { words: `hunt group ${group.name}`, stages: hunt.length === 0 ? [nobodyRegistered(group)] : hunt };
}

/** They ring together with whom the group rings first. */
function withCallers(callers: readonly Target[], hunt: readonly Stage[]): readonly Stage[] {
  const [first, ...rest] = hunt;
  if (first?.kind !== "fork" || typeof first.targets === "function") {
    return [
      { kind: "fork", what: CALLERS, targets: callers, ring_ms: CALLBACK_RING_ms, on: nextWhen(ANY_FAILURE) },
      ...hunt,
    ];
  }
  const phones = callers.map(phoneOf);
  const others = first.targets.filter((target) => !phones.includes(phoneOf(target)));
  return [{ ...first, what: `${CALLERS}, ${first.what ?? ""}`, targets: [...callers, ...others] }, ...rest];
}

/** What tells phones apart: a member of a group is written without the port that a Contact has. */
function phoneOf({ requestUri }: Target): string {
  const uri = parseSipUri(requestUri ?? "");
  return uri === undefined ? "" : `${uri.user ?? ""}@${uri.host}:${uriPort(uri)}`;
}

/** Upstream gets the number at its own address: the gateway has put ours. */
function upstreamStages(number: string, { site, upstreams }: Situation): Stage[] {
  if (site.inbound.order !== "upstream-first") return [];
  return upstreams.configuredTargets
    .filter((target) => target.takesCalls)
    .map((target) => {
      const requestUri = uriAt(number, target.hop.host, target.hop.port);
      const stage = upstreamStage(target, site.inbound.timer_ms, { requestUri, touchesGateway: true });
      return { ...stage, on: nextWhen(HAS_NOBODY) };
    });
}

/** Silence, or an answer that says that nobody up there can take the call now. */
const HAS_NOBODY: Condition = { silent: true, codes: [408, 480, 503] };
