/** Where sources from outside may make us send to, and connect to. */
import type { SipUri } from "../../message/uri.ts";
import { strictRouter } from "../../proxy/preprocess-routes.ts";
import type { Stage } from "../../proxy/router.ts";
import { DEFAULT_PROTOCOL, type Flow, TRANSPORTS } from "../../transport/flow.ts";
import { type Hop, hopOf, isSameHop } from "../../transport/locator.ts";
import type { Place } from "../gateways/gateways.ts";
import type { Origin } from "../origin.ts";
import type { Binding, Bindings } from "../phones/bindings.ts";
import { replyStage } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";

/** What of a request says which Request-URI its copy has. */
type Sent = Pick<RequestFacts, "uri" | "routes">;

/** Whether a request that a connection of a phone is gone for may not be tried at the Contact that it names itself. */
export function isBoundToFlow({ uri, origin }: RequestFacts, { registrar }: Situation): boolean {
  if (!isOutside(origin)) return false;
  return uri === undefined || !registrar.bindings.listensAt(hopOf(uri));
}

/** The answer to upstream where it may not dial out. */
export const NO_DIALLING_OUT: Stage = replyStage(403, "Upstream May Not Dial Out Here");
/** They start nothing, or end it. OPTIONS: headquarters may look after the gateways of its branches. */
const COSTS_NOTHING: readonly string[] = ["OPTIONS", "ACK", "CANCEL"];

/** The Request-URI that whoever gets a copy along the request's own Route sees. */
function leavingUri({ uri, routes }: Sent): SipUri | undefined {
  return strictRouter(routes) ?? uri;
}

/** Whether the copy names a phone that has registered from `address`, where a gateway is too. */
function namesPhoneAt(address: string, sent: Sent, bindings: Bindings): boolean {
  const uri = leavingUri(sent);
  return uri?.user !== undefined && bindings.isAcceptedFrom({ ...uri, host: address });
}

/**
 * Whether a request outside any dialog may end at a gateway's address: those of phones may. Upstream's address can be
 * forged, and its calls are paid for here: it may where the file says so, and reaches the phones that have registered from
 * there (the FXS ports of a gateway's own box).
 * @param address the gateway's
 */
export function mayReachGateway(facts: RequestFacts, address: string, { site, registrar }: Situation): boolean {
  const { origin, request, emergency } = facts;
  if (origin !== "upstream" || site.upstream.mayDialOut || emergency !== undefined) return true;
  if (COSTS_NOTHING.includes(request.method)) return true;
  return namesPhoneAt(address, facts, registrar.bindings);
}

/**
 * Whether what is sent there may end at a gateway. Not where a phone of the same box has registered: at a port of its own, or
 * at the gateway's port or connection under the user that the Request-URI has when it gets there.
 */
export function endsAtGateway(
  sent: Sent,
  place: Place,
  { gateways, registrar: { bindings } }: Pick<Situation, "gateways" | "registrar">,
): boolean {
  const { address, port } = place;
  if (gateways.findAddress(address) === undefined) return false;
  if (gateways.isAt(place)) return !namesPhoneAt(address, sent, bindings);
  const isPhone = ({ isAccepted, flow }: Binding) => isAccepted && flow.address === address && flow.port === port;
  return !bindings.allAt(address).some((one) => one.bindings.some(isPhone));
}

/**
 * Whether a copy may not leave by a phone's flow, since a gateway could be what gets it: for a sender from outside, or for upstream that
 * may not dial out. Where gateway and phone share a port, the Request-URI tells which of them is meant.
 * @param sent with the Request-URI of the copy
 */
export function isBarred(sent: RequestFacts, flow: Flow, situation: Situation): boolean {
  if (isOutside(sent.origin)) return endsAtGateway(sent, flow, situation);
  return situation.gateways.isAt(flow) && !mayReachGateway(sent, flow.address, situation);
}

export function isOutside(origin: Origin): boolean {
  return origin === "stranger" || origin === "domain";
}

/**
 * `hop` for a request of somebody from outside; undefined when it isn't to be sent. Connections are opened to gateways and
 * to phones that have registered so, and to nobody else: whatever listens in localnet would take our word, and which ports
 * refuse would tell what there is.
 */
export function hopFromOutside(hop: Hop, { site, registrar }: Pick<Situation, "site" | "registrar">): Hop | undefined {
  const isGateway = site.gateways.some(({ uri }) => isSameHop(hopOf(uri), hop));
  if (isGateway || registrar.bindings.listensAt(hop)) return hop;
  const { protocol = DEFAULT_PROTOCOL } = hop;
  return TRANSPORTS[protocol].isReliable ? undefined : { ...hop, protocol };
}
