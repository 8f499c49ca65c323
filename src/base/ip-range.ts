/** IP addresses and CIDR ranges, IPv4 and IPv6: who is in localnet, and which spellings mean one address. */
import { IPv6 } from "ip-num";
import { BoundedMap } from "./bounded-map.ts";
import { memo } from "./memo.ts";
import { ownText } from "./own-text.ts";

const ADDRESSES_REMEMBERED = 512;
const IPV4_BITS = 32;
const IPV6_BITS = 128;
const DOT = 0x2e;

/** The only spelling of an IPv4 address that everybody reads alike: 010.1, 0x0a.1 and 167772161 are 10.0.0.1 to some. */
const OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const DOTTED = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);

/** What RFC 3261's grammar wanted before an IPv4 address, and RFC 5954 no longer wants. */
const THREE_COLONS = /:::(?=\d+\.\d+\.\d+\.\d+$)/;

/** Whether a host could be taken for an address, but isn't spelled as one: RFC 3261 §25.1 wants a letter in the last label. */
export function isNumericHost(text: string): boolean {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === DOT) end -= 1;
  const lastLabel = end === 0 ? 0 : text.lastIndexOf(".", end - 1) + 1;
  return !isLetter(end === 0 ? 0 : text.charCodeAt(lastLabel)) && ipVersion(text) === 0;
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

/** 4 or 6 for an IP literal (IPv6 without brackets), 0 for anything else, such as a host name. */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (text.includes(":")) return parseIpv6(text) === undefined ? 0 : 6;
  return DOTTED.test(text) ? 4 : 0;
}

/** A host as RFC 5118 §4.10 wants it read: three colons before an embedded IPv4 address are two. */
export function withTwoColons(host: string): string {
  return host.replace(THREE_COLONS, "::");
}

/** The one spelling of an IP literal by which addresses are compared; host names come back in lower case. */
export function canonicalAddress(text: string): string {
  if (!text.includes(":")) return text.toLowerCase();
  const address = parseIpv6(text);
  if (address === undefined) return text.toLowerCase();
  return compressIpv6(address.toString().toLowerCase());
}

/** How many leading bits two addresses share; -1 when they are of different versions or not addresses at all. */
export function commonPrefix_bits(a: string, b: string): number {
  const [a4, b4] = [ipv4Value(a), ipv4Value(b)];
  if (a4 >= 0 && b4 >= 0) return Math.clz32(a4 ^ b4);
  const first = parseIpv6(a);
  const second = parseIpv6(b);
  if (first === undefined || second === undefined) return -1;
  const difference = first.getValue() ^ second.getValue();
  return difference === BigInt(0) ? IPV6_BITS : IPV6_BITS - difference.toString(2).length;
}

/** One network, such as 10.222.237.0/24; a bare address is a range of one. */
export class IpRange {
  readonly text: string;
  /** How many leading bits its addresses share. */
  readonly prefix_bits: number;
  /** Of an IPv4 range, as numbers. */
  private readonly first: number;
  private readonly last: number;
  /** Of an IPv6 range: how many bits don't count, and the ones before them. */
  private readonly free_bits: bigint | undefined;
  private readonly network6: bigint | undefined;

  /** @param address a number is one of IPv4 */
  private constructor(text: string, prefix_bits: number, address: number | bigint) {
    this.text = text;
    this.prefix_bits = prefix_bits;
    const isIpv4 = typeof address === "number";
    const size = isIpv4 ? 2 ** (IPV4_BITS - prefix_bits) : 0;
    const value = isIpv4 ? address : 0;
    this.first = value - (value % (size || 1));
    this.last = this.first + size - 1;
    this.free_bits = isIpv4 ? undefined : BigInt(IPV6_BITS - prefix_bits);
    this.network6 = this.free_bits === undefined ? undefined : BigInt(address) >> this.free_bits;
  }

  /** Undefined when `text` is neither an address nor address/prefix-length. */
  static parse(text: string): IpRange | undefined {
    const slash = text.indexOf("/");
    const base = slash < 0 ? text : text.slice(0, slash);
    const value4 = ipv4Value(base);
    const address = value4 >= 0 ? value4 : parseIpv6(base)?.getValue();
    if (address === undefined || text.includes("%")) return undefined;
    const bits = value4 >= 0 ? IPV4_BITS : IPV6_BITS;
    const length = slash < 0 ? bits : decimal(text.slice(slash + 1));
    return length === undefined || length > bits ? undefined : new IpRange(text, length, address);
  }

  contains(address: string): boolean {
    const value4 = ipv4Value(address);
    if (value4 >= 0) return value4 >= this.first && value4 <= this.last;
    if (this.free_bits === undefined || !address.includes(":")) return false;
    const parsed = parseIpv6(address);
    return parsed !== undefined && parsed.getValue() >> this.free_bits === this.network6;
  }

  /** Of two networks that overlap, one lies within the other. */
  overlaps(other: IpRange): boolean {
    return this.contains(other.address) || other.contains(this.address);
  }

