/**
 * What is known of the peers of the file and costs time to find out again: the addresses of their names, since DNS may be dead after a
 * restart, that upstream keeps the Path of REGISTERs, and that upstream is down, so that no call waits to find that out again.
 */
import { ipVersion } from "../base/ip-range.ts";
import { PROTOCOLS } from "../transport/flow.ts";
import { hopKey, type ResolvedAddress } from "../transport/locator.ts";
import type { Names } from "../transport/names.ts";
import type { Peer } from "./peers/peer.ts";
import type { Peers } from "./peers/peers.ts";
import type { PathWatch } from "./phones/path-watch.ts";

/** As {@link PeerMemory} saves it: of one peer. */
export interface SavedPeer {
  /** As logs name it. */
  readonly name: string;
  /** Its requests have come down a Path. */
  readonly path: boolean;
  /** Of its name, the best first; none where the file has it by address. */
  readonly addresses: readonly ResolvedAddress[];
  /** Upstream: how long it had been down; undefined: it wasn't. */
  readonly down_ms?: number | undefined;
}

/** Peers in one file, and addresses of one. */
const PEERS_MAX = 64;
const ADDRESSES_MAX = 16;
const PORT_MAX = 65_535;
/** That upstream is down is believed after a restart when it was saved so lately: twice the default of state.interval. */
const DOWN_LIFETIME_ms = 10 * 60_000;
/** No outage that a file tells of has lasted longer. */
const DOWN_MAX_ms = 10 * 365 * 86_400_000;
/** Each fall of a line that flaps is no news: early writes are for new phones. */
const FALL_NEWS_ms = 60 * 60_000;

export class PeerMemory {
  /** Called when something has become known that a restart must not lose; no news: it has been known before. */
  onChange: (isNews: boolean) => void = () => {};
  private readonly peers: Peers;
  private readonly pathWatch: PathWatch;
  private readonly names: Names;
  private fallTold_ms = Number.NEGATIVE_INFINITY;

  constructor(peers: Peers, pathWatch: PathWatch, names: Names) {
    this.peers = peers;
    this.pathWatch = pathWatch;
    this.names = names;
    peers.history.onTurn = (role, _name, isDown, now_ms) => {
      if (role === "upstream") this.turned(isDown, now_ms);
    };
    pathWatch.onUse = (isNews) => this.onChange(isNews);
    names.onMoved = (target, before, now_ms) => {
      for (const peer of peers.ofFile) if (hopKey(peer.hop) === hopKey(target)) this.moved(peer, before, now_ms);
    };
  }

  /** Whether upstream, or a part of it, is down: worth a write at the end, since only what is saved lately is believed. */
  get knowsOutage(): boolean {
    return this.peers.upstream.some((peer) => peer.downSince_ms !== undefined);
  }

  save(now_ms: number): SavedPeer[] {
    const { ofFile } = this.peers;
    const domains = this.peers.upstream.filter((peer) => !ofFile.includes(peer) && peer.downSince_ms !== undefined);
    return [...ofFile, ...domains].slice(0, PEERS_MAX).map((peer) => {
      const addresses = this.names.addressesOf(peer.hop).slice(0, ADDRESSES_MAX);
      const since_ms = peer.role === "upstream" ? peer.downSince_ms : undefined;
      const down_ms = since_ms === undefined ? undefined : Math.round(now_ms - since_ms);
      return { name: peer.name, path: this.pathWatch.isUsedBy(peer), addresses, down_ms };
    });
  }

  /**
   * Takes what has been saved; a peer that the file names no longer is left out.
   * @param saved from a file, so that anything may be in it
   * @param age_ms how long ago it was saved, by the router's clock; negative: the clock has been set back since, and nobody knows
   */
  restore(saved: readonly unknown[], age_ms: number, now_ms: number): void {
    const left_ms = age_ms < 0 ? -1 : DOWN_LIFETIME_ms - age_ms;
    for (const { name, path, addresses, down_ms } of saved.slice(0, PEERS_MAX).flatMap(readPeer)) {
      for (const peer of this.peers.ofFile) {
        if (peer.name !== name) continue;
        if (path) this.pathWatch.restore(peer);
        // The file may ask for another transport by now: what was reached by UDP isn't taken for TLS.
        const fitting = addresses.filter(({ protocol }) => protocol === (peer.hop.protocol ?? protocol));
        if (fitting.length > 0 && ipVersion(peer.hop.host) === 0) this.names.assume(peer.hop, fitting);
      }
      if (down_ms === undefined || left_ms < 0) continue;
      this.peers.restoreDown(name, now_ms - age_ms - down_ms, now_ms + left_ms, now_ms);
    }
  }

  private turned(isDown: boolean, now_ms: number): void {
    const isNews = isDown && now_ms - this.fallTold_ms >= FALL_NEWS_ms;
    if (isNews) this.fallTold_ms = now_ms;
    this.onChange(isNews);
  }

  /** A name may turn through its addresses with each answer of DNS: each of them is news once. */
  private moved(peer: Peer, before: readonly ResolvedAddress[], now_ms: number): void {
    const known = before.length === 0 ? [] : peer.places.every;
    const isNews = this.names.addressesOf(peer.hop).some(({ address }) => !known.includes(address));
    peer.look(now_ms);
    this.onChange(isNews);
  }
}

function readPeer(data: unknown): SavedPeer[] {
  const { name, path, addresses, down_ms: down } = Object(data) as Partial<SavedPeer>;
  if (typeof name !== "string" || !Array.isArray(addresses)) return [];
  const down_ms = typeof down === "number" && down >= 0 && down < DOWN_MAX_ms ? down : undefined;
  return [{ name, path: path === true, addresses: addresses.slice(0, ADDRESSES_MAX).filter(isPlace), down_ms }];
}

function isPlace(data: unknown): data is ResolvedAddress {
  const { address, port, protocol } = Object(data) as Partial<Record<string, unknown>>;
  const isKnown = typeof address === "string" && PROTOCOLS.some((one) => one === protocol);
  return (
    isKnown &&
    ipVersion(address) !== 0 &&
    Number.isInteger(port) &&
    (port as number) > 0 &&
    (port as number) <= PORT_MAX
  );
}
