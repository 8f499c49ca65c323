/** All peers that are watched. They outlive a reload: what is known of a peer isn't lost with the file that named it. */
import { BoundedMap } from "../../base/bounded-map.ts";
import type { Table } from "../../base/meter.ts";
import { ownText } from "../../base/own-text.ts";
import type { Listener } from "../../transport/flow.ts";
import { type Hop, hopKey, type ResolvedAddress } from "../../transport/locator.ts";
import type { WatchSettings } from "../site.ts";
import { Realms } from "./disclosure.ts";
import { Forcing, type Pin } from "./forcing.ts";
import { History } from "./history.ts";
import { Peer } from "./peer.ts";
import type { PeerParts, PeerRole, Watched } from "./peer-parts.ts";
import type { PeerStateName } from "./peer-state.ts";

/** As they are told, by this version or another one. */
const STATES: readonly PeerStateName[] = ["up", "suspect", "down", "recovering"];
/** What a member of a cluster tells the others ten times a second. */
const UP_MAX = 32;
/** Domains watched at once, where the file names no upstream. */
const DOMAINS_MAX = 32;

/** A domain that was down before a restart. */
interface Remembered {
  readonly since_ms: number;
  /** Until when that is believed. */
  readonly until_ms: number;
}

/** A peer, and the addresses by which it is reached. */
export interface LocatedPeer {
  readonly role: PeerRole;
  /** As logs name it. */
  readonly peer: string;
  readonly to: readonly ResolvedAddress[];
  readonly answersProbes: boolean;
}

export class Peers implements Table {
  /** How often the domain that was called longest ago had to make room. */
  hits = 0;
  readonly limit = DOMAINS_MAX;
  readonly history = new History();
  /** Which state upstream is forced into. */
  readonly forcing: Forcing;
  /** In which gateways want passwords. */
  readonly realms = new Realms();
  private readonly parts: PeerParts;
  private readonly named = { upstream: new Map<string, Peer>(), gateway: new Map<string, Peer>() };
  private readonly domains = new Map<string, Peer>();
  /** Domains that no phone has named since a restart, by their names. */
  private readonly remembered = new BoundedMap<string, Remembered>(DOMAINS_MAX);

  constructor(parts: PeerParts) {
    this.parts = parts;
    this.forcing = new Forcing(parts, (now_ms) => this.applyPin(now_ms));
  }

  /** The peers that a file names; those of this role that it names no longer are forgotten. */
  name(role: PeerRole, watched: readonly Watched[]): readonly Peer[] {
    const before = this.named[role];
    const now = new Map(
      watched.map((one) => {
        const key = hopKey(one.hop);
        return [key, this.take(before.get(key), role, one)];
      }),
    );
    for (const [key, peer] of before) if (!now.has(key)) peer.stop();
    this.named[role] = now;
    if (role === "upstream" && watched.length > 0) this.forgetDomains();
    return [...now.values()];
  }

  /** The upstream target of a request that names its own. */
  domain(settings: WatchSettings, hop: Hop, now_ms: number): Peer {
    const key = hopKey(hop);
    const known = this.domains.get(key);
    if (known === undefined && this.domains.size >= DOMAINS_MAX) this.forgetLeastUsed();
    // A new one outlives the request that names it.
    const watched = known === undefined ? { ...hop, host: ownText(hop.host) } : hop;
    const peer = this.take(known, "upstream", { hop: watched, settings });
    if (known === undefined) {
      this.domains.set(ownText(key), peer);
      this.recall(peer, now_ms);
    }
    peer.force(this.pin, now_ms);
    peer.start(now_ms);
    peer.used_ms = now_ms;
    return peer;
  }

  get size(): number {
    return this.domains.size;
  }

  /** The domain of this key, if it is watched. */
  domainOf(key: string): Peer | undefined {
    return this.domains.get(key);
  }

  get watchedDomains(): IterableIterator<Peer> {
    return this.domains.values();
  }

  /** @param filePin what the file says of upstream, where no command says otherwise */
  start(filePin: Pin, now_ms: number): void {
    this.forcing.takeFile(filePin, now_ms);
    for (const peer of this.all()) peer.start(now_ms);
  }

  stop(): void {
    this.forcing.stop();
    for (const peer of this.all()) peer.stop();
  }

  /** Pins upstream's state, whatever is seen of it; see {@link Forcing.command}. */
  force(pin: Pin, now_ms: number, for_ms?: number): void {
    this.forcing.command(pin, now_ms, for_ms);
  }

