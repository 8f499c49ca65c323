/**
 * Messages as a capture file (pcapng) that Wireshark, tshark, tcpdump and sngrep open: IP and UDP around each, whatever has carried it. So
 * what came by TLS is there in clear, a message of a stream is one packet, and all are in their order. What carried it is a comment of
 * the packet.
 */
import { ipVersion } from "../../base/ip-range.ts";
import type { KeptMessage } from "./journal-entry.ts";

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const PACKET = 6;
const BYTE_ORDER = 0x1a2b3c4d;
/** LINKTYPE_RAW: a packet begins with its IP header. */
const RAW_IP = 101;
const SNAP_OCTETS = 262_144;
const COMMENT = 1;
const UDP = 17;
const UDP_OCTETS = 8;
const HOPS = 64;
/** A datagram holds no more; of a longer message the beginning is there. */
const PAYLOAD_MAX = 65_000;

type Octets = number[];

/** What stands before all packets. */
export function pcapStart(): Uint8Array {
  const header = [...u32(BYTE_ORDER), ...u16(1), ...u16(0), ...u32(0xffffffff), ...u32(0xffffffff)];
  return Uint8Array.from([
    ...block(SECTION_HEADER, header),
    ...block(INTERFACE, [...u16(RAW_IP), ...u16(0), ...u32(SNAP_OCTETS)]),
  ]);
}

/** One message. @param time_ms since 1970 @param comment for the person who looks at it; "" for none */
export function pcapPacket(message: KeptMessage, time_ms: number, comment: string): Uint8Array {
  const packet = ipPacket(message);
  const time_us = Math.round(time_ms * 1_000);
  const [high, low] = [Math.floor(time_us / 2 ** 32), time_us % 2 ** 32];
  const words = utf8(comment);
  const options = words.length === 0 ? [] : [...u16(COMMENT), ...u16(words.length), ...filled(words), ...u32(0)];
  const body = [...u32(0), ...u32(high), ...u32(low), ...u32(packet.length), ...u32(packet.length)];
  return Uint8Array.from(block(PACKET, body.concat(filled(packet), options)));
}

function ipPacket({ kind, wire, local, local_port, remote, remote_port }: KeptMessage): Octets {
  const is6 = ipVersion(remote) === 6;
  const [ours, theirs] = [addressOctets(local, is6), addressOctets(remote, is6)];
  const [source, target] = kind === "in" ? [theirs, ours] : [ours, theirs];
  const ports = kind === "in" ? [remote_port, local_port] : [local_port, remote_port];
  const payload: Octets = [];
  for (let at = 0; at < Math.min(wire.length, PAYLOAD_MAX); at++) payload.push(wire.charCodeAt(at) & 0xff);
  const length = UDP_OCTETS + payload.length;
  // Network order from here on.
  const udp = [...ports.flatMap(n16), ...n16(length), 0, 0].concat(payload);
  const pseudo = [...source, ...target, ...n16(0), ...n16(length), 0, UDP];
  const sum = checksum(pseudo.concat(udp));
  // RFC 768: zero would mean that there is none.
  udp.splice(6, 2, ...n16(sum === 0 ? 0xffff : sum));
  return (is6 ? header6(length, source, target) : header4(length, source, target)).concat(udp);
}

/** RFC 791. */
function header4(length: number, source: Octets, target: Octets): Octets {
  const header = [0x45, 0, ...n16(length + 20), 0, 0, 0x40, 0, HOPS, UDP, 0, 0, ...source, ...target];
  header.splice(10, 2, ...n16(checksum(header)));
  return header;
}

/** RFC 8200. */
function header6(length: number, source: Octets, target: Octets): Octets {
  return [0x60, 0, 0, 0, ...n16(length), UDP, HOPS, ...source, ...target];
}

/** RFC 1071. */
function checksum(octets: Octets): number {
  let sum = 0;
  for (let at = 0; at < octets.length; at += 2) sum += ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** Zeros for what is no such address. */
function addressOctets(address: string, is6: boolean): Octets {
  const plain = address.replace(/%.*$/, "");
  if (!is6) {
    const octets = plain.split(".").map(Number);
    return octets.length === 4 && octets.every((one) => one >= 0 && one <= 255) ? octets : [0, 0, 0, 0];
  }
  const text = plain.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((one) => one.toString(16)).join(":"),
  );
  const [head = "", tail] = text.split("::");
  const groups = (part: string | undefined) => (part === undefined || part === "" ? [] : part.split(":"));
  const [before, after] = [groups(head), groups(tail)];
  const gap =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  const all = [...before, ...gap, ...after].map((one) => Number.parseInt(one, 16) || 0);
  return Array.from({ length: 8 }, (_, at) => n16(all[at] ?? 0)).flat();
}

/** Its length stands before and behind what it holds. */
function block(type: number, body: Octets): Octets {
  const length = u32(body.length + 12);
  return [...u32(type), ...length].concat(body, length);
}

/** Zeros up to 32 bits. */
function filled(octets: Octets): Octets {
  return octets.concat(Array.from({ length: (4 - (octets.length % 4)) % 4 }, () => 0));
}

function utf8(text: string): Octets {
  const escaped = encodeURIComponent(text.replace(/[\ud800-\udfff]/g, "?"));
  return (escaped.match(/%..|[^%]/g) ?? []).map((one) =>
    one.length > 1 ? Number.parseInt(one.slice(1), 16) : one.charCodeAt(0),
  );
}

/** Little-endian, as the section header says. */
function u16(value: number): Octets {
  return [value & 0xff, (value >>> 8) & 0xff];
}

function u32(value: number): Octets {
  return [...u16(value & 0xffff), ...u16(Math.floor(value / 0x10000))];
}

/** Big-endian. */
function n16(value: number): Octets {
  return [(value >>> 8) & 0xff, value & 0xff];
}
