/** A phone's call: upstream first, and survival when upstream says nothing. */
import { assertNever } from "../../base/assert.ts";
import { ownText } from "../../base/own-text.ts";
import type { Reply } from "../../message/reply.ts";
import { type Outcome, SILENCE } from "../../proxy/plan/condition.ts";
import type { DecisionListener, Sequel, Stage } from "../../proxy/router.ts";
import { underUpstream } from "../door/own-domain.ts";
import type { RedirectReply } from "../named.ts";
import { calleeOf } from "../numbers/callee.ts";
import { phoneStages, ringStages } from "../numbers/extensions.ts";
import { ALL_KEPT, forwardStages } from "../numbers/forwarding.ts";
import type { Peer } from "../peers/peer.ts";
import { whyNoCalls } from "../peers/state-words.ts";
import type { Bindings } from "../phones/bindings.ts";
import type { RedirectWatch } from "../phones/redirect-watch.ts";
import { deadBy, later, replyStage, upstreamStages } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Site } from "../site.ts";
import type { RoutingRule, Situation } from "../situation.ts";

export const call: RoutingRule = (facts, situation) => {
  const { site, upstreams, redirects, now_ms } = situation;
  if (facts.origin !== "localnet" || facts.request.method !== "INVITE") return undefined;
  const named = upstreams.targetsFor(facts, now_ms);
  const targets = named.filter((target) => target.takesCalls);
  const under = ({ hop }: Peer) => underUpstream(facts, hop);
  // An answer of upstream isn't replaced by one of ours that helps no more.
  const on: readonly Sequel[] = [
    { when: deadBy(site.upstream.deadCodes), go: later("survival") },
    { when: SILENCE, go: [unreachable] },
  ];
  const plan =
    targets.length > 0
      ? upstreamStages(targets, site.upstream.fr_timer_ms, under, on)
      : (survivalStages(facts, situation) ?? [unreachable]);
  const caller = redirects.partyOf(facts);
  const why = targets.length === 0 ? whyNoCalls(named) : `to ${targets.map((target) => target.name).join(", ")}`;
  const made = { rule: "call", why, plan, passes503: true };
  if (site.survival.answer !== "auto" || redirects.wantsRelay(caller)) return made;
  return { ...made, listener: { name: "redirect", caller: ownText(caller) } };
};

/** It holds no request: the ACK may not come for half a minute. */
export function redirectListener(redirects: RedirectWatch, caller: string): DecisionListener {
  let isRedirected = false;
  return {
    onFailure: (status) => {
      isRedirected = status === 302;
    },
    onAck: (at_ms) => {
      if (isRedirected) redirects.redirected(caller, at_ms);
    },
  };
}

/** Another phone of this site when the call means one; otherwise the notice, and the gateway. Undefined: there is neither. */
export function survivalStages(facts: RequestFacts, situation: Situation): readonly Stage[] | undefined {
  const { site, registrar } = situation;
  const callee = calleeOf(facts, site.extensions, registrar.bindings, ALL_KEPT);
  switch (callee.kind) {
    case "phone":
      return phoneStages(callee, site.extensions);
    case "extension":
      return ringStages(callee.address, ALL_KEPT, site.extensions).map((stage) =>
        callee.isBySuffix ? { ...stage, what: `${stage.what ?? ""}, by suffix` } : stage,
      );
    case "absent":
      return forwardStages(callee.forward, ALL_KEPT, facts, situation, {});
    case "outside":
      return outsideStages(callee.number, facts, situation);
    case "nobody":
      return facts.number === "" ? undefined : [replyStage(404)];
    default:
      return assertNever(callee);
  }
}

/**
 * Whether upstream's refusal stands, though its code counts as silence: a PBX that answers probes says 503 to a call for
 * a phone that isn't registered, and that call must not leave by the gateway. Other numbers may have lost their trunk.
 */
export function isRefusedHere(facts: RequestFacts, situation: Situation, outcome: Outcome | undefined): boolean {
  const { site, registrar, upstreams } = situation;
  if (outcome === undefined || outcome.isSilent || !upstreams.answersProbes) return false;
  const { bindings } = registrar;
  const callee = calleeOf(facts, site.extensions, bindings, ALL_KEPT);
  return callee.kind !== "outside" || isAsLong(callee.number, site, bindings);
}

/** Whether it has as many digits as extensions have here. */
function isAsLong(number: string, { extensions, huntGroups }: Site, bindings: Bindings): boolean {
  if (!/^\d+$/.test(number)) return false;
  if (bindings.hasLength(number.length)) return true;
  const members = huntGroups.flatMap((group) => group.members.filter((one) => typeof one === "string"));
  const known = [...extensions.aliases.values(), ...extensions.forwards.keys(), ...members];
  return known.some((one) => /^\d+$/.test(one) && one.length === number.length);
}

function outsideStages(
  number: string,
  facts: RequestFacts,
  { site, gateways, redirects, now_ms }: Situation,
): Stage[] | undefined {
  const order = gateways.order(number, facts, now_ms);
  if (order.length === 0) return undefined;
  const { answer, notice, notice_hold_ms } = site.survival;
  const noticeStage: Stage = { kind: "notice", what: "notice", reason: notice, hold_ms: notice_hold_ms };
  const relays = answer === "relay" || (answer === "auto" && redirects.wantsRelay(redirects.partyOf(facts)));
  if (relays) return [noticeStage, ...gateways.stages(order, number)];
  const status = answer === 380 ? 380 : 302;
  const what = `redirect to gateway ${order.map(({ name }) => name).join(", ")}`;
  const reply: RedirectReply = { name: "redirect", status, gateways: order.map(({ name }) => name), number };
  return [noticeStage, { kind: "reply", what, reply }];
}

/** Several gateways are several Contacts, the best first; those without a free channel are left out. */
export function redirectReply(
  { status, gateways: names, number }: RedirectReply,
  { gateways }: Pick<Situation, "gateways">,
  now_ms: number,
): Reply {
  const order = names.flatMap((name) => gateways.named(name) ?? []);
  const free = order.filter((gateway) => gateways.isFree(gateway, now_ms));
  const contacts = free.map((gateway, index) => {
    const quality = free.length > 1 ? `;q=${Math.max(1 - index / 10, 0.1).toFixed(1)}` : "";
    return `Contact: <${gateways.uriOf(gateway, number)}>${quality}\r\n`;
  });
  if (contacts.length > 0) return { status, headers: contacts.join("") };
  return { status: 480, headers: 'Reason: SIP;cause=503;text="No gateway has a free channel"\r\n' };
}

const unreachable = replyStage(480, undefined, 'Reason: SIP;cause=503;text="Upstream does not answer"\r\n');
