/** IP addresses and CIDR ranges, IPv4 and IPv6: who is in localnet, and which spellings mean one address. */
import { IPv4, IPv6 } from "ip-num";
import { BoundedMap } from "./bounded-map.ts";
import { ownText } from "./own-text.ts";

const ADDRESSES_REMEMBERED = 4096;

/** The only spelling of an IPv4 address that everybody reads alike: 010.1, 0x0a.1 and 167772161 are 10.0.0.1 to some. */
const DOTTED = /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/;

/** What RFC 3261's grammar wanted before an IPv4 address, and RFC 5954 no longer wants. */
const THREE_COLONS = /:::(?=\d+\.\d+\.\d+\.\d+$)/;

/** Whether a host could be taken for an address, but isn't spelled as one: RFC 3261 §25.1 wants a letter in the last label. */
export function isNumericHost(text: string): boolean {
  const labels = text.split(".").filter((label) => label !== "");
  return !/^[A-Za-z]/.test(labels[labels.length - 1] ?? "") && ipVersion(text) === 0;
}

/** 4 or 6 for an IP literal (IPv6 without brackets), 0 for anything else, such as a host name. */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (text.includes(":")) return parseAddress(text) === undefined ? 0 : 6;
  return ipv4Value(text) < 0 ? 0 : 4;
}

/** A host as RFC 5118 §4.10 wants it read: three colons before an embedded IPv4 address are two. */
export function withTwoColons(host: string): string {
  return host.replace(THREE_COLONS, "::");
}

/** The one spelling of an IP literal by which addresses are compared; host names come back in lower case. */
export function canonicalAddress(text: string): string {
  if (!text.includes(":")) return text.toLowerCase();
  const address = parseAddress(text);
  if (!(address instanceof IPv6)) return text.toLowerCase();
  return compressIpv6(address.toString().toLowerCase());
}

/** How many leading bits two addresses share; -1 when they are of different versions or not addresses at all. */
export function commonPrefix_bits(a: string, b: string): number {
  const first = parseAddress(a);
  const second = parseAddress(b);
  if (first === undefined || second === undefined || first.bitSize !== second.bitSize) return -1;
  const difference = first.getValue() ^ second.getValue();
  return difference === BigInt(0) ? first.bitSize : first.bitSize - difference.toString(2).length;
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
  private readonly free_bits: bigint;
  private readonly network6: bigint | undefined;

  private constructor(text: string, prefix_bits: number, address: IPv4 | IPv6) {
    this.text = text;
    this.prefix_bits = prefix_bits;
    const isIpv4 = address.bitSize === 32;
    const size = isIpv4 ? 2 ** (32 - prefix_bits) : 0;
    const value = isIpv4 ? Number(address.getValue()) : 0;
    this.first = value - (value % (size || 1));
    this.last = this.first + size - 1;
    this.free_bits = BigInt(address.bitSize - prefix_bits);
    this.network6 = isIpv4 ? undefined : address.getValue() >> this.free_bits;
  }

  /** Undefined when `text` is neither an address nor address/prefix-length. */
  static parse(text: string): IpRange | undefined {
    const slash = text.indexOf("/");
    const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
    if (address === undefined || text.includes("%")) return undefined;
    const length = slash < 0 ? address.bitSize : decimal(text.slice(slash + 1));
    return length === undefined || length > address.bitSize ? undefined : new IpRange(text, length, address);
  }

  contains(address: string): boolean {
    const value4 = ipv4Value(address);
    if (value4 >= 0) return value4 >= this.first && value4 <= this.last;
    if (this.network6 === undefined || !address.includes(":")) return false;
    const parsed = parseAddress(address);
    return parsed !== undefined && parsed.getValue() >> this.free_bits === this.network6;
  }

  /** Of two networks that overlap, one lies within the other. */
  overlaps(other: IpRange): boolean {
    return this.contains(other.address) || other.contains(this.address);
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

/**
 * An IPv4 address as a number; -1 for anything else. A forger comes with a new address each time, and
 * ip-num takes 20 µs for one.
 */
function ipv4Value(text: string): number {
  if (!DOTTED.test(text)) return -1;
  let value = 0;
  let octet = 0;
  for (let position = 0; position <= text.length; position++) {
    const digit = text.charCodeAt(position) - 0x30;
    if (digit >= 0) {
      octet = octet * 10 + digit;
    } else {
      if (octet > 255) return -1;
      value = value * 256 + octet;
      octet = 0;
    }
  }
  return value;
}

/** Addresses that mean nobody in particular: unspecified, broadcast, multicast. */
const NOBODYS = ["0.0.0.0/32", "255.255.255.255/32", "224.0.0.0/4", "::/128", "ff00::/8"];
let nobodys: IpRanges | undefined;

/** Whether an IP literal could be one host's. */
export function isUnicast(address: string): boolean {
  nobodys ??= rangesOf(NOBODYS);
  return !nobodys.contains(address);
}

/** The host itself, an IPv4 address mapped into IPv6 included. */
const LOOPBACKS = ["127.0.0.0/8", "::1/128", "::ffff:127.0.0.0/104"];
let loopbacks: IpRanges | undefined;

/** Whether an IP literal means the host itself. */
export function isLoopback(address: string): boolean {
  loopbacks ??= rangesOf(LOOPBACKS);
  return loopbacks.contains(address);
}

/** What isn't routed in the Internet: RFC 1918, RFC 6598, RFC 3927, RFC 4193, loopback. */
const PRIVATE = [
  ...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"],
  ...["fc00::/7", "fe80::/10", "::1/128"],
];
let privates: IpRanges | undefined;

/** Whether nobody in the Internet can reach an IP literal by itself. */
export function isPrivate(address: string): boolean {
  privates ??= rangesOf(PRIVATE);
  return privates.contains(address);
}

function rangesOf(texts: readonly string[]): IpRanges {
  return new IpRanges(texts.flatMap((text) => IpRange.parse(text) ?? []));
}

let lastText = "";
let lastAddress: IPv4 | IPv6 | undefined;

/** ip-num takes 10 µs for an IPv6 address: many networks are asked about one, one after the other. */
function parseAddress(text: string): IPv4 | IPv6 | undefined {
  if (text !== lastText) {
    lastText = text;
    lastAddress = readAddress(text);
  }
  return lastAddress;
}

function readAddress(text: string): IPv4 | IPv6 | undefined {
  try {
    if (!text.includes(":")) return DOTTED.test(text) ? new IPv4(text) : undefined;
    const zone = text.indexOf("%");
    return new IPv6(zone < 0 ? text : text.slice(0, zone));
  } catch {
    return undefined;
  }
}

function decimal(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

/** RFC 5952 §4: the longest run of zero groups becomes "::", leading zeros go. */
function compressIpv6(text: string): string {
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
