/** All upstream targets: the configured ones, and the domains that phones' requests name. */
import { SIP_PORT } from "../message/uri.ts";
import { routeUri } from "../proxy/preprocess-routes.ts";
import type { RoutedRequest } from "../proxy/router.ts";
import type { HostPort } from "../transport/locator.ts";
import { Peer, type PeerKind, type PeerParts } from "./peer.ts";
import type { UpstreamSettings } from "./site.ts";

/** Domains watched at once, where the file names no upstream. */
const DOMAINS_MAX = 32;

export class Upstreams {
  private readonly parts: PeerParts;
  private readonly kind: PeerKind;
  private readonly configured: readonly Peer[];
  private readonly domains = new Map<string, Peer>();

  constructor(parts: PeerParts, settings: UpstreamSettings) {
    this.parts = parts;
    this.kind = { role: "upstream", settings };
    this.configured = settings.targets.map((uri) => new Peer(parts, this.kind, uri));
  }

  start(now_ms: number): void {
    for (const target of this.configured) target.start(now_ms);
  }

  stop(): void {
    for (const target of [...this.configured, ...this.domains.values()]) target.stop();
  }

  /** Those that the file names, best first. */
  get configuredTargets(): readonly Peer[] {
    return this.configured;
  }

  /** Whether calls can go nowhere up there. */
  get isDark(): boolean {
    const all = [...this.all()];
    return all.length > 0 && all.every((peer) => !peer.takesCalls);
  }

  /** Where a phone's request goes, best first; empty when its Request-URI names no host. */
  targetsFor(routed: RoutedRequest, now_ms: number): readonly Peer[] {
    // With a static next hop, a Route that a phone has preloaded is upstream's to follow.
    if (this.configured.length > 0) return this.configured;
    const route = routed.routes.remaining[0];
    const uri = route === undefined ? routed.uri : routeUri(route);
    return uri === undefined ? [] : [this.domain({ host: uri.host, port: uri.port }, now_ms)];
  }

  /** The target that `hop` is, if it is one. */
  find(hop: HostPort): Peer | undefined {
    const port = hop.port ?? SIP_PORT;
    for (const target of this.all()) {
      if ((target.hop.port ?? SIP_PORT) === port && target.hasAddress(hop.host)) return target;
    }
    return undefined;
  }

  /** Who sends from `address`: a configured upstream may do more than a domain that some phone named. */
  originOf(address: string): "upstream" | "domain" | undefined {
    if (this.configured.some((target) => target.hasAddress(address))) return "upstream";
    for (const target of this.domains.values()) if (target.hasAddress(address)) return "domain";
    return undefined;
  }

  private *all(): IterableIterator<Peer> {
    yield* this.configured;
    yield* this.domains.values();
  }

  private domain(hop: HostPort, now_ms: number): Peer {
    const key = `${hop.host} ${hop.port ?? ""}`;
    let target = this.configured.find((one) => one.hop.host === hop.host && one.hop.port === hop.port);
    target ??= this.domains.get(key);
    if (target === undefined) {
      if (this.domains.size >= DOMAINS_MAX) this.forgetLeastUsed();
      target = new Peer(this.parts, this.kind, hop);
      this.domains.set(key, target);
      target.start(now_ms);
    }
    target.used_ms = now_ms;
    return target;
  }

  private forgetLeastUsed(): void {
    let least: [string, Peer] | undefined;
    for (const entry of this.domains) if (least === undefined || entry[1].used_ms < least[1].used_ms) least = entry;
    if (least === undefined) return;
    least[1].stop();
    this.domains.delete(least[0]);
  }
}
