/**
 * From a host to flows: which addresses it has (RFC 3263 §4), and from which of our own addresses they are reached.
 *
 * Answers that are known are given at once; otherwise the question goes to the host and the answer comes as an event.
 * A name that once had addresses keeps them while DNS is silent: in an outage it is.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import { canonicalAddress, commonPrefix_bits, ipVersion, isUnicast } from "../base/ip-range.ts";
import type { Table } from "../base/meter.ts";
import { type SipUri, uriParameter } from "../message/uri.ts";
import { defaultPort, type Flow, type Listener, type Protocol } from "./flow.ts";

/** Where a URI, a Route or a configured target leads. Without a port, DNS chooses it by SRV records. */
export interface Hop {
  readonly host: string;
  readonly port: number | undefined;
  /** Undefined: DNS chooses, UDP where it doesn't. */
  readonly protocol: Protocol | undefined;
}

/** One answer of DNS, best first. */
export interface ResolvedAddress {
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** What only the host can find out. It answers through {@link Locator.onResolved} and {@link Locator.onSource}. */
export interface LookupPort {
  /** Asks DNS: SRV when no port is given, then A and AAAA. */
  resolve(target: Hop): void;
  /** Asks the kernel from which local address it would reach `address`. */
  findSource(address: string): void;
}

/** Whoever waits for an answer that isn't known yet. */
export interface FlowWaiter {
  /** Best first; empty when the host can't be reached. */
  onLocated(flows: readonly Flow[], now_ms: number): void;
}

/** Where `uri` leads (RFC 3263 §4.1): sips means TLS, whatever else the URI says. */
export function hopOf(uri: SipUri): Hop {
  const { host, port, scheme } = uri;
  const transport = scheme === "sips" ? "tls" : uriParameter(uri, "transport")?.toLowerCase();
  const isKnown = transport === "udp" || transport === "tcp" || transport === "tls";
  return { host, port, protocol: isKnown ? transport : undefined };
}

/** How long a route is believed without asking the kernel again. */
const ROUTE_LIFETIME_ms = 30_000;
/** How long a finding is used without a look at names and routes. */
const FINDING_LIFETIME_ms = 5_000;
/** Names remembered at the most, and addresses. */
const REMEMBERED = 1024;
/** Who waits for an answer, of those that wait for one in all: a request has a transaction, but an ACK has none. */
const WAITING_MAX = 12_000;
const NOWHERE: readonly Flow[] = [];

interface Name {
  readonly target: Hop;
  addresses: readonly ResolvedAddress[];
  expires_ms: number;
  isAsking: boolean;
  waiters: FlowWaiter[];
}

/** A table in which the entry used longest ago makes room, but never one that somebody waits for. */
class Remembered<T extends { readonly isAsking: boolean }> extends BoundedMap<string, T> {
  /** The entry, made when it is new; undefined when all are waited for. */
  recall(key: string, fresh: () => T): T | undefined {
    let entry = this.entries.get(key);
    if (entry === undefined) {
      if (this.size >= this.limit && !this.makeRoom()) return undefined;
      entry = fresh();
    } else {
      this.entries.delete(key);
    }
    this.entries.set(key, entry);
    return entry;
  }

  private makeRoom(): boolean {
    this.hits += 1;
    for (const [key, entry] of this.entries) if (!entry.isAsking) return this.entries.delete(key);
    return false;
  }
}

/** How many wait for DNS and the kernel. */
class Waiting implements Table {
  size = 0;
  hits = 0;
  readonly limit = WAITING_MAX;

  /** Whether one more may. */
  enter(): boolean {
    const isFull = this.size >= this.limit;
    if (isFull) this.hits += 1;
    else this.size += 1;
    return !isFull;
  }
}

/** Where a target was found last. */
interface Finding {
  readonly flows: readonly Flow[];
  readonly until_ms: number;
}

interface Route {
  /** The local address. Undefined while the kernel is asked for the first time, or when it knows no route. */
  source: string | undefined;
  expires_ms: number;
  isAsking: boolean;
  waiters: Question[];
}

/** Flows to complete, and who waits for them. */
interface Question {
  readonly target: Hop;
  readonly addresses: readonly ResolvedAddress[];
  readonly waiter: FlowWaiter;
}

export class Locator {
  private readonly listeners: readonly Listener[];
  private readonly lookup: LookupPort;
  readonly names = new Remembered<Name>(REMEMBERED);
  readonly routes = new Remembered<Route>(REMEMBERED);
  readonly lookups = new Waiting();
  private readonly findings = new BoundedMap<string, Finding>(REMEMBERED);

  constructor(listeners: readonly Listener[], lookup: LookupPort) {
    this.listeners = listeners;
    this.lookup = lookup;
  }

  /** The flows to `target`, or undefined: then `waiter` is told later. */
  locate(target: Hop, waiter: FlowWaiter, now_ms: number): readonly Flow[] | undefined {
    const key = hopKey(target);
    const finding = this.findings.get(key);
    if (finding !== undefined && now_ms < finding.until_ms) return finding.flows;
    const flows = this.find(target, waiter, now_ms);
    if (flows !== undefined && flows.length > 0) {
      this.findings.set(key, { flows, until_ms: now_ms + FINDING_LIFETIME_ms });
    }
    return flows;
  }

