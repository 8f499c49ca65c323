/** What a routing daemon has to know of a member of mode anycast: the address of all members, where routers are, and what branchline runs. */
import { canonicalAddress, IpRange, ipVersion, isLinkLocal, last32 } from "../../base/ip-range.ts";
import { type ClusterSettings, type Member, ownMember, type RouteCommands } from "../../cluster/settings.ts";
import type { OwnAddress, OwnListener } from "../../transport/own-listener.ts";

/** A router that speaks BGP with this member. */
export interface Neighbor {
  /** An IP literal, IPv6 without brackets. */
  readonly address: string;
  readonly as: number;
}

export interface AnycastPlan {
  readonly member: string;
  /** Of IPv4 or IPv6, as `addresses` are. */
  readonly version: 4 | 6;
  /** The interface that has this member's own address. */
  readonly device: string;
  /** Its address of this version, from which routers hear this machine; OSPF for IPv6 needs none. */
  readonly own: string;
  /** "10.205.205.0/24": where that is; "" as long as it has none. */
  readonly network: string;
  /** 32 bits that no other router has, written as an IPv4 address. */
  readonly routerId: string;
  /** "10.206.206.1/32": the addresses that all members have. */
  readonly addresses: readonly string[];
  /** Routers by BGP; none: the address is announced by OSPF. */
  readonly neighbors: readonly Neighbor[];
  /** This member's own number in BGP. */
  readonly as: number;
  readonly health_file: string;
  /** The path of route-follow.sh. */
  readonly script: string;
  /** What the file has already. */
  readonly route: RouteCommands | undefined;
}

/** What came on the command line, and where the script lies. */
export interface AnycastWishes {
  readonly neighbors: readonly Neighbor[];
  readonly as: number;
  readonly script: string;
}

/** What means nothing but itself in the files of routing daemons, in a shell and in systemd's units. */
export const PLAIN = /^[\w./@:+-]+$/;

/**
 * @param listeners those of the file
 * @param own addresses that the machine has now
 * @returns or why there is none, for a person
 */
export function anycastPlanOf(
  cluster: ClusterSettings,
  listeners: readonly OwnListener[],
  own: readonly OwnAddress[],
  { neighbors, as, script }: AnycastWishes,
): AnycastPlan | { readonly fault: string } {
  const { health_file, route } = cluster;
  const strange = [health_file, script].find((one) => !PLAIN.test(one));
  if (strange !== undefined)
    return { fault: odd(strange === script ? "the path of a script" : "cluster.health_file", strange) };
  const here = ownMember(cluster).address;
  const all = [...new Set(listeners.map(({ settings }) => canonicalAddress(settings.at)))];
  const version = ipVersion(all[0] ?? "") === 6 ? 6 : 4;
  if (!all.every((one) => ipVersion(one) === version)) {
    return { fault: "listen has addresses of IPv4 and of IPv6: for both, write the routing daemon's file by hand" };
  }
  const device = own.find((one) => canonicalAddress(one.address) === here)?.device;
  if (device === undefined) {
    return { fault: `no interface here has ${here} now, this member's address: its routers are unknown` };
  }
  if (!PLAIN.test(device)) return { fault: odd("an interface", device) };
  const foreign = neighbors.find(({ address }) => ipVersion(address) !== version);
  if (foreign !== undefined) {
    return {
      fault: `${all[0]} is IPv${version}, and the router ${foreign.address} isn't: name its address of IPv${version}`,
    };
  }
  const near = own.filter((one) => one.device === device && !all.includes(canonicalAddress(one.address)));
  const home = addressOf(version, near, here);
  if (home === undefined && (version === 4 || neighbors.length > 0)) {
    return { fault: `${device} has no IPv${version} address, from which routers could hear of ${all[0]}: give it one` };
  }
  const routerId = addressOf(4, near, here)?.address ?? idAmong(cluster.members, here);
  if (routerId === undefined) {
    return {
      fault: `${here} ends as another member's address, or with zeros, and routers tell members apart by these 32 bits: write other addresses in cluster.members`,
    };
  }
  return {
    member: cluster.name,
    version,
    device,
    own: home?.address ?? here,
    network: home?.network ?? "",
    routerId,
    addresses: all.map((one) => `${one}/${version === 4 ? 32 : 128}`),
    neighbors,
    as,
    health_file,
    script,
    route,
  };
}

/** Of the addresses of an interface, one that routers may know; if possible the member's own. */
function addressOf(version: 4 | 6, near: readonly OwnAddress[], here: string) {
  const fit = near.flatMap(({ address: text, cidr }) => {
    const [address, range] = [canonicalAddress(text), IpRange.parse(cidr ?? "")];
    if (ipVersion(address) !== version || isLinkLocal(address) || range === undefined) return [];
    return { address, network: `${range.network}/${range.prefix_bits}` };
  });
  return fit.find(({ address }) => address === here) ?? fit[0];
}

/** What a member is to routers where it has no IPv4 address; undefined: another one would be the same. */
function idAmong(members: readonly Member[], own: string): string | undefined {
  const id = last32(own);
  const isOnly = members.filter(({ address }) => last32(address) === id).length === 1;
  return isOnly && id !== "0.0.0.0" ? id : undefined;
}

/** Such a configuration would say something else, perhaps a command for root. */
function odd(what: string, found: string): string {
  return `${what} is ${JSON.stringify(found)}: only letters, digits and . _ - / @ : + can be printed for a routing daemon`;
}

/** The lines of branchline's file by which it tells the daemon. */
export function routeInYaml({ announce, withdraw }: RouteCommands): string[] {
  return [
    "cluster:",
    "  route:",
    `    announce: ${commandInYaml(announce)}`,
    `    withdraw: ${commandInYaml(withdraw)}`,
  ];
}

/** Words with blanks need a list. */
function commandInYaml(words: readonly string[]): string {
  return words.every((word) => PLAIN.test(word)) ? words.join(" ") : `[${words.join(", ")}]`;
}

/** Comments that all daemons have in common. @param plan of this member @param how what branchline runs @param hasBfd the daemon speaks it */
export function notes(plan: AnycastPlan, how: RouteCommands, hasBfd = true): string[] {
  return [
    "In branchline's file:",
    ...routeInYaml(how).map((line) => `  ${line}`),
    "This machine has the address at all times, announced or not:",
    ...plan.addresses.map((one) => `  ip address add ${one} dev lo`),
    "The router, for several members at the same time:",
    ...routerNotes(plan, hasBfd).map((line) => `  ${line}`),
  ];
}

function routerNotes({ version, neighbors }: AnycastPlan, hasBfd: boolean): string[] {
  const bird = `BIRD: protocol kernel { merge paths on; ipv${version} { export all; }; }`;
  if (neighbors.length > 0) {
    return [
      bird,
      `BIRD: a protocol bgp${hasBfd ? " with bfd on" : ""} for each member`,
      `FRR: router bgp ..., a neighbor${hasBfd ? " with bfd" : ""} for each member; address-family ipv${version} unicast, maximum-paths 16`,
    ];
  }
  const [v, ip, ospf] = version === 4 ? ["v2", "ip", "ospf"] : ["v3", "ipv6", "ospf6"];
  const words = ["hello-interval 1", "dead-interval 4", "bfd"].map((word) => `${ip} ${ospf} ${word}`).join(", ");
  return [
    bird,
    `BIRD: protocol ospf ${v} { ecmp yes; merge external yes; area 0 { interface ... { hello 1; dead 4; bfd yes; }; }; }`,
    `FRR: router ${ospf}, maximum-paths 16; interface ..., ${words}`,
  ];
}