  /** An address of ours is gone: what was reached from there is down. */
  onGone(listener: Listener, now_ms: number): void {
    for (const peer of this.all()) if (peer.places.isReachedFrom(listener)) peer.onOwnAddress(false, now_ms);
  }

  /** An address of ours is here, and perhaps a way to each peer. */
  onHere(now_ms: number): void {
    for (const peer of this.all()) peer.onOwnAddress(true, now_ms);
  }

  /** Our own line may be back: those that are down are asked at once. */
  onLineBack(now_ms: number): void {
    for (const peer of this.all()) if (!peer.lives && !peer.isCut) peer.onOwnAddress(true, now_ms);
  }

  /** Another member of a cluster has those of these names as up. */
  onUpElsewhere(names: readonly string[], now_ms: number): void {
    for (const peer of this.all()) {
      if (!peer.isUp && names.includes(peer.name)) peer.see("up at another member", now_ms);
    }
  }

  /** The names of those that are seen as up, upstream's first; of a great number the first ones. */
  get up(): readonly string[] {
    const names: string[] = [];
    for (const { isUp, name } of this.all()) {
      if (names.length === UP_MAX) break;
      if (isUp) names.push(name);
    }
    return names;
  }

  /** None of our addresses is on the way to the upstream target of this name, and one that the file names isn't here. */
  onWayMissing(name: string, now_ms: number): void {
    for (const peer of this.upstream) if (peer.name === name && peer.lives) peer.see("own address missing", now_ms);
  }

  /** Every upstream target, of the file or of a phone's request. */
  get upstream(): readonly Peer[] {
    return [...this.named.upstream.values(), ...this.domains.values()];
  }

  /**
   * The upstream target of this name was down before a restart. A domain is known again once a phone names it.
   * @param until_ms until when that is believed, where nothing else has been seen
   */
  restoreDown(name: string, since_ms: number, until_ms: number, now_ms: number): void {
    this.remembered.set(name, { since_ms, until_ms });
    for (const peer of this.upstream) if (peer.name === name) this.recall(peer, now_ms);
  }

  private recall(peer: Peer, now_ms: number): void {
    const past = this.remembered.get(peer.name);
    this.remembered.delete(peer.name);
    if (past !== undefined && now_ms <= past.until_ms) peer.restoreDown(past.since_ms, now_ms);
  }

  /** Those that the file names. */
  get ofFile(): readonly Peer[] {
    return [...this.named.upstream.values(), ...this.named.gateway.values()];
  }

  /** Where each of them is, as far as that is known, and whether it has answered its last probe. */
  get located(): readonly LocatedPeer[] {
    return [...this.all()].map(({ role, name, places, answersProbes }) => {
      return { role, peer: name, to: places.reached, answersProbes };
    });
  }

  /** Pins one peer to what another process has seen of it. */
  assume(role: PeerRole, name: string, state: string, now_ms: number): void {
    const known = STATES.find((one) => one === state) ?? "up";
    for (const peer of this.named[role].values()) if (peer.name === name) peer.force(known, now_ms);
  }

  /** Takes what another process has found out about an upstream target's addresses. */
  assumeAddresses(name: string, addresses: readonly string[]): void {
    for (const peer of this.named.upstream.values()) if (peer.name === name) peer.places.assume(addresses);
  }

  /** What upstream's state is pinned to now. */
  get pin(): Pin {
    return this.forcing.pin;
  }

  private applyPin(now_ms: number): void {
    for (const peer of this.upstream) peer.force(this.pin, now_ms);
  }

  private take(known: Peer | undefined, role: PeerRole, watched: Watched): Peer {
    if (known === undefined) return new Peer(this.parts, this.history, role, watched);
    known.takeSettings(watched.settings);
    return known;
  }

  private *all(): IterableIterator<Peer> {
    for (const peers of [this.named.upstream, this.named.gateway, this.domains]) yield* peers.values();
  }

  private forgetDomains(): void {
    for (const peer of this.domains.values()) peer.stop();
    this.domains.clear();
  }

  private forgetLeastUsed(): void {
    let least: [string, Peer] | undefined;
    for (const entry of this.domains) if (least === undefined || isWorthLess(entry[1], least[1])) least = entry;
    if (least === undefined) return;
    this.hits += 1;
    least[1].stop();
    this.domains.delete(least[0]);
  }
}

/** Anybody can invent domains: those where nobody has ever answered go first. */
function isWorthLess(a: Peer, b: Peer): boolean {
  return a.hasLived === b.hasLived ? a.used_ms < b.used_ms : b.hasLived;
}
