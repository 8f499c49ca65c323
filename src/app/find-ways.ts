/** From which of our addresses upstream and the gateways of a file are reached, for a command that runs beside the proxy or without it. */

import { ipVersion } from "../base/ip-range.ts";
import type { SipUri } from "../message/uri.ts";
import { peerName } from "../policy/peers/peer-parts.ts";
import { missingWays, type Way } from "../policy/peers/ways.ts";
import type { MissingWay } from "../policy/status.ts";
import { DEFAULT_PROTOCOL, type Listener } from "../transport/flow.ts";
import { type Hop, hopOf, portOf, type ResolvedAddress } from "../transport/locator.ts";
import { interfacesOf, type OwnAddress } from "../transport/own-listener.ts";
import type { Config } from "./config/config.ts";

/** How long DNS is waited for: somebody sits before the screen. */
const LOOKUP_ms = 2_000;
/** More addresses of a name aren't asked for. */
const ADDRESSES_MAX = 8;

/** What a command asks of the host. */
export interface WayPorts {
  /** What `hop` means now (RFC 3263); undefined addresses: DNS hasn't answered within `patience_ms` what may lead to one. */
  resolve(
    listeners: readonly Listener[],
    hop: Hop,
    dnsServers: readonly string[],
    patience_ms: number,
  ): Promise<{ readonly addresses: readonly ResolvedAddress[] | undefined }>;
  /** The local address from which the kernel would send to `address`; undefined when it knows no route. Nothing is sent. */
  findSource(address: string): Promise<string | undefined>;
  /** All addresses of this router. */
  readonly own: readonly OwnAddress[];
}

/** A URI of the file, and what it leads to. */
export interface Located {
  readonly uri: SipUri;
  /** Each with the local address towards it. Undefined: its name has no address, or DNS hasn't answered ("silent"). */
  readonly ways: readonly Pick<Way, "to" | "source">[] | "silent";
}

/** Looks for what one URI means, and asks the kernel for the way to each address. */
export async function locate(
  uri: SipUri,
  listeners: readonly Listener[],
  dnsServers: readonly string[],
  ports: Pick<WayPorts, "resolve" | "findSource">,
  patience_ms = LOOKUP_ms,
): Promise<Located> {
  const hop = hopOf(uri);
  const { host, protocol = DEFAULT_PROTOCOL } = hop;
  const literal = { address: host, port: portOf(hop), protocol };
  const found =
    ipVersion(host) === 0 ? (await ports.resolve(listeners, hop, dnsServers, patience_ms)).addresses : [literal];
  if (found === undefined) return { uri, ways: "silent" };
  const asked = found.slice(0, ADDRESSES_MAX);
  const sources = await Promise.all(asked.map(({ address }) => ports.findSource(address)));
  return { uri, ways: asked.map((to, index) => ({ to, source: sources[index] })) };
}

/** What a look at this router shows of the ways to upstream and the gateways. */
export interface WaysFound {
  /** Peers to which no address of `listen` is on the way. */
  readonly missing: readonly MissingWay[];
  /** Why the way to a peer isn't known: its name has no address, DNS says nothing, or there is no route. A sentence each. */
  readonly unknown: readonly string[];
}

/** Why nothing is known of the way to `uri`; undefined when there is a way to one of its addresses. */
export function whyUnknown({ uri: { host }, ways }: Located): string | undefined {
  if (ways === "silent") return `no DNS server gives an address of ${host} in time, and /etc/hosts doesn't have it`;
  if (ways.length === 0) return `neither DNS nor /etc/hosts has an address of ${host}`;
  if (ways.some(({ source }) => source !== undefined)) return undefined;
  return `this router has no route to ${[...new Set(ways.map(({ to }) => to.address))].join(", ")}`;
}

/**
 * Compares the ways with `listen`, seen from this router. Nothing is found where the file is for another one: an address of `listen`
 * isn't here.
 * @param config its listeners take the addresses that they have here
 */
export async function findMissingWays(config: Config, ports: WayPorts): Promise<WaysFound> {
  const { listeners, dnsServers, site } = config;
  for (const listener of listeners) listener.settle(interfacesOf(ports.own));
  if (listeners.some(({ isAway }) => isAway)) return { missing: [], unknown: [] };
  const peers = [
    ...site.upstream.targets.map((uri) => ({ role: "upstream" as const, uri })),
    ...site.gateways.map(({ uri }) => ({ role: "gateway" as const, uri })),
  ];
  const found = await Promise.all(
    peers.map(async ({ role, uri }) => ({ role, ...(await locate(uri, listeners, dnsServers, ports)) })),
  );
  const ways = found.flatMap(({ role, uri, ways: list }) =>
    list === "silent" ? [] : list.map((way): Way => ({ role, peer: peerName(hopOf(uri)), ...way })),
  );
  return {
    missing: missingWays(listeners, ways, ports.own),
    unknown: [...new Set(found.flatMap((one) => whyUnknown(one) ?? []))],
  };
}

/**
 * The local address from which the kernel would send to a caller, for `explain`; undefined where `from` is neither an IP address nor a
 * gateway's name, or no route leads there. Nothing is sent.
 * @param config its listeners at interfaces take the addresses that these have now
 * @param from an IP address, or the name of a gateway
 */
export async function findSide(
  { site, listeners }: Config,
  from: string,
  ports: Pick<WayPorts, "findSource" | "own">,
): Promise<string | undefined> {
  for (const listener of listeners) if (listener.isInterface) listener.settle(interfacesOf(ports.own));
  const gateway = site.gateways.find(({ name }) => name === from);
  const address = gateway?.uri.host ?? from.replace(/^\[|\]$/g, "");
  return ipVersion(address) === 0 ? undefined : ports.findSource(address);
}
