/** What the log tells of handshakes that have failed, and how often. */
import { performance } from "perf_hooks";
import { BoundedMap } from "../../base/bounded-map.ts";
import type { Logger } from "../../base/ports.ts";
import { handshakeFault } from "./tls-faults.ts";

/** Limits on tls_failed: the interval for one reason, reasons for one peer, and peers. */
const COMPLAINT_INTERVAL_ms = 60_000;
const REASONS_MAX = 4;
const COMPLAINTS_MAX = 256;

interface Told {
  readonly since_ms: number;
  readonly reasons: Set<string>;
}

export class Complaints {
  private readonly log: Logger;
  private readonly peers = new BoundedMap<string, Told>(COMPLAINTS_MAX);

  constructor(log: Logger) {
    this.log = log;
  }

  /** An operator must see it: no other sign tells a bad certificate from a dead peer. */
  add(peer: string, name: string | undefined, error: Error): void {
    const why = handshakeFault(error);
    if (why === undefined) return;
    const now_ms = performance.now();
    let told = this.peers.get(peer);
    if (told === undefined || now_ms - told.since_ms >= COMPLAINT_INTERVAL_ms) {
      told = { since_ms: now_ms, reasons: new Set() };
      this.peers.set(peer, told);
    }
    const { reasons } = told;
    if (reasons.has(why) || reasons.size >= REASONS_MAX) return;
    reasons.add(why);
    this.log.warn("tls_failed", { peer, name, why });
  }
}
