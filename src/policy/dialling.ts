/** Whom people from outside may make us send to, and connect to. */
import { type Hop, hopOf, isSameHop } from "../transport/locator.ts";
import type { Origin } from "./access.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { Situation } from "./situation.ts";

/** Whether a request that a connection of a phone is gone for may not be tried at the Contact that it names itself. */
export function isBoundToFlow({ uri, origin }: RequestFacts, { registrar }: Situation): boolean {
  if (!isOutside(origin)) return false;
  return uri === undefined || !registrar.bindings.listensAt(hopOf(uri));
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
  const { protocol = "udp" } = hop;
  return protocol === "udp" ? { ...hop, protocol } : undefined;
}
