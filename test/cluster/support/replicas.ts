/**
 * Replicas of two to five members in virtual time: datagrams are late, lost, or stopped by a cut; members die and come back. Their beats
 * are played: another member that can be heard is alive 100 ms later, one that can't be heard is dead after 400 ms.
 */
import { Timers } from "../../../src/base/timers.ts";
import type { Json, Part } from "../../../src/cluster/ports.ts";
import { Replica } from "../../../src/cluster/replica.ts";
import { mulberry32, Simulation } from "../../support/simulation.ts";

export interface NetOptions {
  readonly delay_ms?: number;
  readonly jitter_ms?: number;
  /** Share of datagrams lost, 0 to 1. */
  readonly loss?: number;
  /** Longer datagrams are lost, all of them. */
  readonly longest_octets?: number;
  readonly seed?: number;
  readonly limit?: number;
  readonly charactersLimit?: number;
}

/** What an owner has heard. */
export interface Heard {
  readonly key: string;
  readonly value: Json | undefined;
  readonly left_ms: number;
  readonly from: string;
  readonly at_ms: number;
}

export interface Datagram {
  readonly at_ms: number;
  readonly from: string;
  readonly to: string;
  readonly parts: readonly Part[];
  readonly octets: number;
}

const BEAT_ms = 100;
const DEAD_ms = 400;
const PLENTY = 100_000;

/** A member between two starts. */
export class Seat {
  readonly name: string;
  readonly timers = new Timers();
  readonly replica: Replica;
  readonly heard: Heard[] = [];
  /** What its owner would have: own changes, and those that it has heard of. */
  readonly owned = new Map<string, Json>();
  /** What it has put since its start. */
  readonly own = new Set<Json | undefined>();
  readonly dropped: string[] = [];
  readonly live = new Set<string>();
  synced: { at_ms: number; witness: string | undefined } | undefined = undefined;
  private readonly net: ReplicaNet;

  constructor(name: string, others: readonly string[], net: ReplicaNet, options: NetOptions) {
    this.name = name;
    this.net = net;
    this.replica = new Replica({
      name,
      others,
      limit: options.limit ?? PLENTY,
      charactersLimit: options.charactersLimit ?? PLENTY * 1_000,
      speaker: {
        tell: (member, parts) => net.send(this, member, parts),
        tellAll: (parts) => {
          for (const member of this.live) net.send(this, member, parts);
        },
      },
      timers: this.timers,
      random: { token: (length) => net.token(length) },
      meter: { count: (reason) => this.dropped.push(reason) },
      onSynced: (at_ms, witness) => {
        this.synced = { at_ms, witness };
      },
    });
    this.replica.own("aor", {
      apply: (key, value, left_ms, from, at_ms) => {
        this.heard.push({ key, value, left_ms, from, at_ms });
        if (value === undefined) this.owned.delete(key);
        else this.owned.set(key, value);
      },
    });
  }

  put(key: string, value: Json, left_ms = 3_600_000): boolean {
    const isPut = this.replica.put(key, value, left_ms, this.net.now_ms);
    if (isPut) this.owned.set(key, value);
    this.own.add(value);
    return isPut;
  }

  remove(key: string): void {
    this.replica.remove(key, this.net.now_ms);
    this.owned.delete(key);
  }

  get(key: string): Json | undefined {
    return this.replica.get(key, this.net.now_ms);
  }
}

export class ReplicaNet {
  readonly sent: Datagram[] = [];
  loss: number;
  private readonly simulation = new Simulation();
  private readonly names: readonly string[];
  private readonly seats = new Map<string, Seat>();
  private readonly cuts = new Set<string>();
  private readonly options: NetOptions;
  private readonly random: () => number;

  constructor(names: readonly string[], options: NetOptions = {}) {
    this.names = names;
    this.options = options;
    this.loss = options.loss ?? 0;
    this.random = mulberry32(options.seed ?? 1);
  }

  get now_ms(): number {
    return this.simulation.now_ms;
  }

  /** From 0 up to, but not, `most`. */
  below(most: number): number {
    return Math.floor(this.random() * most);
  }

  token(length: number): string {
    return Array.from({ length }, () => this.below(36).toString(36)).join("");
  }

