/**
 * Looks again and again from which local address the kernel would send to upstream and to each gateway: where that is none of `listen`,
 * answers get lost, unless somebody has a route to the address that requests do leave from.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import type { Logger } from "../base/ports.ts";
import type { LocatedPeer } from "../policy/peers/peers.ts";
import { hasLostRoute, missingWays, type Way, wayKey } from "../policy/peers/ways.ts";
import type { MissingWay } from "../policy/status.ts";
import type { OwnListener } from "../transport/own-listener.ts";
import type { RouterHost } from "./host.ts";

/** How long a look serves, while our own addresses stay. */
const LOOK_ms = 30_000;
/** Ways that have proved good all the same. */
const PROVEN_MAX = 128;

type Ports = Pick<RouterHost, "findSource" | "readAddresses" | "now_ms"> & { readonly log: Logger };

export class WayWatch {
  /** Those that are missing, by the last look. */
  missing: readonly MissingWay[] = [];
  private readonly host: Ports;
  private readonly listeners: readonly OwnListener[];
  private readonly located: () => readonly LocatedPeer[];
  private readonly onCut: (peer: string) => void;
  private readonly proven = new BoundedMap<string, true>(PROVEN_MAX);
  private nextLook_ms = Number.NEGATIVE_INFINITY;
  private lastHomes = "";
  private isBusy = false;

  /**
   * @param located the peers as they are now
   * @param onCut hears at each look of an upstream target to which no way is left, since an address of `listen` isn't here
   */
  constructor(
    host: Ports,
    listeners: readonly OwnListener[],
    located: () => readonly LocatedPeer[],
    onCut: (peer: string) => void,
  ) {
    this.host = host;
    this.listeners = listeners;
    this.located = located;
    this.onCut = onCut;
  }

  /** Another file may have other peers: the next look is due at once. */
  expire(): void {
    this.nextLook_ms = Number.NEGATIVE_INFINITY;
  }

  /** Asks the kernel, when the last look is old or our addresses have changed, and logs what has changed. */
  async look(): Promise<void> {
    const { host, listeners } = this;
    const now_ms = host.now_ms();
    const homes = listeners.map(({ address, isAway }) => (isAway === true ? "" : address)).join();
    if (this.isBusy || (now_ms < this.nextLook_ms && homes === this.lastHomes)) return;
    this.isBusy = true;
    this.lastHomes = homes;
    this.nextLook_ms = now_ms + LOOK_ms;
    const peers = this.located();
    const ways = await Promise.all(
      peers.flatMap(({ role, peer, to }) =>
        to.map(async (one): Promise<Way> => ({ role, peer, to: one, source: await host.findSource(one.address) })),
      ),
    );
    this.isBusy = false;
    const found = missingWays(listeners, ways, host.readAddresses());
    // What answers has a route back: an outage later on isn't for want of a listen address.
    for (const { role, peer, to, answersProbes } of peers) {
      const own = found.filter((way) => way.role === role && way.peer === peer);
      // Of several addresses one that is well reached may be the one that answers.
      if (answersProbes && own.length === to.length) for (const way of own) this.proven.set(wayKey(way), true);
    }
    this.take(found.filter((way) => this.proven.get(wayKey(way)) === undefined));
    for (const { role, peer, to } of peers) {
      const lost = this.missing.filter((way) => way.role === role && way.peer === peer && way.away !== null);
      const unrouted = ways.filter((way) => way.role === role && way.peer === peer && hasLostRoute(listeners, way));
      if (role === "upstream" && to.length > 0 && lost.length + unrouted.length === to.length) this.onCut(peer);
    }
  }

  private take(now: readonly MissingWay[]): void {
    const before = this.missing;
    this.missing = now;
    for (const way of now) {
      if (before.some((one) => wayKey(one) === wayKey(way))) continue;
      const { role, peer, address, source, sends_from, cure } = way;
      this.host.log.warn("way_missing", { [role]: peer, address, source, sends_from: sends_from ?? undefined, cure });
    }
    for (const { role, peer, address } of before) {
      const isMissing = now.some((one) => one.role === role && one.peer === peer && one.address === address);
      if (!isMissing) this.host.log.info("way_found", { [role]: peer, address });
    }
  }
}
