/** Requests within a dialog follow their Route set; no state of ours is needed, so a restart harms no call. */
import { ipVersion } from "../../base/ip-range.ts";
import type { Request } from "../../message/message.ts";
import { hostText, parseSipUri } from "../../message/uri.ts";
import { isFlow, nextHopOf } from "../../proxy/outgoing.ts";
import { type Condition, SILENCE } from "../../proxy/plan/condition.ts";
import type { DecisionListener, Stage, Target } from "../../proxy/router.ts";
import { type Flow, nameFlow } from "../../transport/flow.ts";
import { type Hop, portOf } from "../../transport/locator.ts";
import type { Calls } from "../gateways/calls.ts";
import type { Peer } from "../peers/peer.ts";
import { gruuTarget } from "../phones/gruu.ts";
import { type Decision, decision, nextWhen, replyStage } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { RoutingRule, Situation } from "../situation.ts";
import { otherEnd } from "./other-end.ts";
import { endsAtGateway, hopFromOutside, isBoundToFlow, isOutside, mayReachGateway } from "./outside.ts";

/** They end a call, or belong to its beginning, and begin nothing. */
const ENDINGS: readonly string[] = ["ACK", "BYE"];
/** Less than the 32 s after which the caller gives up by itself (timers B and F), so that our answer still counts. */
const PATIENCE_ms = 24_000;
const RETRY_AFTER = "Retry-After: 10\r\n";
/** Upstream has given no final answer. */
const UNSAID: Condition = { unsaid: true };
/** They keep a session. */
const REFRESHING: readonly string[] = ["INVITE", "UPDATE"];
const NOTHING_BUT_ROUTES: Target = {};

export const inDialog: RoutingRule = (facts, situation) => {
  const { own, gateways, registrar } = situation;
  const { origin, belongs } = facts;
  if (belongs !== "dialog") return undefined;
  const { method } = facts.request;
  const target =
    otherEnd(facts, situation) ??
    connectionTarget(facts, situation) ??
    gruuTarget(facts, registrar.bindings) ??
    domainTarget(facts, situation) ??
    NOTHING_BUT_ROUTES;
  const hop = nextHopOf(facts, target, own.listeners);
  if (hop === undefined) return decision("in-dialog", "no next hop", replyStage(404));
  const host = isFlow(hop) ? hop.address : hop.host;
  if (!isAllowed(sentTo(target, facts), hop, situation))
    return decision("in-dialog", "no dialog of ours", replyStage(403));
  const protocol = isFlow(hop) ? hop.listener.protocol : hop.protocol;
  const namesUs = facts.host === "us" && facts.routes.remaining.length === 0 && target === NOTHING_BUT_ROUTES;
  if (namesUs || own.has(host, hop.port, protocol)) return decision("in-dialog", "addressed to us", replyStage(481));
  const { calls } = gateways;
  const made =
    isOutside(origin) && !isFlow(hop) ? fromOutside(hop, target, situation) : onwards(target, hop, method, situation);
  // A call within the site that is hung up frees no channel.
  const isAcross = gateways.findAddress(host) !== undefined || calls.leadsAcross(facts.request, host);
  if (!calls.concerns(facts.request) || (origin !== "gateway" && !isAcross)) return made;
  calls.note(facts.request);
  return REFRESHING.includes(method) || method === "BYE" ? { ...made, listener: { name: "in-dialog" } } : made;
};

/** The connection that the phone on the other side has opened: the way to it, whatever its Contact says (RFC 5626 §5.3). */
function connectionTarget(facts: RequestFacts, situation: Situation): Target | undefined {
  const { request, routes } = facts;
  const { tokens, upstreams } = situation;
  if (routes.remaining.length > 0) return undefined;
  for (const token of routes.tokens) {
    const flow = tokens.readWay(token, request);
    if (flow === undefined) continue;
    const isPeer = upstreams.originOf(flow.address) !== undefined || endsAtGateway(facts, flow, situation);
    return isPeer ? undefined : { nextHop: nameFlow(flow), isOnlyWay: isBoundToFlow(facts, situation) };
  }
  return undefined;
}

/**
 * A phone's own domain means the upstream that the file names, within a dialog as outside: DNS need not know it. Upstream tells
 * a dialog of its own from a stale tag.
 */
function domainTarget({ uri, host, origin, routes }: RequestFacts, { upstreams }: Situation): Target | undefined {
  if (host !== "home" || uri === undefined || isOutside(origin) || origin === "upstream") return undefined;
  if (routes.remaining.length > 0 || ipVersion(uri.host) !== 0 || upstreams.isNamed(uri.host)) return undefined;
  const { configuredTargets } = upstreams;
  const upstream = configuredTargets.find(({ lives }) => lives) ?? configuredTargets[0];
  return upstream === undefined ? undefined : { nextHop: upstream.hop };
}

/** To where the Route set leads. */
function onwards(target: Target, hop: Hop | Flow, method: string, situation: Situation): Decision {
  const { upstreams } = situation;
  const upstream = isFlow(hop) ? upstreams.peerAt(hop.address) : upstreams.find(hop);
  if (upstream !== undefined) return toUpstream(target, hop, upstream, method, situation);
  const host = isFlow(hop) ? hop.address : hop.host;
  return decision("in-dialog", `to ${hostText(host)}`, { kind: "fork", targets: [target] });
}

