/**
 * From a host to flows: which addresses it has (RFC 3263 §4), and from which of our own addresses they are reached.
 *
 * Answers that are known are given at once; otherwise the question goes to the host and the answer comes as an event.
 * Of several addresses each request gets an order of its own, drawn by their weights; those that have failed come last.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import { canonicalAddress, ipVersion, isLoopback, isUnicast } from "../base/ip-range.ts";
import { type Limits, PLENTY } from "../base/limits.ts";
import { ownText } from "../base/own-text.ts";
import type { Random } from "../base/ports.ts";
import { type SipUri, uriParameter } from "../message/uri.ts";
import { DEFAULT_PROTOCOL, defaultPort, type Flow, flowKey, type Listener, protocolOf } from "./flow.ts";
import { Names } from "./names.ts";
import { type Answer, abilitiesOf, type Hop, hopKey, type Question, type ResolvedAddress } from "./next-hops.ts";
import { Remembered, Waiting } from "./remembered.ts";
import { listenersTowards, nearestTo } from "./sending-listener.ts";
import { chanceOf, draw, flatten, mapTiers, type Tiers } from "./weighted-order.ts";

export type { Lack } from "./names.ts";
export { type Answer, type Hop, hopKey, isSameHop, portOf, type Question, type ResolvedAddress } from "./next-hops.ts";

/** What only the host can find out. It answers through {@link Locator.onAnswer} and {@link Locator.onSource}, later. */
export interface LookupPort {
  /** Asks DNS. */
  query(question: Question): void;
  /** Asks the kernel from which local address it would reach `address`. */
  findSource(address: string): void;
}

/** Waits for an answer that isn't known yet. */
export interface FlowWaiter {
  /** Best first; empty when the host can't be reached. */
  onLocated(flows: readonly Flow[], now_ms: number): void;
}

/** Where `uri` leads (RFC 3263 §4.1): sips means TLS, whatever else the URI says. */
export function hopOf(uri: SipUri): Hop {
  const { host, port, scheme } = uri;
  const protocol = scheme === "sips" ? "tls" : protocolOf(uriParameter(uri, "transport")?.toLowerCase());
  return { host, port, protocol };
}

/** How long a route is believed without asking the kernel again. */
const ROUTE_LIFETIME_ms = 30_000;
/** How long a finding is used without a look at names and routes. */
const FINDING_LIFETIME_ms = 5_000;
/** How long an address that has failed comes last. */
const DEAD_ms = 30_000;
const NOWHERE: readonly Flow[] = [];
/** RFC 1035 §2.3.4: DNS has no longer names. */
const HOST_CHARACTERS_MAX = 255;

/** Where a target was found last. */
interface Finding {
  readonly tiers: Tiers<Flow>;
  /** All of them. */
  readonly flows: readonly Flow[];
  readonly until_ms: number;
}

interface Route {
  /** The local address. Undefined while the kernel is asked for the first time, or when it knows no route. */
  source: string | undefined;
  expires_ms: number;
  isAsking: boolean;
  waiters: Unrouted[];
}

/** Wants flows, and has them drawn its own way. */
interface Asker {
  readonly waiter: FlowWaiter;
  readonly callId: string | undefined;
}

/** Flows to complete, and who waits for them. */
interface Unrouted {
  readonly target: Hop;
  readonly tiers: Tiers<ResolvedAddress>;
  readonly asker: Asker;
}

export class Locator {
  private readonly listeners: readonly Listener[];
  private readonly lookup: LookupPort;
  private readonly random: Random;
  readonly names: Names;
  readonly routes: Remembered<Route>;
  readonly lookups: Waiting;
  private readonly findings: BoundedMap<string, Finding>;
  /** Hosts on the router itself that the file names, and phones may be there: by name, and by the addresses that it has. */
  private inside: ReadonlySet<string> = new Set();
  private isInside: (address: string) => boolean = () => false;
  /** Until when an address comes last, by {@link flowKey}. */
  private readonly dead: BoundedMap<string, number>;

  constructor(listeners: readonly Listener[], lookup: LookupPort, random: Random, limits: Limits = PLENTY) {
    this.routes = new Remembered(limits.names);
    this.lookups = new Waiting(limits.lookups);
    this.findings = new BoundedMap(limits.names);
    this.dead = new BoundedMap(limits.names);
    this.listeners = listeners;
    this.lookup = lookup;
    this.random = random;
    this.names = new Names(abilitiesOf(listeners), this.lookups, (question) => lookup.query(question), limits.names);
  }

  /**
   * The flows to `target`, or undefined: then `waiter` is told later.
   * @param callId requests of one call go the same way, as long as nothing fails: a challenge is known where it came from
   */
  locate(target: Hop, waiter: FlowWaiter, now_ms: number, callId?: string): readonly Flow[] | undefined {
    const finding = this.findings.get(hopKey(target));
    if (finding !== undefined && now_ms < finding.until_ms) return this.arrange(finding, callId, now_ms);
    if (target.host.length > HOST_CHARACTERS_MAX) return NOWHERE;
    // The memory of it outlives the message that names it.
    return this.find({ ...target, host: ownText(target.host) }, { waiter, callId }, now_ms);
  }

  /**
   * Loopback addresses are reached only where the file says so: services of the router that listen for itself take the word
   * of whatever can send to them.
   * @param hosts that the file names
   * @param isPhone whether phones are at such an address
   */
  admitInside(hosts: Iterable<string>, isPhone: (address: string) => boolean): void {
    this.inside = new Set(hosts);
    this.isInside = isPhone;
    this.findings.clear();
  }

