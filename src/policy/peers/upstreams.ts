/** All upstream targets: the configured ones, and the domains that phones' requests name. */
import { ipVersion } from "../../base/ip-range.ts";
import type { SipUri } from "../../message/uri.ts";
import type { OwnAddresses } from "../../proxy/own-addresses.ts";
import { routeUri } from "../../proxy/preprocess-routes.ts";
import type { TargetObserver } from "../../proxy/router.ts";
import { type Hop, hopOf } from "../../transport/locator.ts";
import type { UpstreamWatch } from "../named.ts";
import type { Bindings } from "../phones/bindings.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { UpstreamSettings, WatchSettings } from "../site.ts";
import { DialogObserver } from "./dialog-observer.ts";
import type { Peer } from "./peer.ts";
import type { Peers } from "./peers.ts";

export class Upstreams {
  private readonly peers: Peers;
  private readonly own: OwnAddresses;
  private readonly settings: UpstreamSettings;
  private readonly configured: readonly Peer[];
  private readonly byKey: ReadonlyMap<string, Peer>;

  constructor(peers: Peers, own: OwnAddresses, settings: UpstreamSettings) {
    this.peers = peers;
    this.own = own;
    this.settings = settings;
    this.configured = peers.name(
      "upstream",
      settings.targets.map((uri) => ({ hop: hopOf(uri), settings: watchOf(settings, uri) })),
    );
    this.byKey = new Map(this.configured.map((target) => [target.watch.key, target]));
  }

  /** What hears of a branch to the target that a plan names so; undefined when it isn't watched any more. */
  observer({ name, key }: UpstreamWatch): TargetObserver | undefined {
    const peer = this.byKey.get(key) ?? this.peers.domainOf(key);
    return peer === undefined || name === "upstream" ? peer : new DialogObserver(peer);
  }

  /** Whether an administrator has chosen that upstream is down. */
  get isForcedDown(): boolean {
    return this.peers.pin === "down";
  }

  /** Those that the file names, best first. */
  get configuredTargets(): readonly Peer[] {
    return this.configured;
  }

  /** Those of them that new calls go to. */
  get takingCalls(): readonly Peer[] {
    return this.configured.filter((target) => target.takesCalls);
  }

  /** Whether any target has answered its last probe. */
  get answersProbes(): boolean {
    for (const target of this.all()) if (target.answersProbes) return true;
    return false;
  }

  /** Whether one of these targets, by their keys, has just returned, and isn't trusted yet. */
  areRecovering(keys: readonly string[]): boolean {
    for (const { watch, stateName } of this.all()) {
      if (stateName === "recovering" && keys.includes(watch.key)) return true;
    }
    return false;
  }

  /** Whether calls can go nowhere up there. */
  get isDark(): boolean {
    const all = this.all();
    return all.length > 0 && all.every((peer) => !peer.takesCalls);
  }

  /** Where a phone's request goes, best first; empty when nothing in it names upstream. */
  targetsFor(facts: RequestFacts, now_ms: number): readonly Peer[] {
    // With a static next hop, a Route that a phone has preloaded is upstream's to follow.
    if (this.configured.length > 0) return this.configured;
    const uri = this.domainIn(facts);
    if (uri === undefined) return [];
    const hop = hopOf(uri);
    return [this.knownAt(hop) ?? this.peers.domain(this.settings, hop, now_ms)];
  }

  /** The domain that is watched at this address: a PBX that writes its IP into From is called back there. */
  private knownAt(hop: Hop): Peer | undefined {
    if (ipVersion(hop.host) === 0) return undefined;
    for (const target of this.peers.watchedDomains) {
      if (target.hop.host !== hop.host && target.places.isAt(hop) && target.places.speaks(hop)) return target;
    }
    return undefined;
  }

  /** The URI by which a request names its own upstream; undefined when it names us instead. */
  private domainIn({ routes, host, request, uri }: RequestFacts): SipUri | undefined {
    const [route] = routes.remaining;
    const first = route === undefined ? undefined : routeUri(route);
    // An outbound proxy of which DNS hasn't said yet where it leads may be we; asked as upstream it can't be either.
    const isProxy = route !== undefined && (first === undefined || !this.own.mayMean(first.host));
    // A REGISTER may name its domain by a name in our certificate: where DNS leads elsewhere, the registrar is there.
    if (!isProxy && host !== "us" && uri !== undefined) return this.own.leadsHere(uri.host) ? undefined : uri;
    // What a phone calls at our own address, or at none (tel), is meant for its own domain.
    const named = isProxy ? first : request.fromUri;
    return named === undefined || this.own.hasUri(named) ? undefined : named;
  }

  /** The target that `hop` is, if it is one. */
  find(hop: Hop): Peer | undefined {
    for (const target of this.all()) if (target.places.isAt(hop)) return target;
    return undefined;
  }

  /** The target that sends from `address`, if it is one. */
  peerAt(address: string): Peer | undefined {
    for (const target of this.all()) if (target.places.has(address)) return target;
    return undefined;
  }

  /**
   * Whether `host` is upstream's: its configured name, or a known address of it; where the file names none, that of a domain
   * in which phones are registered.
   */
  isHost(host: string, bindings: Bindings): boolean {
    if (this.configured.some((target) => target.places.has(host))) return true;
    for (const target of this.peers.watchedDomains) {
      if (target.places.has(host) && bindings.hasDomain(target.hop.host)) return true;
    }
    return false;
  }

  /** Whether both are addresses of one target: a PBX of several machines. */
  isOneTarget(address: string, other: string): boolean {
    for (const target of this.all()) if (target.places.has(address) && target.places.has(other)) return true;
    return false;
  }

  /** Whether a target is named so. */
  isNamed(host: string): boolean {
    return this.configured.some(({ hop }) => hop.host === host);
  }

  /** The names in the URIs of the targets that the file has; phones may name domains that there aren't. */
  get nameHosts(): readonly string[] {
    const hosts = this.configured.map(({ hop }) => hop.host).filter((host) => ipVersion(host) === 0);
    return [...new Set(hosts)];
  }

  /** What a source at `address` is, as far as upstream goes: a configured upstream may do more than a domain that some phone named. */
  originOf(address: string): "upstream" | "domain" | undefined {
    if (this.configured.some((target) => target.places.has(address))) return "upstream";
    for (const target of this.peers.watchedDomains) if (target.places.has(address)) return "domain";
    return undefined;
  }

  /** Every target that is watched. */
  all(): readonly Peer[] {
    return this.peers.size === 0 ? this.configured : [...this.configured, ...this.peers.watchedDomains];
  }
}

/** How one target is watched: as all are, unless the file has something of its own for it. */
function watchOf(settings: UpstreamSettings, { text }: SipUri): WatchSettings {
  const probe = settings.ownProbes.get(text);
  return probe === undefined ? settings : { ...settings, probe };
}
