/** HEP, version 3: a SIP message as Homer and other collectors take it, wrapped with when it was seen, and between whom. */
import { canonicalAddress, ipVersion } from "../../base/ip-range.ts";
import { TRANSPORTS } from "../../transport/flow.ts";
import { callIdOf, type KeptMessage } from "./journal-entry.ts";
import { masked } from "./masked.ts";

/** One end of a message's way. */
export interface HepEnd {
  /** An IP address, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

export interface HepMessage {
  /** The message, one character an octet. */
  readonly wire: string;
  readonly from: HepEnd;
  readonly to: HepEnd;
  readonly layer: "udp" | "tcp";
  /** Milliseconds since 1970, with fractions. */
  readonly wall_ms: number;
  /** By which a collector finds the messages of one call; undefined: none is known. */
  readonly call_id: string | undefined;
}

/** The sender of packets: a number and a name by which a collector tells its senders apart. */
export interface HepAgent {
  readonly id: number;
  readonly name: string;
}

/** Chunks of vendor 0, "generic". */
const CHUNK = {
  family: 1,
  protocol: 2,
  from4: 3,
  to4: 4,
  from6: 5,
  to6: 6,
  fromPort: 7,
  toPort: 8,
  time_s: 9,
  time_us: 10,
  kind: 11,
  agent: 12,
  payload: 15,
  correlation: 17,
  node: 19,
} as const;

/** Address families, as Linux numbers them. */
const FAMILY = { 4: 2, 6: 10 } as const;
/** IANA's numbers of protocols. */
const LAYER = { udp: 17, tcp: 6 } as const;
const SIP = 1;
const HEAD_octets = 6;
/** What one UDP datagram carries over IPv4. */
const PACKET_MAX_octets = 65_507;
const CALL_ID_MAX_octets = 256;

/** What the journal has of a message, without secrets where `isMasked`. @param wall_ms milliseconds since 1970 */
export function hepMessage(entry: KeptMessage, isMasked: boolean, wall_ms: number): HepMessage {
  const ours = { address: entry.local, port: entry.local_port };
  const theirs = { address: entry.remote, port: entry.remote_port };
  const [from, to] = entry.kind === "in" ? [theirs, ours] : [ours, theirs];
  const wire = isMasked ? masked(entry.wire) : entry.wire;
  return { wire, from, to, layer: TRANSPORTS[entry.protocol].layer, wall_ms, call_id: callIdOf(entry) };
}

/**
 * One packet, one character an octet. A message that doesn't fit into a datagram loses its end.
 * @returns undefined where the ends aren't two addresses of one version
 */
export function hepPacket(
  { wire, from, to, layer, wall_ms, call_id }: HepMessage,
  agent: HepAgent,
): string | undefined {
  const [from4, to4] = [unmapped(from.address), unmapped(to.address)];
  const version = ipVersion(from4);
  if (version === 0 || ipVersion(to4) !== version) return undefined;
  const isOld = version === 4;
  const head =
    chunk(CHUNK.family, octets(FAMILY[version], 1)) +
    chunk(CHUNK.protocol, octets(LAYER[layer], 1)) +
    chunk(isOld ? CHUNK.from4 : CHUNK.from6, addressOctets(from4)) +
    chunk(isOld ? CHUNK.to4 : CHUNK.to6, addressOctets(to4)) +
    chunk(CHUNK.fromPort, octets(from.port, 2)) +
    chunk(CHUNK.toPort, octets(to.port, 2)) +
    chunk(CHUNK.time_s, octets(Math.floor(wall_ms / 1_000), 4)) +
    chunk(CHUNK.time_us, octets(Math.floor((wall_ms % 1_000) * 1_000), 4)) +
    chunk(CHUNK.kind, octets(SIP, 1)) +
    chunk(CHUNK.agent, octets(agent.id, 4)) +
    chunk(CHUNK.node, agent.name) +
    (call_id === undefined ? "" : chunk(CHUNK.correlation, call_id.slice(0, CALL_ID_MAX_octets)));
  const room = PACKET_MAX_octets - head.length - 2 * HEAD_octets;
  const body = head + chunk(CHUNK.payload, wire.slice(0, room));
  return `HEP3${octets(body.length + HEAD_octets, 2)}${body}`;
}

/** Its vendor (0), its type, its length with these six octets, and what it says. */
function chunk(type: number, says: string): string {
  return octets(0, 2) + octets(type, 2) + octets(says.length + HEAD_octets, 2) + says;
}

/** A number, the most significant octet first. */
function octets(value: number, count: number): string {
  let text = "";
  for (let rest = value, left = count; left > 0; left--, rest = Math.floor(rest / 256)) {
    text = String.fromCharCode(rest % 256) + text;
  }
  return text;
}

/** An IPv4 address that a socket for both versions shows in IPv6's clothes is one. */
function unmapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function addressOctets(address: string): string {
  if (ipVersion(address) === 4)
    return address
      .split(".")
      .map((part) => octets(Number(part), 1))
      .join("");
  const [left = "", right] = canonicalAddress(address).split("::");
  const groups = (text = "") => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(left), groups(right)];
  const zeros = new Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].map((group) => octets(Number.parseInt(group, 16), 2)).join("");
}
