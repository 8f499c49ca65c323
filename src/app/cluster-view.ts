/** What a member of a pair sees from where it stands, and tells the other one with each beat. */
import { isLoopback } from "../base/ip-range.ts";
import type { OwnFacts } from "../cluster/member-facts.ts";
import type { Peers } from "../policy/peers/peers.ts";
import type { Listener } from "../transport/flow.ts";
import type { Interfaces, OwnListener } from "../transport/own-listener.ts";

export class ClusterView {
  private readonly peers: Peers;
  private readonly shared: readonly OwnListener[];
  private readonly own: readonly OwnListener[];
  private readonly wallClock_ms: (() => number) | undefined;
  /** Whether upstream answers probes, and since when. */
  private upstream: { readonly answers: boolean; readonly since_ms: number } | undefined = undefined;

  /**
   * @param shared the listeners at shared addresses
   * @param own the other ones
   * @param wallClock_ms milliseconds since 1970, as far as the router knows
   */
  constructor(peers: Peers, shared: readonly OwnListener[], own: readonly OwnListener[], wallClock_ms?: () => number) {
    this.peers = peers;
    this.shared = shared;
    this.own = own;
    this.wallClock_ms = wallClock_ms;
  }

  isShared(listener: Listener): boolean {
    return this.shared.some((one) => one === listener);
  }

  /** @param interfaces undefined: nothing tells @returns the listeners whose shared addresses were away, and have come */
  find(interfaces: Interfaces | undefined): readonly OwnListener[] {
    if (interfaces === undefined) return [];
    const found = this.shared.filter((one) => one.isAway && !isLoopback(one.settings.at) && one.isAmong(interfaces));
    for (const listener of found) listener.isAway = false;
    return found;
  }

  /** Whether there are addresses that move from one member to another. */
  get isSharing(): boolean {
    return this.shared.length > 0;
  }

  /** Whether the kernel has all shared addresses here. */
  get hasAddress(): boolean {
    return this.shared.length > 0 && this.shared.every(({ isAway }) => !isAway);
  }

  /** Those that it has. */
  get addresses(): readonly string[] {
    return [...new Set(this.shared.filter(({ isAway }) => !isAway).map(({ settings }) => settings.at))];
  }

  facts(now_ms: number): OwnFacts {
    const hasAddress = this.shared.length === 0 ? undefined : this.hasAddress;
    return { upstream: this.upstreamFacts(now_ms), up: this.peers.up, hasAddress, clock_s: this.clock_s };
  }

  /** Seconds since 1970; undefined where the host has no idea. */
  get clock_s(): number | undefined {
    return this.wallClock_ms === undefined ? undefined : Math.round(this.wallClock_ms() / 1_000);
  }

  private upstreamFacts(now_ms: number): OwnFacts["upstream"] {
    const { upstream } = this.peers;
    const answers = upstream.some((peer) => peer.answersProbes);
    const isSilent = upstream.length > 0 && upstream.every((peer) => !peer.lives);
    if (!answers && (!isSilent || this.isBlind)) return undefined;
    if (this.upstream?.answers !== answers) this.upstream = { answers, since_ms: now_ms };
    return { answers, for_ms: Math.round(now_ms - this.upstream.since_ms) };
  }
  /** Upstream is reached from a shared address alone, and that one isn't here: whether upstream answers can't be seen. */
  private get isBlind(): boolean {
    const isWhole = this.own.every(({ isAway }) => !isAway);
    return isWhole && this.shared.length > 0 && !this.hasAddress && this.peers.upstream.every((peer) => peer.isCut);
  }
}
