/** A call from the PSTN: upstream first, where it is configured so and lives; then what the called number means. */
import { REFERRED_BY } from "../../message/header-names.ts";
import { parseSipUri, uriPort } from "../../message/uri.ts";
import { flowNamedBy } from "../../proxy/outgoing.ts";
import { ANY_FAILURE, type Condition } from "../../proxy/plan/condition.ts";
import { isNamed } from "../../proxy/plan/walk.ts";
import type { DecisionListener, Stage, Target } from "../../proxy/router.ts";
import { numberUri } from "../dialled-number.ts";
import { callersText } from "../emergency/callbacks.ts";
import { channelKey } from "../gateways/gateways.ts";
import type { FromGatewayHearing } from "../named.ts";
import { type Callee, calleeOf, DEFAULT_GROUP, hasReplaces, isDiallable, phonesNamed } from "../numbers/callee.ts";
import { contactTargets, findExtension, phoneStages, ringStages, withoutSuffix } from "../numbers/extensions.ts";
import { ALL_KEPT } from "../numbers/forwarding.ts";
import { nobodyRegistered } from "../numbers/hunting.ts";
import type { Bindings } from "../phones/bindings.ts";
import { decision, inTurn, NOT_FOR_GATEWAYS, nextWhen, replyStage, upstreamStage, upstreamStages } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { HuntGroup, Site } from "../site.ts";
import type { RoutingRule, Situation } from "../situation.ts";
import { ringingOf } from "./ringing.ts";

/** As long as anybody who has just called for help may need to reach the phone. */
const CALLBACK_RING_ms = 60_000;

export const fromGateway: RoutingRule = (facts, situation) => {
  const { gateways, emergency, registrar, now_ms } = situation;
  if (facts.origin !== "gateway" || facts.request.method !== "INVITE") return undefined;
  const { number } = facts;
  const gateway = gateways.findAddress(facts.source.address);
  const channel = gateway === undefined ? "" : channelKey(gateway);
  const callers = emergency.callbackTargets(facts.source.address, now_ms);
  // A call back after an emergency call must not meet a menu at headquarters.
  const transfer = callers.length > 0 ? undefined : transferred(facts, situation);
  const isHere = callers.length > 0 || transfer !== undefined || namesPhone(facts, registrar.bindings);
  const upstream = isHere ? [] : askedFirst(number, situation);
  const here = transfer ?? whoRings(number, facts, situation);
  const who = callersText(emergency.callbacksOf(facts.source.address, now_ms), now_ms);
  const rings = callers.length > 0 ? withCallers(callers, here.stages, who) : here.stages;
  const words = [...(callers.length > 0 ? [who] : []), ...(upstream.length > 0 ? ["upstream"] : []), here.words];
  return {
    ...decision("from-gateway", words.join(", then "), ...upstream, ...rings),
    hides: NOT_FOR_GATEWAYS,
    listener: { name: "from-gateway", channel, isCallback: callers.length > 0 },
  };
};

/** The call takes one of the gateway's channels. */
export function fromGatewayListener(
  { channel, isCallback }: FromGatewayHearing,
  facts: RequestFacts,
  { own, gateways: { calls } }: Pick<Situation, "own" | "gateways">,
): DecisionListener {
  return {
    onStart: (running, at_ms) => calls.begin(facts.request, channel, isCallback, running, at_ms),
    onAnswer: (target, response, at_ms) =>
      calls.answer(facts, response, own, at_ms, flowNamedBy(target, own.listeners)),
    onFailure: (_status, at_ms) => calls.leave(facts.request.callId, channel, at_ms),
  };
}

/** Whether it can mean a phone here alone, or the call of one that is over: what no headquarters knows. */
function namesPhone(facts: RequestFacts, bindings: Bindings): boolean {
  if (facts.host !== "phone") return false;
  return hasReplaces(facts) || !isDiallable(facts.number) || phonesNamed(facts, bindings, ALL_KEPT).length > 0;
}

/** What a call does here, in words and stages. */
interface Course {
  readonly words: string;
  readonly stages: readonly Stage[];
}

/**
 * The phone that the call names by its own address; else the group of this very number; else the extension that it means, no
 * guessing by suffix; else the default group.
 */
function whoRings(number: string, facts: RequestFacts, situation: Situation): Course {
  const { site, registrar, hunting, now_ms } = situation;
  const ringing = ringingOf(facts, situation);
  const { keptSince_ms, extra } = ringing;
  const guessless = { ...site, extensions: withoutSuffix(site.extensions) };
  const callee = calleeOf(facts, guessless, registrar.bindings, keptSince_ms);
  if (callee.kind === "phone") return { words: callee.name, stages: phoneStages(callee, site.extensions, extra) };
  if (callee.kind === "group") return ringGroup(callee.group, facts, situation);
  if (callee.kind === "extension" && contactTargets(callee.address, keptSince_ms).length > 0) {
    const stages = ringStages(callee.address, keptSince_ms, site.extensions, extra, []);
    return { words: `extension ${callee.address.user}`, stages };
  }
  const forward = callee.kind === "absent" ? callee.forward : forwardOf(callee, site);
  const stages = forward === undefined ? [] : hunting.onward(forward, ringing, facts, now_ms, []);
  if (stages.length > 0) return { words: `the forward of extension ${number}`, stages };
  // What takes the place of a call that isn't there must not ring everybody, nor what only that phone's Contact could mean.
  if (namesPhone(facts, registrar.bindings)) return { words: "no such phone", stages: [replyStage(404)] };
  const group = hunting.groupNamed(DEFAULT_GROUP);
  if (group === undefined) return { words: `no hunt group for ${number}`, stages: [replyStage(404)] };
  return ringGroup(group, facts, situation);
}

