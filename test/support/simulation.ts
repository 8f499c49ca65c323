/** Virtual time and a network in it: nothing waits, everything is exact, and chance comes from a seed. */
import type { Timers } from "../../src/base/timers.ts";
import type { Protocol } from "../../src/transport/flow.ts";

/** What the network may do to datagrams; the same seed does the same again. */
export interface NetworkOptions {
  readonly latency_ms?: number;
  readonly jitter_ms?: number;
  /** Share of datagrams lost, 0 to 1. */
  readonly loss?: number;
  readonly duplication?: number;
  readonly seed?: number;
}

export interface Endpoint {
  onDatagram(wire: string, from: Address): void;
}

export interface Address {
  readonly address: string;
  readonly port: number;
  /** Datagrams when there is none. Streams lose nothing, and keep their order where jitter is 0. */
  readonly protocol?: Protocol;
}

/** A datagram on its way, for the ladder. */
export interface Sighting {
  readonly at_ms: number;
  readonly from: Address;
  readonly to: Address;
  readonly wire: string;
  readonly fate: "delivered" | "lost" | "refused";
}

interface Planned {
  readonly at_ms: number;
  readonly order: number;
  readonly run: () => void;
}

export class Simulation {
  now_ms = 0;
  readonly sightings: Sighting[] = [];
  private readonly planned: Planned[] = [];
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly silent = new Set<string>();
  private readonly timerSets: Timers[] = [];
  private readonly options: Required<NetworkOptions>;
  private readonly random: () => number;
  private order = 0;

  constructor(options: NetworkOptions = {}) {
    this.options = { latency_ms: 5, jitter_ms: 0, loss: 0, duplication: 0, seed: 1, ...options };
    this.random = mulberry32(this.options.seed);
  }

  attach(at: Address, endpoint: Endpoint): void {
    this.endpoints.set(key(at), endpoint);
  }

  /** Its host says ICMP port unreachable from now on. */
  detach(at: Address): void {
    this.endpoints.delete(key(at));
  }

  /** Whether somebody listens there, or keeps a connection open. */
  isOpen(at: Address): boolean {
    return this.endpoints.has(key(at));
  }

  /** Datagrams to and from `at` vanish from now on. */
  silence(at: Address, isSilent = true): void {
    if (isSilent) this.silent.add(key(at));
    else this.silent.delete(key(at));
  }

  /** These timers run in this simulation's time. */
  drive(timers: Timers): void {
    this.timerSets.push(timers);
  }

  /** Their owner is gone, or hangs: they don't run until they are driven again. */
  release(timers: Timers): void {
    const index = this.timerSets.indexOf(timers);
    if (index >= 0) this.timerSets.splice(index, 1);
  }

  /** Plans something `delay_ms` from now. */
  after(delay_ms: number, run: () => void): void {
    this.order += 1;
    this.planned.push({ at_ms: this.now_ms + delay_ms, order: this.order, run });
  }

  /** @param onRefused told when nobody listens there */
  send(from: Address, to: Address, wire: string, onRefused: () => void = () => {}): void {
    const { latency_ms, jitter_ms, loss, duplication } = this.options;
    const isStream = to.protocol !== undefined && to.protocol !== "udp";
    const isCut = this.silent.has(key(from)) || this.silent.has(key(to));
    const isLost = isCut || (!isStream && this.random() < loss);
    const isOpen = this.endpoints.has(key(to));
    const fate = isLost ? "lost" : isOpen ? "delivered" : "refused";
    this.sightings.push({ at_ms: this.now_ms, from, to, wire, fate });
    if (isLost) return;
    const copies = !isStream && this.random() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const delay_ms = latency_ms + Math.floor(this.random() * (jitter_ms + 1));
      if (isOpen) this.after(delay_ms, () => this.endpoints.get(key(to))?.onDatagram(wire, from));
      else this.after(delay_ms * 2, onRefused);
    }
  }

  /** Lives through `duration_ms`. */
  run(duration_ms: number): void {
    const end_ms = this.now_ms + duration_ms;
    for (;;) {
      const event = this.earliestPlanned();
      const timers = this.earliestTimers();
      const deadline_ms = timers?.nextDeadline_ms() ?? Number.POSITIVE_INFINITY;
      const next_ms = Math.min(event?.at_ms ?? Number.POSITIVE_INFINITY, deadline_ms);
      if (next_ms > end_ms) break;
      this.now_ms = Math.max(this.now_ms, next_ms);
      if (event !== undefined && event.at_ms <= deadline_ms) {
        this.planned.splice(this.planned.indexOf(event), 1);
        event.run();
      } else {
        timers?.run(this.now_ms);
      }
    }
    this.now_ms = end_ms;
  }

  private earliestPlanned(): Planned | undefined {
    let earliest: Planned | undefined;
    for (const event of this.planned) {
      const isEarlier =
        earliest === undefined ||
        event.at_ms < earliest.at_ms ||
        (event.at_ms === earliest.at_ms && event.order < earliest.order);
      if (isEarlier) earliest = event;
    }
    return earliest;
  }

  private earliestTimers(): Timers | undefined {
    let earliest: Timers | undefined;
    let earliest_ms = Number.POSITIVE_INFINITY;
    for (const timers of this.timerSets) {
      const deadline_ms = timers.nextDeadline_ms() ?? Number.POSITIVE_INFINITY;
      if (deadline_ms < earliest_ms) {
        earliest = timers;
        earliest_ms = deadline_ms;
      }
    }
    return earliest;
  }
}

function key({ address, port, protocol = "udp" }: Address): string {
  return protocol === "udp" ? `${address} ${port}` : `${address} ${port} ${protocol}`;
}

/** A small generator of repeatable chance (0 to 1). */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
