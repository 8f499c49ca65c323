/** What the router's VRRP has to know of a pair: which addresses move, by which interfaces, and who comes first. */
import { canonicalAddress, IpRange, ipVersion } from "../../base/ip-range.ts";
import { type ClusterSettings, otherMembers, ownMember, type SharedAddress } from "../../cluster/settings.ts";
import type { OwnAddress } from "../../transport/own-listener.ts";

/** All shared addresses of one interface: one virtual router. */
export interface VirtualRouter {
  readonly device: string;
  /** 1 to 255; the same on both members. */
  readonly id: number;
  /** "address/prefix length": those that its advertisements name, all of one version of IP, and the others. */
  readonly addresses: readonly string[];
  readonly others: readonly string[];
  /** Addresses of interfaces on which this router has no address of its own: no advertisement can leave there. They move with this one's. */
  readonly beside: readonly { readonly device: string; readonly address: string }[];
  /** Both ends of its advertisements, where the members reach each other by this interface; undefined: they go to all by multicast. */
  readonly unicast: { readonly from: string; readonly to: string } | undefined;
}

export interface PairPlan {
  readonly member: string;
  readonly other: string;
  /** The member that the file names first has the greater one. */
  readonly priority: number;
  readonly routers: readonly VirtualRouter[];
  readonly health_file: string;
  /** Exits with 0 while this member may hold the addresses. */
  readonly script: string;
}

/** What means nothing but itself in the files of keepalived and OpenWrt, in EdgeOS's shell, and to the shell of a script. */
const PLAIN = /^[\w./@:+-]+$/;

const FIRST = 150;
const SECOND = 100;
export const STANDARD_ID = 51;
const ID_MAX = 255;

/** A shared address with the interface that gets it. */
interface Placed {
  readonly device: string;
  readonly address: string;
  readonly version: number;
  readonly bits: number;
}

/**
 * @param own addresses that the router has now
 * @param script the path of healthy.sh
 * @param id of the first virtual router; others have the numbers behind it
 * @returns or why there is none, for a person
 */
export function planOf(
  cluster: ClusterSettings,
  own: readonly OwnAddress[],
  script: string,
  id = STANDARD_ID,
): PairPlan | { readonly fault: string } {
  const strange = [cluster.health_file, script].find((one) => !PLAIN.test(one));
  if (strange !== undefined)
    return { fault: odd(strange === script ? "the path of a script" : "cluster.health_file", strange) };
  const placed: Placed[] = [];
  for (const shared of cluster.shared) {
    const found = placeOf(shared, own);
    if ("fault" in found) return found;
    placed.push(found);
  }
  const [here, there] = [ownMember(cluster), otherMembers(cluster)[0]];
  if (there === undefined) return { fault: "the pair has no other member" };
  const isMute = (one: Placed) => one.version === 4 && !hasOwn(one.device, own, cluster);
  const muted = placed.filter(isMute);
  // The members hear each other there at any rate.
  const home = own.find((one) => canonicalAddress(one.address) === here.address)?.device;
  if (muted.length > 0 && home === undefined) {
    return { fault: `no interface here has ${here.address} now, this member's address: VRRP has nowhere to speak` };
  }
  const devices = placed.filter((one) => !isMute(one)).map(({ device }) => device);
  if (muted.length > 0 && home !== undefined) devices.push(home);
  const names = [...new Set(devices)];
  const unnamed = [...names, ...placed.map(({ device }) => device)].find((one) => !PLAIN.test(one));
  if (unnamed !== undefined) return { fault: odd("an interface", unnamed) };
  if (id + names.length - 1 > ID_MAX) return { fault: `virtual routers have numbers up to ${ID_MAX}` };
  const routers = names.map((device, index) => {
    const all = placed.filter((one) => one.device === device && !isMute(one));
    // Advertisements of IPv4 can't name addresses of IPv6.
    const near = ipVersion(here.address);
    const isNear = device === home && (all.length === 0 || all.some((one) => one.version === near));
    const version = isNear ? near : lowest(all);
    return {
      device,
      id: id + index,
      addresses: all.filter((one) => one.version === version).map(textOf),
      others: all.filter((one) => one.version !== version).map(textOf),
      beside: device === home ? muted.map((one) => ({ device: one.device, address: textOf(one) })) : [],
      unicast: isNear ? { from: here.address, to: there.address } : undefined,
    };
  });
  const isFirst = cluster.members[0]?.name === cluster.name;
  return {
    member: here.name,
    other: there.name,
    priority: isFirst ? FIRST : SECOND,
    routers,
    health_file: cluster.health_file,
    script,
  };
}

/** Whether IPv4 of this router can be sent by the interface while the shared addresses are elsewhere. */
function hasOwn(device: string, own: readonly OwnAddress[], { shared }: ClusterSettings): boolean {
  const isShared = (address: string) => shared.some((one) => one.address === canonicalAddress(address));
  return own.some((one) => one.device === device && ipVersion(one.address) === 4 && !isShared(one.address));
}

/** Such a configuration would say something else, perhaps a command for root. */
function odd(what: string, found: string): string {
  return `${what} is ${JSON.stringify(found)}: no VRRP can be told of characters other than letters, digits and . _ - / @ : +`;
}

function lowest(all: readonly Placed[]): number {
  return Math.min(...all.map(({ version }) => version));
}

function textOf({ address, bits }: Placed): string {
  return `${address}/${bits}`;
}

/** Where the address belongs: the interface that the file names, or the one with an address in the same network. */
function placeOf(shared: SharedAddress, own: readonly OwnAddress[]): Placed | { readonly fault: string } {
  const { address, prefix_bits } = shared;
  const version = ipVersion(address);
  const near = own.find((one) => isNear(one, shared));
  const device = shared.interface ?? near?.device;
  const bits = prefix_bits ?? prefixOf(near);
  if (device !== undefined && bits !== undefined) return { device, address, version, bits };
  const example = `{address: "${address}/${version === 4 ? 24 : 64}", interface: ${device ?? "eth0"}}`;
  const lack = device === undefined ? "no interface here has another address" : `${device} has no other address`;
  return { fault: `${lack} in the network of ${address}; name both in the file: cluster: {shared: [${example}]}` };
}

/** The shared address itself tells as well, where it is here now, but not with the prefix of a single host. */
function isNear(one: OwnAddress, { address, interface: device }: SharedAddress): boolean {
  if (device !== undefined && device !== one.device) return false;
  const range = IpRange.parse(one.cidr ?? "");
  const isHost = range?.prefix_bits === (ipVersion(one.address) === 4 ? 32 : 128);
  return range !== undefined && !isHost && range.contains(address);
}

function prefixOf(one: OwnAddress | undefined): number | undefined {
  return one === undefined ? undefined : IpRange.parse(one.cidr ?? "")?.prefix_bits;
}
