/** What to do about a stranger. No advice widens localnet to upstream or a gateway: what is in it may dial out. */
import { commonPrefix_bits, ipVersion } from "../../base/ip-range.ts";
import { SIP_PORT } from "../../message/uri.ts";
import type { Names } from "../../transport/names.ts";
import { flatten } from "../../transport/weighted-order.ts";

/** What is known of the addresses of an upstream target or a gateway. */
export interface KnownPeer {
  readonly role: "upstream" | "gateway";
  readonly name: string;
  /** As the file has it: an IP address, or a name. */
  readonly host: string;
  /** All that it has or had, and those that its name has without being asked for SIP. */
  readonly addresses: readonly string[];
}

/** Addresses in one network are likely to be neighbours': networks of this size, in bits, by IP version. */
const NETWORK_bits: Readonly<Record<number, number>> = { 4: 24, 6: 64 };

/** What helps a source at `address` that has been refused. */
export function strangerAdvice(address: string, peers: readonly KnownPeer[]): string {
  const owner = peers.find(({ host, addresses }) => host === address || addresses.includes(address));
  if (owner !== undefined) {
    const key = owner.role === "upstream" ? "upstream" : "gateways";
    return `it is an address of ${owner.role} ${owner.name}: name it in ${key} too, and never in localnet`;
  }
  const unknown = peers.filter(({ host, addresses }) => ipVersion(host) === 0 && addresses.length === 0);
  if (unknown.length > 0) {
    const names = unknown.map(({ name }) => name).join(", ");
    return `it may be upstream: ${names} ${unknown.length === 1 ? "has" : "have"} no address as yet, and branchline doctor says why (dns)`;
  }
  const network = NETWORK_bits[ipVersion(address)] ?? 0;
  const near = peers.find(({ host, addresses }) =>
    [host, ...addresses].some((one) => isNeighbour(one, address, network)),
  );
  if (near === undefined) return "if it is a phone, add its network to localnet";
  return `if it is a phone, add this one address to localnet, since ${near.role} ${near.name} is in its network; if it is ${near.role} too, name it there`;
}

function isNeighbour(one: string, address: string, network_bits: number): boolean {
  return ipVersion(one) === ipVersion(address) && commonPrefix_bits(one, address) >= network_bits;
}

/** Addresses that names have without being asked for SIP: a PBX may send from there too. Each host's, by itself. */
export function findHosts(
  names: Names,
  hosts: readonly string[],
  tell: (found: ReadonlyMap<string, readonly string[]>) => void,
  now_ms: number,
): void {
  const found = new Map<string, readonly string[]>();
  let open = hosts.length;
  if (open === 0) tell(found);
  for (const host of hosts) {
    const take = (tiers: ReturnType<typeof names.find> & {}) => {
      found.set(
        host,
        flatten(tiers).map(({ address }) => address),
      );
      open -= 1;
      if (open === 0) tell(found);
    };
    // With a port there is nothing to find but addresses (RFC 3263 §4.2).
    const tiers = names.find({ host, port: SIP_PORT, protocol: undefined }, take, now_ms);
    if (tiers !== undefined) take(tiers);
  }
}
