/** From which of our addresses upstream and the gateways of a file are reached, for a command that runs beside the proxy or without it. */

import { ipVersion, isLoopback } from "../base/ip-range.ts";
import type { SipUri } from "../message/uri.ts";
import { peerName } from "../policy/peers/peer.ts";
import { missingWays, type Way } from "../policy/peers/ways.ts";
import type { MissingWay } from "../policy/status.ts";
import { DEFAULT_PROTOCOL, type Listener } from "../transport/flow.ts";
import { type Hop, hopOf, isHost, portOf, type ResolvedAddress } from "../transport/locator.ts";
import { interfacesOf, type OwnAddress, type OwnListener } from "../transport/own-listener.ts";
import type { Config } from "./config/config.ts";

/** How long DNS is waited for: somebody sits before the screen. */
const LOOKUP_ms = 2_000;
/** More addresses of a name aren't asked for. */
const ADDRESSES_MAX = 8;

/** What a command asks of the host. */
export interface WayPorts {
  /** What `hop` means now (RFC 3263); undefined addresses: DNS hasn't answered within `patience_ms`. */
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

/** The ways to upstream and the gateways, as far as names can be resolved. */
async function findWays(config: Config, ports: WayPorts): Promise<Way[]> {
  const { listeners, dnsServers, site } = config;
  const peers = [
    ...site.upstream.targets.map((uri) => ({ role: "upstream" as const, uri })),
    ...site.gateways.map(({ uri }) => ({ role: "gateway" as const, uri })),
  ];
  const found = await Promise.all(
    peers.map(async ({ role, uri }) => {
      const { ways } = await locate(uri, listeners, dnsServers, ports);
      return ways === "silent" ? [] : ways.map((way) => ({ role, peer: peerName(hopOf(uri)), ...way }));
    }),
  );
  return found.flat();
}

/**
 * Peers to which no address of `listen` is on the way, seen from this router. Empty where the file is for another router: one of its
 * addresses isn't here.
 * @param config its listeners take the addresses that they have here
 */
export async function findMissingWays(config: Config, ports: WayPorts): Promise<MissingWay[]> {
  const { listeners } = config;
  for (const listener of listeners) listener.settle(interfacesOf(ports.own));
  if (!listeners.every((one) => isHere(one, ports.own))) return [];
  return missingWays(listeners, await findWays(config, ports), ports.own);
}

function isHere({ isInterface, isAway, address }: OwnListener, own: readonly OwnAddress[]): boolean {
  if (isInterface) return !isAway;
  return isLoopback(address) || own.some((one) => isHost(one.address, address));
}
