/** What the host's own files and programs say about its network, read as text. */
import { IpRange, isLinkLocal } from "../../base/ip-range.ts";

/** One address of one interface. */
export interface Interface {
  readonly name: string;
  readonly address: string;
  readonly prefix_bits: number;
}

export interface Route {
  /** The interface. */
  readonly name: string;
  /** As a number, like the mask. */
  readonly network: number;
  readonly mask: number;
  readonly metric: number;
  /** Whether another router is the next hop. */
  readonly isVia: boolean;
}

export interface Neighbour {
  readonly address: string;
  /** Maker of phones; undefined: of something else, or nobody knows. */
  readonly vendor: string | undefined;
}

export interface Network {
  readonly interfaces: readonly Interface[];
  readonly routes: readonly Route[];
  /** Interfaces whose address may be another one tomorrow. */
  readonly dynamic: readonly string[];
  readonly neighbours: readonly Neighbour[];
}

/** As the host gives it. */
export interface RawNetwork {
  /** `ip -o -4 address`, for IPv4; it knows interfaces too at which nothing is plugged in. */
  readonly table: string;
  /** Where there is no such program: names, and addresses such as 10.222.237.1/24. */
  readonly addresses: readonly { readonly name: string; readonly cidr: string }[];
  /** /proc/net/route */
  readonly routes: string;
  /** How the host's numbers stand in memory, and so in /proc/net/route. */
  readonly isLittleEndian: boolean;
  /** /proc/net/arp */
  readonly neighbours: string;
  /** The command lines of all that runs, arguments apart by white space. */
  readonly programs: readonly string[];
}

/** Makes gateways as well: its MAC address alone is no sign of a phone. */
export const GRANDSTREAM = "Grandstream";

/** First bytes of the MAC addresses of makers of phones. */
const MAKERS: readonly (readonly [string, RegExp])[] = [
  ["Yealink", /^(00:15:65|24:9a:d8|44:db:d2|80:5e:0c|80:5e:c0|c4:fc:22|ec:1d:a9)/i],
  [GRANDSTREAM, /^(00:0b:82|c0:74:ad|ec:74:d7)/i],
  ["Snom", /^00:04:13/],
  ["Polycom", /^(00:04:f2|64:16:7f|48:25:67)/i],
];

/** What the host's texts mean; lines that aren't understood are left out. */
export function readNetwork(raw: RawNetwork): Network {
  const table = raw.table.split("\n").flatMap((line) => {
    const [, name = "", address = "", bits] = /^\d+:\s+(\S+)\s+inet ([\d.]+)(?: peer [\d.]+)?\/(\d+)/.exec(line) ?? [];
    return bits === undefined ? [] : [{ name, cidr: `${address}/${bits}`, isDynamic: /\sdynamic\s/.test(line) }];
  });
  const others = raw.addresses.filter(({ cidr }) => table.length === 0 || cidr.includes(":"));
  const interfaces = [...table, ...others].flatMap(({ name, cidr }) => {
    const [address = "", bits] = cidr.split("/");
    // An alias, eth0:1, is a second address of eth0.
    return name === "lo" || isLinkLocal(address)
      ? []
      : [{ name: name.replace(/:.*/, ""), address, prefix_bits: Number(bits) }];
  });
  const clients = raw.programs.filter((program) => /dhclient|udhcpc|dhcpcd/.test(program)).map(wordsOf);
  const isDynamic = (name: string) =>
    /^(ppp|wwan|lte)/.test(name) ||
    clients.some((words) => words.includes(name)) ||
    table.some((one) => one.name === name && one.isDynamic);
  return {
    interfaces,
    routes: linesOf(raw.routes).flatMap(([name = "", network = "", via = "", , , , metric, mask = ""]) => {
      const number = (hex: string) =>
        Number.parseInt(raw.isLittleEndian ? hex.replace(/(..)(..)(..)(..)/, "$4$3$2$1") : hex, 16);
      return { name, network: number(network), mask: number(mask), metric: Number(metric), isVia: number(via) > 0 };
    }),
    dynamic: interfaces.map(({ name }) => name).filter(isDynamic),
    neighbours: linesOf(raw.neighbours).flatMap(([address = "", , flags, mac = ""]) =>
      flags === "0x0" ? [] : [{ address, vendor: MAKERS.find(([, pattern]) => pattern.test(mac))?.[0] }],
    ),
  };
}

/** The interface of the default route (IPv4), the best one where there are several; undefined when there is none. */
export function defaultDevice({ routes }: Network): string | undefined {
  const all = routes.filter(({ mask }) => mask === 0);
  return all.sort((one, other) => one.metric - other.metric)[0]?.name;
}

/** Whether it leads to half the internet, or all of it; for multicast, only LANs have such routes. */
export function isWide({ network, mask }: Route): boolean {
  return mask < 0xff000000 && network >>> 28 !== 14;
}

/** The network that an interface is in, such as 10.222.237.0/24. */
export function networkOf({ address, prefix_bits }: Interface): string {
  const size = 2 ** (32 - prefix_bits);
  const first = Math.floor(numberOf(address) / size) * size;
  return `${textOf(first)}/${prefix_bits}`;
}

/** The addresses that machines may have in the network of an interface, its own among them. */
export function addressesOf({ address, prefix_bits }: Interface): string[] {
  const size = 2 ** (32 - prefix_bits);
  const first = Math.floor(numberOf(address) / size) * size;
  return Array.from({ length: Math.max(0, size - 2) }, (_, index) => textOf(first + 1 + index));
}

/** Whether it is of a network that LANs have, all of it (RFC 1918); providers and overlays have other private addresses too. */
export function isOfLan({ address, prefix_bits }: Interface): boolean {
  const least_bits = address.startsWith("10.") ? 8 : address.startsWith("172.") ? 12 : 16;
  return prefix_bits >= least_bits && /^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(address);
}

/** Whether the address is in one of these networks. */
export function isIn(networks: readonly string[] = [], address: string): boolean {
  return networks.some((text) => IpRange.parse(text)?.contains(address) === true);
}

/** Each text once, in its first place. */
export function once(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** The words of each line but the first. */
function linesOf(text: string): string[][] {
  return text.trim().split("\n").slice(1).map(wordsOf);
}

function wordsOf(line: string): string[] {
  return line.trim().split(/\s+/);
}
