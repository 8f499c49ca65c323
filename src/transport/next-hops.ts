/** From a host to the addresses that serve it, by DNS records: RFC 3263 §4.1, §4.2. */
import { ipVersion } from "../base/ip-range.ts";
import { DEFAULT_PROTOCOL, defaultPort, type Listener, PROTOCOLS, type Protocol, TRANSPORTS } from "./flow.ts";
import type { Choice, Tiers } from "./weighted-order.ts";

/** Where a URI, a Route or a configured target leads. Without a port, DNS chooses it by SRV records. */
export interface Hop {
  readonly host: string;
  readonly port: number | undefined;
  /** Undefined: DNS chooses, UDP where it doesn't. */
  readonly protocol: Protocol | undefined;
}

/** An address that serves a hop. */
export interface ResolvedAddress {
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** RFC 3403 §4.1. */
export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
}

/** RFC 2782. */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** "": the service is decidedly not there. */
  readonly target: string;
}

export interface RecordsOf {
  readonly NAPTR: NaptrRecord;
  readonly SRV: SrvRecord;
  readonly A: string;
  readonly AAAA: string;
}

/** What DNS can be asked. */
export interface Question {
  readonly type: keyof RecordsOf;
  /** In lower case, without the dot at the end. */
  readonly name: string;
}

/** What DNS has answered: all records of that type. */
export interface Answer {
  /** Of the question's type; empty when there are none. */
  readonly records: readonly RecordsOf[keyof RecordsOf][];
  /** How long that is so; 0: not at all, or nothing is said of it. */
  readonly lifetime_ms: number;
}

/** What we can send with. */
export interface Abilities {
  /** Best first. */
  readonly protocols: readonly Protocol[];
  readonly types: readonly ("A" | "AAAA")[];
}

/** What these can send with. */
export function abilitiesOf(listeners: readonly Listener[]): Abilities {
  const isDialled = (one: Protocol) =>
    listeners.some(({ protocol, transport }) => protocol === one && transport.isDialled);
  const protocols = PROTOCOLS.filter(isDialled);
  const types = (["A", "AAAA"] as const).filter((type) => listeners.some(({ address }) => typeFor(address) === type));
  return { protocols, types };
}

function typeFor(address: string): "A" | "AAAA" {
  return ipVersion(address) === 6 ? "AAAA" : "A";
}

/** The records that are known; undefined when the answer is still to come. */
export type Read = <T extends keyof RecordsOf>(type: T, name: string) => readonly RecordsOf[T][] | undefined;

/** More aren't needed; and one answer must not make us ask for hundreds. */
const SERVICES_MAX = 8;
const ADDRESSES_MAX = 8;

/**
 * The addresses of `target`, or undefined when `read` doesn't know enough yet. All that may be needed is read at once,
 * so that the answers can be fetched side by side.
 */
export function nextHops(target: Hop, { protocols, types }: Abilities, read: Read): Tiers<ResolvedAddress> | undefined {
  const host = bare(target.host);
  const { port } = target;
  const wanted = protocols.filter((one) => target.protocol === undefined || target.protocol === one);
  const protocol = wanted[0];
  if (protocol === undefined) return [];
  const find = (name: string, at: number, by: Protocol) => addressesOf(name, at, by, types, read);
  if (port !== undefined) return alone(find(host, port, target.protocol ?? DEFAULT_PROTOCOL));

  const isOpen = target.protocol === undefined || TRANSPORTS[target.protocol].isSecure;
  const pointers = isOpen ? read("NAPTR", host) : [];
  const services = wanted.map((one) => serversOf(TRANSPORTS[one].srv + host, one, find, read));
  const plain = find(host, defaultPort(protocol), protocol);
  if (pointers === undefined) return undefined;
  const named = followPointers(pointers, wanted, (name, one) => serversOf(name, one, find, read));
  if (named === undefined || named.length > 0) return named;
  for (const servers of services) {
    if (servers === undefined) return undefined;
    if (servers.length > 0) return servers;
  }
  // A service that is decidedly not there isn't looked for at the bare name either (RFC 2782).
  const isRefused = wanted.some((one) => (read("SRV", TRANSPORTS[one].srv + host) ?? []).length > 0);
  return isRefused ? [] : alone(plain);
}

