/** Requests whose Request-URI is our own address (RFC 3261 §11.2, §16.12). */
import { parseSipUri } from "../../message/uri.ts";
import { CAPABILITIES } from "../../proxy/capabilities.ts";
import { calleeOf } from "../numbers/callee.ts";
import { withoutSuffix } from "../numbers/extensions.ts";
import { ALL_KEPT } from "../numbers/forwarding.ts";
import { targetOf } from "../phones/binding.ts";
import { type Decision, decision, replyStage } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { RoutingRule, Situation } from "../situation.ts";
import { isAsLong } from "./call.ts";
import { isBarred } from "./outside.ts";
import { phonesBehindUs } from "./rewritten-contact.ts";

const NO_REGISTRAR = "Not Here - Set The Phone's Domain To The PBX";
const NO_PATH = "No Such Phone - The PBX Must Support Path";
const PHONE_NUMBER = /^\+?\d+$/;
const NO_PHONE = "No Such Phone Here";

const ALIVE = decision("to-ourselves", "asks whether we live", replyStage(200, undefined, CAPABILITIES));

/** All that this rule says to a phone's REGISTER. */
export const NOT_HERE = decision("to-ourselves", "we are nobody's registrar", replyStage(404, NO_REGISTRAR));

export const toOurselves: RoutingRule = (facts, situation) => {
  const { request, routes, host, origin, number } = facts;
  const { method } = request;
  const isFromAbove = origin === "upstream" || origin === "domain";
  if (routes.remaining.length > 0) return undefined;
  if (method === "OPTIONS" && (isFromAbove || origin === "gateway") && mayMeanUs(facts, situation)) return ALIVE;
  if (host !== "us") return undefined;
  if (method === "OPTIONS" && !(isFromAbove && mayBePhone(number, situation))) {
    return ALIVE;
  }
  if (isFromAbove && number !== "") return toPhone(facts, situation);
  // Our own host is our own domain: the user decides.
  const isCall = number !== "" && method !== "REGISTER" && method !== "ACK" && method !== "CANCEL";
  if (origin === "localnet" && isCall) return undefined;
  return NOT_HERE;
};

/** A peer that asks by a name which DNS doesn't resolve means the host that it has reached: in an outage DNS may be dead. */
function mayMeanUs({ host, uri }: RequestFacts, { own }: Situation): boolean {
  return host === "elsewhere" && uri !== undefined && uri.user === undefined && own.mayMean(uri.host);
}

/** Whether upstream may mean a phone of ours, registered or not, rather than us: PBXs ask trunks how they are as "ping" or such. */
function mayBePhone(number: string, { registrar: { bindings } }: Situation): boolean {
  if (number === "") return false;
  return (
    PHONE_NUMBER.test(number) || bindings.allByContactUser(number).length > 0 || bindings.allByUser(number).length > 0
  );
}

/** A trunk of the PBX ends at us: a number of no phone leaves by a gateway, where the file lets upstream dial out. */
function dialOut(facts: RequestFacts, situation: Situation): Decision | undefined {
  const { site, gateways, registrar, now_ms } = situation;
  const { request, origin } = facts;
  const mayBe = request.method === "INVITE" && origin === "upstream" && PHONE_NUMBER.test(facts.number);
  if (!mayBe || !site.upstream.mayDialOut) return undefined;
  const guessless = { ...site, extensions: withoutSuffix(site.extensions) };
  const callee = calleeOf(facts, guessless, registrar.bindings, ALL_KEPT);
  // An extension whose phone isn't there must not be dialled outside.
  if (callee.kind !== "outside" || isAsLong(callee.number, site, registrar.bindings)) return undefined;
  const [first, ...rest] = gateways.stages(gateways.order(callee.number, facts, now_ms), callee.number);
  if (first === undefined) return undefined;
  const why = "no phone has this number: upstream dials out";
  return { ...decision("to-ourselves", why, first, ...rest), listener: { name: "to-gateway" } };
}

/** Path would tell which of several phones is meant, or where one was; it brings none that isn't there. */
function noPhone({ number, request }: RequestFacts, { site, registrar: { bindings } }: Situation): Decision {
  const isKnown = site.registration.mode === "path" && bindings.allByUser(number).length > 0;
  const isShut = request.method === "INVITE" && site.gateways.length > 0 && !site.upstream.mayDialOut;
  const why = `no phone of ours has this user${isShut ? ", and upstream may not dial out (upstream.may_dial_out)" : ""}`;
  return decision("to-ourselves", why, replyStage(404, isKnown ? NO_PATH : NO_PHONE));
}

/** A PBX that knows no Path, and puts the address where REGISTERs come from in the Contact's place, asks us for its phones. */
function toPhone(facts: RequestFacts, situation: Situation): Decision {
  const { pathWatch, upstreams, site, now_ms } = situation;
  const bindings = phonesBehindUs(facts, situation, upstreams.isDark ? ALL_KEPT : now_ms).filter(
    ({ contact, flow }) => !isBarred({ ...facts, uri: parseSipUri(contact) }, flow, situation),
  );
  if (bindings.length === 0) return dialOut(facts, situation) ?? noPhone(facts, situation);
  if (site.registration.mode === "path") pathWatch.ignored(upstreams.peerAt(facts.source.address));
  const targets = bindings.map(targetOf);
  const what = `phone at ${bindings.map(({ flow }) => flow.address).join(", ")}`;
  return decision("to-ourselves", `the phone with user ${facts.number}`, { kind: "fork", what, targets });
}