  /** The address by which a network is written: 10.222.237.0 for 10.222.237.5/24. */
  get network(): string {
    if (this.network6 === undefined || this.free_bits === undefined) {
      return [24, 16, 8, 0].map((shift) => Math.floor(this.first / 2 ** shift) % 256).join(".");
    }
    const value = this.network6 << this.free_bits;
    const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - 16 * index)) & BigInt(0xffff));
    return compressIpv6(groups.map((group) => group.toString(16)).join(":"));
  }

  /** Whether it is written by another address than the network's own. */
  get hasHostBits(): boolean {
    return canonicalAddress(this.address) !== this.network;
  }

  private get address(): string {
    return this.text.split("/")[0] ?? "";
  }
}

/** Several networks; remembers its verdicts, since the same phones ask again and again. */
export class IpRanges {
  readonly ranges: readonly IpRange[];
  private readonly verdicts = new BoundedMap<string, boolean>(ADDRESSES_REMEMBERED);

  constructor(ranges: readonly IpRange[]) {
    this.ranges = ranges;
  }

  contains(address: string): boolean {
    let verdict = this.verdicts.get(address);
    if (verdict === undefined) {
      verdict = this.ranges.some((range) => range.contains(address));
      this.verdicts.set(ownText(address), verdict);
    }
    return verdict;
  }
}

/** Ranges that we know ourselves. Those of a version are read when its first address comes: at a start, IPv6 takes 7 ms. */
class KnownRanges {
  private readonly texts: readonly string[];
  private ranges4: IpRanges | undefined = undefined;
  private ranges6: IpRanges | undefined = undefined;

  constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  contains(address: string): boolean {
    if (!address.includes(":")) {
      this.ranges4 ??= this.ofVersion(4);
      return this.ranges4.contains(address);
    }
    this.ranges6 ??= this.ofVersion(6);
    return this.ranges6.contains(address);
  }

  private ofVersion(version: 4 | 6): IpRanges {
    const texts = this.texts.filter((text) => text.includes(":") === (version === 6));
    return new IpRanges(texts.flatMap((text) => IpRange.parse(text) ?? []));
  }
}

/**
 * An IPv4 address as a number; -1 for anything else. A forger comes with a new address each time, and
 * ip-num takes 20 µs for one, and 5 ms for the first.
 */
function ipv4Value(text: string): number {
  const octets = DOTTED.exec(text);
  if (octets === null) return -1;
  return ((Number(octets[1]) * 256 + Number(octets[2])) * 256 + Number(octets[3])) * 256 + Number(octets[4]);
}

/** Addresses that mean nobody in particular: unspecified, broadcast, multicast. */
const NOBODYS = new KnownRanges(["0.0.0.0/32", "255.255.255.255/32", "224.0.0.0/4", "::/128", "ff00::/8"]);

/** Whether an IP literal could be one host's. */
export function isUnicast(address: string): boolean {
  return !NOBODYS.contains(address);
}

/** The host itself, an IPv4 address mapped into IPv6 included. */
const LOOPBACKS = new KnownRanges(["127.0.0.0/8", "::1/128", "::ffff:127.0.0.0/104"]);

/** Whether an IP literal means the host itself. */
export function isLoopback(address: string): boolean {
  return LOOPBACKS.contains(address);
}

/** Whether an IPv6 literal is of fe80::/10: it counts on its link alone. */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

/** The last 32 bits of an IP literal, written as an IPv4 address. */
export function last32(address: string): string {
  if (!address.includes(":")) return address;
  const groups = expandIpv6(canonicalAddress(address)).slice(-2);
  return groups.map((group) => `${parseInt(group, 16) >> 8}.${parseInt(group, 16) & 255}`).join(".");
}

/** What isn't routed in the Internet: RFC 1918, RFC 6598, RFC 3927, RFC 4193, loopback. */
const PRIVATE = new KnownRanges([
  ...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"],
  ...["fc00::/7", "fe80::/10", "::1/128"],
]);

/** Whether nobody in the Internet can reach an IP literal by itself. */
export function isPrivate(address: string): boolean {
  return PRIVATE.contains(address);
}

/** ip-num takes 10 µs for an IPv6 address: many networks are asked about one, one after the other. */
const parseIpv6 = memo(readIpv6);

function readIpv6(text: string): IPv6 | undefined {
  if (!text.includes(":")) return undefined;
  try {
    const zone = text.indexOf("%");
    return new IPv6(zone < 0 ? text : text.slice(0, zone));
  } catch {
    return undefined;
  }
}

/**
 * Whose an address is, where limits are for strangers: by IPv6 nobody has one alone, but a network of 64 bits at the least (RFC 6177).
 * An IPv4 address stands for itself, in IPv6's clothes too.
 */
export function ownerNetwork(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  return `${expandIpv6(address.replace(/%.*/, "")).slice(0, 4).join(":")}::/64`;
}

function decimal(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

/** RFC 5952 §4: the longest run of zero groups becomes "::", leading zeros go. */
export function compressIpv6(text: string): string {
  const groups = expandIpv6(text).map((group) => group.replace(/^0+(?=.)/, ""));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === "0") length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}

function expandIpv6(text: string): string[] {
  const [head = "", tail] = text.split("::");
  const before = head === "" ? [] : head.split(":");
  if (tail === undefined) return before;
  const after = tail === "" ? [] : tail.split(":");
  return [...before, ...new Array<string>(8 - before.length - after.length).fill("0"), ...after];
}
