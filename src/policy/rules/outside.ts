/** Where sources from outside may make us send to, and connect to. */
import type { SipUri } from "../../message/uri.ts";
import type { Stage } from "../../proxy/router.ts";
import { DEFAULT_PROTOCOL, TRANSPORTS } from "../../transport/flow.ts";
import { type Hop, hopOf, isSameHop } from "../../transport/locator.ts";
import type { Place } from "../gateways/gateways.ts";
import type { Origin } from "../origin.ts";
import type { Binding } from "../phones/bindings.ts";
import { replyStage } from "../plan.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";

/** Whether a request that a connection of a phone is gone for may not be tried at the Contact that it names itself. */
export function isBoundToFlow({ uri, origin }: RequestFacts, { registrar }: Situation): boolean {
  if (!isOutside(origin)) return false;
  return uri === undefined || !registrar.bindings.listensAt(hopOf(uri));
}

/** The answer to upstream where it may not dial out. */
export const NO_DIALLING_OUT: Stage = replyStage(403, "Upstream May Not Dial Out Here");
/** They start nothing, or end it. OPTIONS: headquarters may look after the gateways of its branches. */
const COSTS_NOTHING: readonly string[] = ["OPTIONS", "ACK", "CANCEL"];

/**
 * Whether a request outside any dialog may end at a gateway's address: those of phones may. Upstream's address can be
 * forged, and its calls are paid for here: it may where the file says so, and reaches the phones that have registered from
 * there (the FXS ports of a gateway's own box).
 * @param address the gateway's
 */
export function mayReachGateway(facts: RequestFacts, address: string, { site, registrar }: Situation): boolean {
  const { origin, request, uri, emergency } = facts;
  if (origin !== "upstream" || site.upstream.mayDialOut || emergency !== undefined) return true;
  if (COSTS_NOTHING.includes(request.method)) return true;
  return uri?.user !== undefined && registrar.bindings.findFrom({ ...uri, host: address }) !== undefined;
}

/**
 * Whether what is sent there may end at a gateway. Not where a phone of the same box has registered: at a port of its own, or
 * at the gateway's port or connection under the user that the Request-URI has.
 */
export function endsAtGateway(
  uri: SipUri | undefined,
  place: Place,
  { gateways, registrar: { bindings } }: Pick<Situation, "gateways" | "registrar">,
): boolean {
  const { address, port } = place;
  if (gateways.findAddress(address) === undefined) return false;
  const isNamed = uri?.user !== undefined && bindings.findFrom({ ...uri, host: address }) !== undefined;
  if (gateways.isAt(place)) return !isNamed;
  const isPhone = ({ isAccepted, flow }: Binding) => isAccepted && flow.address === address && flow.port === port;
  return !bindings.allAt(address).some((one) => one.bindings.some(isPhone));
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
