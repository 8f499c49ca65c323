/** A phone's call: upstream first, and survival when upstream says nothing. */
import { assertNever } from "../../base/assert.ts";
import { ownText } from "../../base/own-text.ts";
import type { Reply } from "../../message/reply.ts";
import type { Outcome } from "../../proxy/plan/condition.ts";
import type { DecisionListener, Stage } from "../../proxy/router.ts";
import { userText } from "../dialled-number.ts";
import type { RedirectReply } from "../named.ts";
import { calleeOf } from "../numbers/callee.ts";
import { phoneStages, ringStages } from "../numbers/extensions.ts";
import { ALL_KEPT } from "../numbers/forwarding.ts";
import { nobodyRegistered } from "../numbers/hunting.ts";
import { extensionsOf } from "../numbers/own-numbers.ts";
import type { Bindings } from "../phones/bindings.ts";
import { phoneTextFor } from "../phones/phone-texts.ts";
import type { RedirectWatch } from "../phones/redirect-watch.ts";
import { later, replyStage } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Site } from "../site.ts";
import type { RoutingRule, Situation } from "../situation.ts";
import { ringingOf } from "./ringing.ts";
import { upstreamFirst } from "./upstream-first.ts";

export const call: RoutingRule = (facts, situation) => {
  const { site, redirects } = situation;
  if (facts.origin !== "localnet" || facts.request.method !== "INVITE") return undefined;
  const made = upstreamFirst("call", facts, situation, {
    known: () => survivalStages(facts, situation) ?? [unreachable],
    found: later("survival"),
    last: [unreachable],
  });
  const caller = redirects.partyOf(facts);
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

/** Another phone of this site, or a group, when the call means one; otherwise the notice, and the gateway. Undefined: there is neither. */
export function survivalStages(facts: RequestFacts, situation: Situation): readonly Stage[] | undefined {
  const { site, registrar, hunting, now_ms } = situation;
  const callee = calleeOf(facts, site, registrar.bindings, ALL_KEPT);
  switch (callee.kind) {
    case "phone":
      return phoneStages(callee, site.extensions);
    case "group": {
      const stages = hunting.stages(callee.group, ringingOf(facts, situation), facts, now_ms);
      return stages.length > 0 ? stages : [nobodyRegistered(callee.group)];
    }
    case "extension":
      return ringStages(callee.address, ALL_KEPT, site.extensions).map((stage) =>
        callee.isBySuffix ? { ...stage, what: `${stage.what ?? ""}, by suffix` } : stage,
      );
    case "absent":
      return absentStages(callee.forward, facts, situation);
    case "outside":
      return outsideStages(callee.number, facts, situation);
    case "nobody":
      return facts.number === "" ? undefined : [replyStage(404)];
    default:
      return assertNever(callee);
  }
}

/** To where the file forwards the calls of an extension that no phone has; no gateway is told its number. */
function absentStages(forward: string | undefined, facts: RequestFacts, situation: Situation): readonly Stage[] {
  const { hunting, now_ms } = situation;
  const ringing = ringingOf(facts, situation);
  const stages = forward === undefined ? [] : hunting.onward(forward, ringing, facts, now_ms);
  if (stages.length > 0) return stages;
  const text = `${userText(facts.number)} is an extension, and no phone is registered as it`;
  return [replyStage(480, undefined, `Reason: SIP;cause=480;text="${text}"\r\n`)];
}

/**
 * Whether upstream's refusal stands, though its code counts as silence: a PBX that answers probes says 503 to a call for
 * a phone that isn't registered, and that call must not leave by the gateway. Other numbers may have lost their trunk.
 */
export function isRefusedHere(facts: RequestFacts, situation: Situation, outcome: Outcome | undefined): boolean {
  const { site, registrar, upstreams } = situation;
  if (outcome === undefined || outcome.isSilent || !upstreams.answersProbes) return false;
  const { bindings } = registrar;
  const callee = calleeOf(facts, site, bindings, ALL_KEPT);
  return callee.kind !== "outside" || isAsLong(callee.number, site, bindings);
}

/** Whether it has as many digits as extensions have here. */
export function isAsLong(number: string, site: Site, bindings: Bindings): boolean {
  if (!/^\d+$/.test(number)) return false;
  if (bindings.hasLength(number.length)) return true;
  return extensionsOf(site).some((one) => /^\d+$/.test(one) && one.length === number.length);
}

function outsideStages(
  number: string,
  facts: RequestFacts,
  { site, gateways, redirects, now_ms }: Situation,
): Stage[] | undefined {
  const order = gateways.order(number, facts, now_ms);
  if (order.length === 0) return undefined;
  const { answer, notice, notice_hold_ms, makers } = site.survival;
  const own = phoneTextFor(facts.request, makers);
  const noticeStage: Stage = {
    kind: "notice",
    what: "notice",
    ...(own?.status === undefined ? {} : { status: own.status }),
    reason: own?.notice ?? notice,
    hold_ms: notice_hold_ms,
  };
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
