/**
 * Which peers take long requests over TCP in place of UDP (RFC 3261 §18.1.1), and which have been found not to.
 *
 * A long request tries TCP with half a second's patience. A peer that refuses or ignores TCP is asked again after ten minutes, and the
 * call goes on by UDP. A target that names its transport is taken at its word.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import type { Flow, Listener } from "./flow.ts";

/** Above this a datagram may be cut into fragments on its way, which many a firewall drops. */
const DATAGRAM_MAX_BYTES = 1_300;
/** How long a peer that has refused TCP isn't asked again. */
const MEMORY_ms = 600_000;
const REMEMBERED = 256;

export class TcpReach {
  private readonly listeners: readonly Listener[];
  /** Peers without TCP, and until when that is believed. */
  private readonly without = new BoundedMap<string, number>(REMEMBERED);

  constructor(listeners: readonly Listener[]) {
    this.listeners = listeners.filter(({ protocol }) => protocol === "tcp");
  }

  /** For a message of this length the same way over TCP; undefined when UDP will do, or when we or the peer have no TCP. */
  inPlaceOf({ listener, address, port }: Flow, length_bytes: number, now_ms: number): Flow | undefined {
    if (length_bytes <= DATAGRAM_MAX_BYTES || this.listeners.length === 0) return undefined;
    if (listener.transport.isReliable || now_ms < (this.without.get(`${address} ${port}`) ?? 0)) return undefined;
    const own = this.listeners.find((one) => one.address === listener.address && one.isAway !== true);
    return own === undefined ? undefined : { listener: own, address, port, isTrial: true };
  }

  /** A trial has failed. */
  lacks({ address, port }: Flow, now_ms: number): void {
    this.without.set(`${address} ${port}`, now_ms + MEMORY_ms);
  }
}