/**
 * A call whose media are local, or whose line is cut for seconds only, must not end by an answer of ours: 408 and 481 would
 * end it (RFC 3261 §12.2.1.2, RFC 4028 §10). What an administrator has forced upstream to be concerns what begins.
 */
function toUpstream(target: Target, hop: Hop | Flow, upstream: Peer, method: string, { site }: Situation): Decision {
  const protocol = isFlow(hop) ? hop.listener.protocol : hop.protocol;
  const isWatched = upstream.places.speaks({ protocol });
  const isDown = !upstream.lives;
  const why = `to ${upstream.name}${isDown ? ", which is down" : ""}`;
  if (method === "ACK") return decision("in-dialog", why, { kind: "fork", targets: [target] });
  const patient = { ...target, isPersistent: true };
  if (method === "BYE") {
    // It is sent on whatever the caller hears: a call that stays up there costs money (§15.1.1; RFC 4320 §4.2 forbids 408).
    const targets = [isWatched ? { ...patient, observer: upstream.watch } : patient];
    const fork: Stage = { kind: "fork", targets, on: nextWhen(SILENCE), ...(isDown ? { fr_timer_ms: 0 } : {}) };
    return decision("in-dialog", why, fork, replyStage(481));
  }
  const targets = [isWatched ? { ...patient, observer: upstream.watchInDialog } : patient];
  const fr_timer_ms = isDown ? site.upstream.fr_timer_ms : PATIENCE_ms;
  const fork: Stage = { kind: "fork", targets, fr_timer_ms, on: nextWhen(UNSAID) };
  return decision("in-dialog", why, fork, replyStage(500, "Upstream Does Not Answer", RETRY_AFTER));
}

/** A source from outside may not have us open a connection wherever it likes. */
function fromOutside(hop: Hop, target: Target, situation: Situation): Decision {
  const nextHop = hopFromOutside(hop, situation);
  if (nextHop === undefined) return decision("in-dialog", "no phone listens there", replyStage(403));
  return decision("in-dialog", `to ${hostText(hop.host)}`, { kind: "fork", targets: [{ ...target, nextHop }] });
}

/** A BYE frees the gateway's channel, answered or not; whatever refreshes the session keeps it. */
export function callListener(request: Request, calls: Calls): DecisionListener {
  const { callId, method } = request;
  if (method === "BYE") return { onStage: (_stage, _running, now_ms) => calls.end(request, now_ms) };
  return { onAnswer: (_target, response, now_ms) => calls.refresh(callId, response, now_ms) };
}

/** The request with the Request-URI of the copy for `target`. */
function sentTo({ requestUri }: Target, facts: RequestFacts): RequestFacts {
  return requestUri === undefined ? facts : { ...facts, uri: parseSipUri(requestUri) };
}

/**
 * A source that we don't know must show that we let the dialog in, and reaches no more than its other side: a phone by its
 * address, or the gateway where that takes part in the dialog. A name could mean anything by the time DNS answers.
 * Upstream that may not dial out must show as much where a gateway could be what it reaches.
 */
function isAllowed(facts: RequestFacts, hop: Hop | Flow, situation: Situation): boolean {
  const { request, routes, origin } = facts;
  const { tokens, site, upstreams, registrar } = situation;
  const host = isFlow(hop) ? hop.address : hop.host;
  const place = isFlow(hop) ? hop : { address: host, port: portOf(hop) };
  const isToGateway = endsAtGateway(facts, place, situation);
  const proves = (...kinds: string[]) =>
    routes.tokens.some((token) => kinds.includes(tokens.readDialog(token, request.callId) ?? ""));
  if (isOutside(origin)) {
    if (isToGateway) return isOfGatewayCall(facts, situation);
    return site.localnet.contains(host) && proves("dialog", "gateway-dialog");
  }
  if (origin !== "upstream" || site.upstream.mayDialOut || ENDINGS.includes(request.method)) return true;
  if (isToGateway) return isOfGatewayCall(facts, situation) || mayReachGateway(facts, host, situation);
  // DNS can lead any name to the gateway; not that of a phone here, unless it wants so, and phones may dial out.
  if (ipVersion(host) !== 0 || upstreams.isNamed(host) || isOfGatewayCall(facts, situation)) return true;
  return registrar.bindings.isPhoneAt(host) && proves("dialog", "gateway-dialog");
}

/**
 * Whether a request to a gateway shows that it belongs to a call with it. A request that ends a call always may, and nothing but the
 * call's own tags makes any other: a token can be overheard. An INVITE could begin a call at a gateway that forgets; so its
 * token is fresh, by a clock that may have been set since, or the call is known here to be up still.
 */
function isOfGatewayCall({ request, routes }: RequestFacts, { tokens, gateways, now_ms }: Situation): boolean {
  const { calls } = gateways;
  const proofs = routes.tokens.flatMap((token) => tokens.readGatewayDialog(token, request) ?? []);
  if (proofs.length === 0) return false;
  if (ENDINGS.includes(request.method)) return true;
  if (proofs.some(({ hasTag }) => hasTag === false)) return false;
  if (request.method !== "INVITE") return true;
  const isFresh = proofs.some(({ age_s }) => age_s !== undefined && age_s * 1_000 <= calls.max_call_ms);
  return isFresh || calls.isWithin(request, now_ms);
}