  seat(name: string): Seat {
    const seat = this.seats.get(name);
    if (seat === undefined) throw new Error(`${name} isn't up`);
    return seat;
  }

  get up(): Seat[] {
    return [...this.seats.values()];
  }

  /** @param load what is done between the making of the replica and its start */
  start(name: string, load: (seat: Seat) => void = () => {}): Seat {
    const others = this.names.filter((other) => other !== name);
    const seat = new Seat(name, others, this, this.options);
    this.seats.set(name, seat);
    this.simulation.drive(seat.timers);
    load(seat);
    seat.replica.start(this.now_ms);
    for (const other of others) this.meet(name, other);
    return seat;
  }

  startAll(): void {
    for (const name of this.names) this.start(name);
  }

  kill(name: string): void {
    this.simulation.release(this.seat(name).timers);
    this.seats.delete(name);
    for (const other of this.names) this.part(name, other);
  }

  /** Neither hears the other from now on. */
  cut(one: string, other: string): void {
    this.cuts.add(pair(one, other));
    this.part(one, other);
  }

  heal(one: string, other: string): void {
    this.cuts.delete(pair(one, other));
    this.meet(one, other);
  }

  healAll(): void {
    for (const one of this.names) for (const other of this.names) if (one < other) this.heal(one, other);
  }

  run(duration_ms: number): void {
    this.simulation.run(duration_ms);
  }

  after(delay_ms: number, run: () => void): void {
    this.simulation.after(delay_ms, run);
  }

  send(from: Seat, to: string, parts: readonly Part[]): void {
    const wire = JSON.stringify(parts);
    if (this.seats.get(from.name) !== from) return; // it has died meanwhile
    this.sent.push({ at_ms: this.now_ms, from: from.name, to, parts, octets: wire.length });
    const isLong = wire.length > (this.options.longest_octets ?? Number.POSITIVE_INFINITY);
    if (isLong || !this.isHeard(from.name, to) || this.random() < this.loss) return;
    const { delay_ms = 1, jitter_ms = 0 } = this.options;
    const receiver = this.seats.get(to);
    this.after(delay_ms + this.random() * jitter_ms, () => {
      if (receiver === undefined || this.seats.get(to) !== receiver) return;
      for (const part of JSON.parse(wire) as Part[]) receiver.replica.take(from.name, part, this.now_ms);
    });
  }

  private isHeard(one: string, other: string): boolean {
    return this.seats.has(one) && this.seats.has(other) && !this.cuts.has(pair(one, other));
  }

  /** Each hears the other within a beat; one that was started anew within {@link DEAD_ms} is another one to the other. */
  private meet(one: string, other: string): void {
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      const seat = this.seats.get(here);
      const heard = this.seats.get(there);
      this.after(this.below(BEAT_ms), () => {
        if (seat === undefined || heard === undefined || !this.isHeard(here, there)) return;
        if (this.seats.get(here) !== seat || this.seats.get(there) !== heard) return;
        seat.live.add(there);
        seat.replica.onAlive(there, this.now_ms);
      });
    }
  }

  private part(one: string, other: string): void {
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      const seat = this.seats.get(here);
      this.after(DEAD_ms, () => {
        if (seat === undefined || this.isHeard(here, there)) return;
        if (seat.live.delete(there)) seat.replica.onDead(there, this.now_ms);
      });
    }
  }
}

function pair(one: string, other: string): string {
  return [one, other].sort().join(" ");
}

/** A binding as a phone has it, about 300 characters. */
export function bindingOf(user: string, cseq = 1): Json {
  return {
    relay: false,
    bindings: [
      {
        contact: `sip:${user}@10.222.237.21:5060;line=k3f9a2`,
        parameters: ";expires=3600",
        instance: `<urn:uuid:00000000-0000-1000-8000-000a${user.padStart(8, "0")}>`,
        listener: "udp 10.222.237.1:5060",
        address: "10.222.237.21",
        port: 5060,
        callId: `7a1f3b6c-${user}@10.222.237.21`,
        cseq,
        accepted: true,
      },
    ],
  };
}

export function aor(user: string | number): string {
  return `aor ${user}@pbx.example.com`;
}