type Find = (name: string, port: number, protocol: Protocol) => readonly ResolvedAddress[] | undefined;

function alone(items: readonly ResolvedAddress[] | undefined): Tiers<ResolvedAddress> | undefined {
  return items === undefined ? undefined : items.length === 0 ? [] : [[{ weight: 0, items }]];
}

/** RFC 3263 §4.1: those of a protocol that we speak, in the order that the domain's owner wants. */
function followPointers(
  records: readonly NaptrRecord[],
  wanted: readonly Protocol[],
  servers: (name: string, protocol: Protocol) => Tiers<ResolvedAddress> | undefined,
): Tiers<ResolvedAddress> | undefined {
  const usable = records
    .flatMap((record) => {
      const service = record.service.toUpperCase();
      const protocol = wanted.find((one) => TRANSPORTS[one].naptr === service);
      const isUsable = protocol !== undefined && record.flags.toLowerCase() === "s";
      return isUsable && record.regexp === "" && record.replacement !== "" ? [{ ...record, protocol }] : [];
    })
    .sort((a, b) => a.order - b.order || a.preference - b.preference)
    .slice(0, SERVICES_MAX);
  const found = usable.map(({ replacement, protocol }) => servers(bare(replacement), protocol));
  const known = found.flatMap((tiers) => tiers ?? []);
  return found.includes(undefined) ? undefined : known;
}

/** The servers of one service (RFC 3263 §4.2); empty without SRV records. */
function serversOf(name: string, protocol: Protocol, find: Find, read: Read): Tiers<ResolvedAddress> | undefined {
  const records = read("SRV", name);
  if (records === undefined) return undefined;
  const tiers = new Map<number, Choice<ResolvedAddress>[]>();
  let isComplete = true;
  const usable = records.filter(({ port, target }) => port > 0 && bare(target) !== "");
  for (const { priority, weight, port, target } of [...usable].sort(byPriority).slice(0, SERVICES_MAX)) {
    const items = find(bare(target), port, protocol);
    if (items === undefined) isComplete = false;
    else if (items.length > 0) tiers.set(priority, [...(tiers.get(priority) ?? []), { weight, items }]);
  }
  return isComplete ? [...tiers.values()] : undefined;
}

function byPriority(a: SrvRecord, b: SrvRecord): number {
  return a.priority - b.priority;
}

function addressesOf(
  name: string,
  port: number,
  protocol: Protocol,
  types: Abilities["types"],
  read: Read,
): readonly ResolvedAddress[] | undefined {
  if (ipVersion(name) !== 0) return [{ address: name, port, protocol }];
  const found = types.map((type) => read(type, name));
  if (found.includes(undefined)) return undefined;
  const addresses = found.flatMap((records) => records ?? []).slice(0, ADDRESSES_MAX);
  return addresses.map((address) => ({ address, port, protocol }));
}

/** One spelling for each name. */
function bare(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** RFC 3261 §19.1.2. */
export function portOf({ port, protocol = DEFAULT_PROTOCOL }: Hop): number {
  return port ?? defaultPort(protocol);
}

/** Whether two hops name one place in the same way, without DNS. */
export function isSameHop(a: Hop, b: Hop): boolean {
  return (
    a.host === b.host &&
    portOf(a) === portOf(b) &&
    (a.protocol ?? DEFAULT_PROTOCOL) === (b.protocol ?? DEFAULT_PROTOCOL)
  );
}

/** Tells hops apart. */
export function hopKey({ host, port, protocol }: Hop): string {
  return `${host} ${port ?? ""} ${protocol ?? ""}`;
}