  /** DNS has answered; undefined: it hasn't, and won't. */
  onAnswer(question: Question, answer: Answer | undefined, now_ms: number): void {
    this.findings.clear();
    this.names.onAnswer(question, answer, now_ms);
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
    this.lookups.leave(waiters.length);
    for (const { target, tiers, asker } of waiters) {
      // A missing route must not be asked for again by the same question.
      const rest = source === undefined ? mapTiers(tiers, (one) => (one.address === address ? [] : [one])) : tiers;
      this.tell(target, rest, asker, now_ms);
    }
  }

  /** A send to `address` failed: ask the kernel anew before the next. */
  forgetRoute(address: string): void {
    const route = this.routes.get(address);
    if (route !== undefined) route.expires_ms = 0;
    this.findings.clear();
  }

  /** Our own addresses have changed, and the kernel's routes with them. */
  forgetRoutes(): void {
    for (const route of this.routes.values()) {
      route.source = undefined;
      route.expires_ms = 0;
    }
    this.findings.clear();
  }

  /** Nothing comes from there, or nothing good: where there are others, it comes last for a while. */
  markDead(flow: Flow, now_ms: number): void {
    this.dead.set(flowKey(flow), now_ms + DEAD_ms);
  }

  markAlive(flow: Flow): void {
    if (this.dead.size > 0) this.dead.delete(flowKey(flow));
  }

  isDead(flow: Flow, now_ms: number): boolean {
    return this.dead.size > 0 && (this.dead.get(flowKey(flow)) ?? 0) > now_ms;
  }

  private find(target: Hop, asker: Asker, now_ms: number): readonly Flow[] | undefined {
    if (ipVersion(target.host) !== 0) {
      const { host, port, protocol = DEFAULT_PROTOCOL } = target;
      const address = { address: host, port: port ?? defaultPort(protocol), protocol };
      return this.flowsTo(target, [[{ weight: 0, items: [address] }]], asker, now_ms);
    }
    const waiter = (found: Tiers<ResolvedAddress>, at_ms: number) => this.tell(target, found, asker, at_ms);
    const tiers = this.names.find(target, waiter, now_ms);
    return tiers === undefined ? undefined : this.flowsTo(target, tiers, asker, now_ms);
  }

  private tell(target: Hop, tiers: Tiers<ResolvedAddress>, asker: Asker, now_ms: number): void {
    const flows = this.flowsTo(target, tiers, asker, now_ms);
    if (flows !== undefined) asker.waiter.onLocated(flows, now_ms);
  }

  /** The order in which one request tries them. */
  private arrange({ tiers, flows }: Finding, callId: string | undefined, now_ms: number): readonly Flow[] {
    if (flows.length <= 1) return flows;
    const order = draw(tiers, callId === undefined ? () => this.random.fraction() : chanceOf(callId));
    const living = order.filter((flow) => !this.isDead(flow, now_ms));
    return living.length === order.length ? order : [...living, ...order.filter((flow) => this.isDead(flow, now_ms))];
  }

  private flowsTo(
    target: Hop,
    resolved: Tiers<ResolvedAddress>,
    asker: Asker,
    now_ms: number,
  ): readonly Flow[] | undefined {
    const known = new Map<ResolvedAddress, Flow>();
    for (const one of flatten(resolved)) {
      const listener = this.listenerFor(target, one, now_ms);
      if (listener === "asked") {
        if (!this.lookups.enter()) return NOWHERE;
        this.routes.get(one.address)?.waiters.push({ target, tiers: resolved, asker });
        return undefined;
      }
      if (listener !== undefined) known.set(one, flowTo(target, one, listener));
    }
    const tiers = mapTiers(resolved, (one) => {
      const flow = known.get(one);
      return flow === undefined ? [] : [flow];
    });
    const flows = flatten(tiers);
    if (flows.length === 0) return NOWHERE;
    const finding = { tiers, flows, until_ms: now_ms + FINDING_LIFETIME_ms };
    this.findings.set(hopKey(target), finding);
    return this.arrange(finding, asker.callId, now_ms);
  }

  /** "asked": the kernel knows, and will tell. */
  private listenerFor(target: Hop, resolved: ResolvedAddress, now_ms: number): Listener | "asked" | undefined {
    const { address } = resolved;
    if (!isUnicast(address)) return undefined;
    const candidates = listenersTowards(resolved, this.listeners);
    if (isLoopback(address) && !candidates.some((one) => isLoopback(one.address)) && !this.admits(target, address)) {
      return undefined;
    }
    if (candidates.length <= 1) return candidates[0];
    const route = this.route(address);
    if (route === undefined) return undefined;
    if (now_ms >= route.expires_ms && !route.isAsking) {
      route.isAsking = true;
      this.lookup.findSource(address);
    }
    return route.source === undefined ? "asked" : nearestTo(route.source, candidates);
  }

  /** A name that the file has may mean the router; then its address stands for it. */
  private admits(target: Hop, address: string): boolean {
    if (this.inside.has(target.host)) this.inside = new Set([...this.inside, address]);
    return this.inside.has(address) || this.isInside(address);
  }

  private route(address: string): Route | undefined {
    return this.routes.recall(address, () => ({ source: undefined, expires_ms: 0, isAsking: false, waiters: [] }));
  }
}

function flowTo(target: Hop, { address, port }: ResolvedAddress, listener: Listener): Flow {
  if (listener.transport.isSecure) return { listener, address, port, name: target.host };
  return { listener, address, port };
}

/** Whether `target` names `address`: for comparing a URI with our own and our peers' addresses. */
export function isHost(target: string, address: string): boolean {
  return target === address || canonicalAddress(target) === canonicalAddress(address);
}