function ringGroup(group: HuntGroup, facts: RequestFacts, situation: Situation): Course {
  const { hunting, now_ms } = situation;
  const hunt = hunting.stages(group, ringingOf(facts, situation), facts, now_ms);
  return { words: `hunt group ${group.name}`, stages: hunt.length === 0 ? [nobodyRegistered(group)] : hunt };
}

/** Where calls go to an extension whose registrations have all run out. */
function forwardOf(callee: Callee, { extensions }: Site): string | undefined {
  return callee.kind === "extension" ? extensions.forwards.get(callee.address.user)?.noAnswer : undefined;
}

/**
 * The PSTN party follows a transfer to a number of upstream's: it goes there. In an outage the extension rings, and never a
 * gateway. The host alone says nothing: many gateways write the PBX's name into every call, and ours into what they follow.
 */
function transferred(facts: RequestFacts, situation: Situation): Course | undefined {
  const { request, host, number } = facts;
  if (number === "" || (!hasReplaces(facts) && request.indexOf(REFERRED_BY) < 0)) return undefined;
  const { site, registrar, upstreams, hunting, now_ms } = situation;
  const { keptSince_ms, extra } = ringingOf(facts, situation);
  const settings = { ...withoutSuffix(site.extensions), forwards: new Map() };
  const extension = findExtension(number, settings, registrar.bindings);
  const isOfOurs = extension !== undefined || hunting.groupNamed(number) !== undefined;
  if (host !== "home" && (isOfOurs || (host !== "us" && host !== "none"))) return undefined;
  const here = extension === undefined ? [] : ringStages(extension, keptSince_ms, settings, extra, []);
  const targets =
    upstreams.configuredTargets.length > 0 || host !== "home"
      ? upstreams.takingCalls
      : upstreams.targetsFor(facts, now_ms).filter((target) => target.takesCalls);
  const above = targets.flatMap((target) => {
    const requestUri = host === "home" ? {} : { requestUri: numberUri(number, target.hop) };
    return upstreamStages([target], site.inbound.timer_ms, { touchesGateway: true, ...requestUri });
  });
  const last = replyStage(480, undefined, 'Reason: SIP;cause=480;text="Nobody takes the transferred call"\r\n');
  return { words: "a transfer to upstream", stages: [...inTurn(above), ...here, last] };
}

/** They ring together with the first phones of the group. */
function withCallers(callers: readonly Target[], hunt: readonly Stage[], what: string): readonly Stage[] {
  const [first, ...rest] = hunt;
  if (first?.kind !== "fork" || isNamed(first.targets)) {
    return [{ kind: "fork", what, targets: callers, ring_ms: CALLBACK_RING_ms, on: nextWhen(ANY_FAILURE) }, ...hunt];
  }
  const phones = callers.map(phoneOf);
  const others = first.targets.filter((target) => !phones.includes(phoneOf(target))).map(forItself);
  return [{ ...first, what: `${what}, ${first.what ?? ""}`, targets: [...callers, ...others] }, ...rest];
}

/** While a phone is rung that has called for help, another one's refusal is no answer for all (RFC 3261 §16.7 item 5). */
function forItself(target: Target): Target {
  const { mutes, party = "others" } = target;
  return { ...target, party, mutes: { ...mutes, classes: [...(mutes?.classes ?? []), 6] } };
}

/** What tells phones apart: a member of a group is written without the port that a Contact has. */
function phoneOf({ requestUri }: Target): string {
  const uri = parseSipUri(requestUri ?? "");
  return uri === undefined ? "" : `${uri.user ?? ""}@${uri.host}:${uriPort(uri)}`;
}

/** Upstream gets the number at its own address: the gateway has put ours. */
function askedFirst(number: string, { site, upstreams }: Situation): Stage[] {
  if (site.inbound.order !== "upstream-first") return [];
  const stages = upstreams.takingCalls.map((target) => {
    const extra = { requestUri: numberUri(number, target.hop), touchesGateway: true };
    return { ...upstreamStage(target, site.inbound.timer_ms, extra), on: nextWhen(HAS_NOBODY) };
  });
  return inTurn(stages);
}

/** Silence, or an answer that says that nobody up there can take the call now; or one that a gateway can't follow. */
const HAS_NOBODY: Condition = { silent: true, codes: [401, 403, 407, 408, 480, 503], classes: [3] };
