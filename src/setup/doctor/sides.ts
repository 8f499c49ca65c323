/** Which interfaces are judged: what lies on the other side of each, and on which of them a stranger's packets may come in. */
import type { Config } from "../../app/config/config.ts";
import { ipVersion, isLinkLocal, isPrivate } from "../../base/ip-range.ts";
import type { Facts, PeerFact } from "./facts.ts";
import { isTunnel, ROUTES, wayTo } from "./families.ts";

/** One interface that IP leaves by. A port of a bridge isn't one: it routes nothing itself. */
export interface Side {
  readonly device: string;
  /** A default route leads there, or one of its halves. */
  readonly hasDefault: boolean;
  /** Each of its IPv4 addresses is in `localnet`: a phone may dial out anyway. */
  readonly isPhones: boolean;
  /**
   * Strangers may send there: a default route or the way to upstream leads there, or it has a public address; or else it leads neither
   * to phones nor to a gateway.
   */
  readonly isOuter: boolean;
}

/** Loopback, a dummy that has an address for it, and what stands for the interface of a route that refuses. */
const NO_SIDES = /^(?:lo|dummy\d*|\*)$/;

/** All interfaces with another side, in the order of their addresses. */
export function sidesOf(facts: Facts, { site }: Pick<Config, "site">): Side[] {
  const { addresses, peers, files, fileFaults } = facts;
  const routed = devicesIn(files[ROUTES]);
  const ways = (role: PeerFact["role"]) => peers.filter((peer) => peer.role === role).map((peer) => wayTo(facts, peer));
  const [above, beside] = [ways("upstream"), ways("gateway")];
  // A port of a bridge has a link-local IPv6 address at most.
  const speaking = addresses.filter(({ address }) => ipVersion(address) === 4 || !isLinkLocal(address));
  // One without an address may be the phones', with no cable in it: it counts where a default route or the way to upstream leads.
  const defaults = [...routed].flatMap(([device, isDefault]) => (isDefault ? [device] : []));
  const all = [...speaking.map(({ device }) => device), ...defaults, ...above];
  const devices = [...new Set(all)].filter(
    (device): device is string => device !== undefined && !NO_SIDES.test(device),
  );
  // With a faulty file it isn't known where the phones are.
  const isKnown = fileFaults.length === 0 && site.localnet.ranges.length > 0;
  return devices.map((device) => {
    const own = addressesOn(facts, device, 4);
    const home = own.filter((address) => site.localnet.contains(address));
    const hasDefault = routed.get(device) === true;
    const isPublic = own.some((address) => !home.includes(address) && !isPrivate(address));
    const isInner = home.length > 0 || beside.includes(device);
    return {
      device,
      hasDefault,
      isPhones: home.length > 0 && home.length === own.length,
      isOuter: hasDefault || above.includes(device) || isPublic || (isKnown && !isInner),
    };
  });
}

/**
 * Whether the Internet reaches the interface by itself: it is no tunnel, and has a public address of this IP version.
 * @param peers those that are reached by it: of an interface without an address of its own, the source towards them counts
 */
export function isExposed(facts: Facts, side: Side, version: 4 | 6, peers: readonly PeerFact[]): boolean {
  const { device, hasDefault } = side;
  if (isTunnel(device)) return false;
  const own = addressesOn(facts, device, version);
  const all = own.length > 0 ? own : peers.map(({ source, local }) => source ?? local ?? "");
  return all.length > 0 ? all.some((address) => !isPrivate(address)) : version === 4 && hasDefault;
}

function addressesOn({ addresses }: Facts, device: string, version: 4 | 6): string[] {
  const own = addresses.filter((one) => one.device === device && ipVersion(one.address) === version);
  return own.map(({ address }) => address).filter((address) => !isLinkLocal(address));
}

/** The interfaces in /proc/net/route, and whether a default route leads there, or a half of one, as VPNs make it. */
function devicesIn(table = ""): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const line of table.split("\n").slice(1)) {
    // Flag "up"; the numbers stand as in memory, so the second half begins with 80000000 or 00000080.
    const [, device = "", network = "", mask = ""] =
      /^(\S+)\s+([0-9A-F]{8})\s+\S+\s+\S*[13579BDF]\s+\S+\s+\S+\s+\S+\s+([0-9A-F]{8})/.exec(line) ?? [];
    if (device === "") continue;
    const isDefault = [network, mask].every((number) => /^(?:0{8}|80{7}|0{6}80)$/.test(number));
    found.set(device, isDefault || found.get(device) === true);
  }
  return found;
}
