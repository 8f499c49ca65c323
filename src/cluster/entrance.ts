/**
 * The door of the cluster's port: what comes from elsewhere than the other members, and what proves nothing too often, is dropped before
 * it costs a hash.
 *
 * Behind it each datagram costs a hash over all of it, since both names stand in clear in each. So a sender that can forge a member's
 * address gets some hundreds a second; what fits the session that stands has a budget of its own, which the forger can't use
 * up without knowing both lives and what they have counted.
 */
import type { Logger } from "../base/ports.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { Drops } from "./drops.ts";
import { type DropReason, type Envelope, open } from "./envelope.ts";
import type { Sign } from "./ports.ts";
import type { Session } from "./session.ts";

/** Whence a datagram has come, by the kernel's word. */
export interface Source {
  /** An IP literal, IPv6 without brackets, perhaps with its interface. */
  readonly address: string;
  readonly port: number;
}

/** Where a member sends from; without an address, from anywhere. */
export interface Place {
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
}

/** Datagrams that prove nothing and are hashed all the same: a second, and at once after a rest. */
const FAILURES_PER_SECOND = 300;
const FAILURES_AT_ONCE = 600;

interface Parts {
  /** Our own name. */
  readonly name: string;
  readonly members: readonly Place[];
  readonly signs: readonly Sign[];
  readonly log: Logger;
  /** The session with a member; undefined: there is no such member. */
  readonly sessionOf: (member: string) => Session | undefined;
}

export class Entrance {
  private readonly parts: Parts;
  private readonly drops: Drops;
  /** By name, "ADDRESS PORT". */
  private readonly places = new Map<string, string>();
  private readonly known: ReadonlySet<string>;
  private readonly ofSession = new TokenBucket(FAILURES_PER_SECOND, FAILURES_AT_ONCE);
  private readonly ofStrangers = new TokenBucket(FAILURES_PER_SECOND, FAILURES_AT_ONCE);

  constructor(parts: Parts) {
    this.parts = parts;
    this.drops = new Drops(parts.log);
    for (const { name, address, port } of parts.members) {
      if (address !== undefined && name !== parts.name) this.places.set(name, `${address} ${port}`);
    }
    this.known = new Set(this.places.values());
  }

  /**
   * Reads a datagram, which may be anybody's. Never throws.
   * @param source undefined: nothing tells
   * @returns undefined where it is dropped; that is counted
   */
  read(wire: string, source: Source | undefined, now_ms: number): Envelope | undefined {
    const { name, signs, sessionOf } = this.parts;
    const place = source && `${source.address.split("%")[0]} ${source.port}`;
    if (place !== undefined && this.places.size > 0 && !this.known.has(place))
      return this.drop("other_address", now_ms);
    let bucket = this.ofStrangers;
    const read = open(wire, {
      name,
      signs,
      hasMember: (from) => sessionOf(from) !== undefined,
      beforeHash: (header) => {
        const { from } = header;
        if (place !== undefined && (this.places.get(from) ?? place) !== place) return "other_address";
        const session = sessionOf(from);
        if (session?.hasHad(header) === true) return "replayed";
        if (session?.expects(header) === true) bucket = this.ofSession;
        return bucket.has(now_ms) ? undefined : "too_many";
      },
    });
    if (typeof read !== "string") return read;
    if (read === "forged") bucket.take(now_ms);
    return this.drop(read, now_ms);
  }

  /** An authentic datagram that doesn't belong to its sender's session: those of earlier lives can be said again by anybody. */
  refuse(reason: DropReason, now_ms: number): void {
    this.ofStrangers.take(now_ms);
    this.drop(reason, now_ms);
  }

  /** What has been dropped, by reason. */
  get dropped(): Readonly<Record<DropReason, number>> {
    return this.drops.all();
  }

  private drop(reason: DropReason, now_ms: number): undefined {
    this.drops.count(reason, now_ms);
    return undefined;
  }
}