  private find(target: Hop, waiter: FlowWaiter, now_ms: number): readonly Flow[] | undefined {
    if (ipVersion(target.host) !== 0) {
      const { host, port, protocol = "udp" } = target;
      return this.flowsTo(target, [{ address: host, port: port ?? defaultPort(protocol), protocol }], waiter, now_ms);
    }
    const name = this.name(target);
    if (name === undefined) return NOWHERE;
    if (now_ms >= name.expires_ms && !name.isAsking) {
      name.isAsking = true;
      this.lookup.resolve(target);
    }
    if (name.addresses.length > 0) return this.flowsTo(target, name.addresses, waiter, now_ms);
    if (!name.isAsking || !this.lookups.enter()) return NOWHERE;
    name.waiters.push(waiter);
    return undefined;
  }

  /**
   * DNS has answered.
   * @param addresses empty: the name has none, or DNS didn't answer; what was known before stays in use
   * @param lifetime_ms how long the answer, or the lack of one, may be believed
   */
  onResolved(target: Hop, addresses: readonly ResolvedAddress[], lifetime_ms: number, now_ms: number): void {
    const name = this.names.get(hopKey(target));
    if (name === undefined) return;
    if (addresses.length > 0) name.addresses = addresses;
    name.expires_ms = now_ms + lifetime_ms;
    name.isAsking = false;
    const waiters = name.waiters;
    name.waiters = [];
    this.lookups.size -= waiters.length;
    for (const waiter of waiters) {
      const flows = name.addresses.length > 0 ? this.flowsTo(target, name.addresses, waiter, now_ms) : NOWHERE;
      if (flows !== undefined) waiter.onLocated(flows, now_ms);
    }
  }

  /**
   * The kernel has answered.
   * @param given the local address it would send from; undefined when it has no route
   */
  onSource(address: string, given: string | undefined, now_ms: number): void {
    const route = this.routes.get(address);
    if (route === undefined) return;
    const source = given !== undefined && ipVersion(given) === ipVersion(address) ? given : undefined;
    route.source = source;
    route.expires_ms = source === undefined ? now_ms : now_ms + ROUTE_LIFETIME_ms;
    route.isAsking = false;
    const waiters = route.waiters;
    route.waiters = [];
    this.lookups.size -= waiters.length;
    for (const { target, addresses, waiter } of waiters) {
      // A missing route must not be asked for again by the same question.
      const rest = source === undefined ? addresses.filter((other) => other.address !== address) : addresses;
      const flows = rest.length === 0 ? NOWHERE : this.flowsTo(target, rest, waiter, now_ms);
      if (flows !== undefined) waiter.onLocated(flows, now_ms);
    }
  }

  /** A send to `address` failed: ask the kernel anew before the next. */
  forgetRoute(address: string): void {
    const route = this.routes.get(address);
    if (route !== undefined) route.expires_ms = 0;
    this.findings.clear();
  }

  private flowsTo(
    target: Hop,
    addresses: readonly ResolvedAddress[],
    waiter: FlowWaiter,
    now_ms: number,
  ): readonly Flow[] | undefined {
    const flows: Flow[] = [];
    for (const resolved of addresses) {
      const { address } = resolved;
      const candidates = isUnicast(address) ? this.listenersFor(resolved) : [];
      const only = candidates.length === 1 ? candidates[0] : undefined;
      if (only !== undefined) {
        flows.push(flowTo(target, resolved, only));
        continue;
      }
      if (candidates.length === 0) continue;
      const route = this.route(address);
      if (route === undefined) continue;
      if (now_ms >= route.expires_ms && !route.isAsking) {
        route.isAsking = true;
        this.lookup.findSource(address);
      }
      const listener = route.source === undefined ? undefined : nearestTo(route.source, candidates);
      if (listener === undefined) {
        if (!this.lookups.enter()) return NOWHERE;
        route.waiters.push({ target, addresses, waiter });
        return undefined;
      }
      flows.push(flowTo(target, resolved, listener));
    }
    return flows;
  }

  private listenersFor({ address, protocol }: ResolvedAddress): readonly Listener[] {
    const version = ipVersion(address);
    return this.listeners.filter((one) => one.protocol === protocol && ipVersion(one.address) === version);
  }

  private name(target: Hop): Name | undefined {
    const fresh = (): Name => ({ target, addresses: [], expires_ms: 0, isAsking: false, waiters: [] });
    return this.names.recall(hopKey(target), fresh);
  }

  private route(address: string): Route | undefined {
    return this.routes.recall(address, () => ({ source: undefined, expires_ms: 0, isAsking: false, waiters: [] }));
  }
}

/** The listener on the local address `source`, or else the one whose address looks most like it. */
function nearestTo(source: string, listeners: readonly Listener[]): Listener | undefined {
  let nearest: Listener | undefined;
  let nearest_bits = -1;
  for (const listener of listeners) {
    const bits = commonPrefix_bits(listener.address, source);
    if (bits > nearest_bits) {
      nearest = listener;
      nearest_bits = bits;
    }
  }
  return nearest;
}

function flowTo(target: Hop, { address, port }: ResolvedAddress, listener: Listener): Flow {
  if (listener.protocol === "tls") return { listener, address, port, name: target.host };
  return { listener, address, port };
}

/** Tells hops apart. */
export function hopKey({ host, port, protocol }: Hop): string {
  return `${host} ${port ?? ""} ${protocol ?? ""}`;
}

/** Whether `target` names `address`: for comparing a URI with our own and our peers' addresses. */
export function isHost(target: string, address: string): boolean {
  return target === address || canonicalAddress(target) === canonicalAddress(address);
}
