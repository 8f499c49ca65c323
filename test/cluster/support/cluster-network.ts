/**
 * Two to five members in virtual time, and a network between them that loses, delays, doubles and reorders, by a seed.
 *
 * Members boot, are killed without a word, hang and go on; pairs of them are cut from each other, in both directions or in one. What a
 * test is about is attached to each new member's cluster by `onBoot`, before it starts.
 */
import type { LogFields, Logger } from "../../../src/base/ports.ts";
import { Timers } from "../../../src/base/timers.ts";
import { Cluster } from "../../../src/cluster/cluster.ts";
import type { Membership } from "../../../src/cluster/membership.ts";
import type { Json, Part, Sign } from "../../../src/cluster/ports.ts";
import { hashOf, Rng } from "../../fuzz/rng.ts";
import { Simulation } from "../../support/simulation.ts";

export interface ClusterNetworkOptions {
  readonly names?: readonly string[];
  /** Of the network; the same seed does the same again. */
  readonly seed?: number;
  readonly latency_ms?: number;
  /** Above the interval between two datagrams it changes their order. */
  readonly jitter_ms?: number;
  /** Share of datagrams, 0 to 1. */
  readonly loss?: number;
  readonly doubling?: number;
  /** By member: what its file has other than the usual. */
  readonly settings?: (name: string) => Partial<Membership>;
  /** By member: the secret that signs, and the one that is believed besides. */
  readonly secrets?: (name: string) => readonly [string, ...string[]];
  /** Attaches and watches what the test is about. The member hasn't started yet. */
  readonly onBoot?: (member: SimulatedMember) => void;
  /** Virtual time that others share; a new one where there is none. */
  readonly simulation?: Simulation;
}

export interface LogLine {
  readonly at_ms: number;
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** A program that runs: a member that is started anew is another one. */
export interface SimulatedMember {
  readonly name: string;
  readonly cluster: Cluster;
  readonly timers: Timers;
  readonly lines: LogLine[];
  /** "alive r2", "dead r2", "state active" …, with the time of each. */
  readonly heard: { readonly at_ms: number; readonly what: string }[];
  /** False once it has been killed. */
  isUp: boolean;
}

export interface SentDatagram {
  readonly at_ms: number;
  readonly from: string;
  readonly to: string;
  readonly wire: string;
  /** The network has lost it, or the way was cut. */
  readonly isLost: boolean;
}

/** The other options are those of a network that does nothing to datagrams. */
const USUAL = { seed: 1, latency_ms: 1, jitter_ms: 0, loss: 0, doubling: 0 };

export class ClusterNetwork {
  readonly simulation: Simulation;
  readonly sent: SentDatagram[] = [];
  readonly names: readonly string[];
  private readonly options: ClusterNetworkOptions & typeof USUAL;
  private readonly rng: Rng;
  private readonly members = new Map<string, SimulatedMember>();
  private readonly cuts = new Set<string>();
  /** By member that hangs: what has arrived meanwhile. */
  private readonly hanging = new Map<string, string[]>();
  private loss: number;

  constructor(options: ClusterNetworkOptions = {}) {
    this.options = { ...USUAL, ...options };
    this.names = options.names ?? ["r1", "r2"];
    this.rng = new Rng(this.options.seed);
    this.loss = this.options.loss;
    this.simulation = options.simulation ?? new Simulation();
  }

  get now_ms(): number {
    return this.simulation.now_ms;
  }

  /** Lives through `duration_ms`. */
  run(duration_ms: number): void {
    this.simulation.run(duration_ms);
  }

  /** The process of that name that was started last. */
  member(name: string): SimulatedMember {
    const member = this.members.get(name);
    if (member === undefined) throw new Error(`${name} hasn't been booted`);
    return member;
  }

  cluster(name: string): Cluster {
    return this.member(name).cluster;
  }

  bootAll(): void {
    for (const name of this.names) this.boot(name);
  }

  /** A new process of this member: the one before, if it is up, is killed. */
  boot(name: string): SimulatedMember {
    this.kill(name);
    const member = this.make(name);
    this.members.set(name, member);
    this.simulation.drive(member.timers);
    this.options.onBoot?.(member);
    member.cluster.start(this.now_ms);
    return member;
  }

  /** Without a farewell, as by a power cut. */
  kill(name: string): void {
    const member = this.members.get(name);
    if (member === undefined) return;
    member.isUp = false;
    this.hanging.delete(name);
    this.simulation.release(member.timers);
  }

  /** The process does nothing until {@link resume}; datagrams to it wait in its socket. */
  hang(name: string): void {
    this.hanging.set(name, []);
    this.simulation.release(this.member(name).timers);
  }

  /** It goes on as Node does: timers that are due first, then what waits in its socket. */
  resume(name: string): void {
    const waiting = this.hanging.get(name) ?? [];
    const { timers } = this.member(name);
    this.hanging.delete(name);
    timers.run(this.now_ms);
    for (const wire of waiting) this.deliver(name, wire);
    this.simulation.drive(timers);
  }

  /** Datagrams from `from` to `to` vanish from now on; in one direction only. */
  cutWay(from: string, to: string): void {
    this.cuts.add(`${from} ${to}`);
  }

  cut(one: string, other: string): void {
    this.cutWay(one, other);
    this.cutWay(other, one);
  }

  /** All ways are open again. */
  heal(): void {
    this.cuts.clear();
  }

  /** Another share of datagrams is lost from now on. */
  lose(share: number): void {
    this.loss = share;
  }

  /** A datagram for `to`, as anybody could send it. */
  inject(to: string, wire: string): void {
    this.deliver(to, wire);
  }

  /** What the member has logged, as "warn cluster_member_dead". */
  logged(name: string): string[] {
    return this.member(name).lines.map(({ level, event }) => `${level} ${event}`);
  }

  private make(name: string): SimulatedMember {
    const timers = new Timers();
    const lines: LogLine[] = [];
    const rng = new Rng(hashOf(`${this.options.seed} ${name} ${this.now_ms} ${this.sent.length}`));
    const random = { token: (length: number) => rng.token(length), fraction: () => rng.below(1_000_000) / 1_000_000 };
    const [first, ...others] = this.options.secrets?.(name) ?? ["secret"];
    const cluster = new Cluster(
      {
        name,
        members: this.names.map((one) => ({ name: one })),
        version: "1.0.0",
        agreement: {},
        ...this.options.settings?.(name),
      },
      {
        send: (to, wire) => this.carry(member, to, wire),
        signs: [signBy(first), ...others.map(signBy)],
        random,
        log: this.logger(lines),
        timers,
        now_ms: () => this.now_ms,
      },
    );
    const member: SimulatedMember = { name, cluster, timers, lines, heard: [], isUp: true };
    const note = (what: string, at_ms: number) => void member.heard.push({ at_ms, what });
    cluster.watch({
      onAlive: (other, now_ms) => note(`alive ${other}`, now_ms),
      onDead: (other, now_ms) => note(`dead ${other}`, now_ms),
      onState: (state, now_ms) => note(`state ${state}`, now_ms),
      onUpstreamAt: (other, now_ms) => note(`upstream at ${other ?? "none"}`, now_ms),
    });
    return member;
  }

  private logger(lines: LogLine[]): Logger {
    const at = (level: string) => (event: string, fields: LogFields) =>
      void lines.push({ at_ms: this.now_ms, level, event, fields });
    return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
  }

  private carry(from: SimulatedMember, to: string, wire: string): void {
    if (!from.isUp) return;
    const isLost = this.cuts.has(`${from.name} ${to}`) || this.rng.chance(this.loss);
    this.sent.push({ at_ms: this.now_ms, from: from.name, to, wire, isLost });
    if (isLost) return;
    const { latency_ms, jitter_ms, doubling } = this.options;
    const copies = this.rng.chance(doubling) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.simulation.after(latency_ms + this.rng.below(jitter_ms + 1), () => this.deliver(to, wire));
    }
  }

  private deliver(to: string, wire: string): void {
    const member = this.members.get(to);
    if (member?.isUp !== true) return;
    const waiting = this.hanging.get(to);
    if (waiting !== undefined) waiting.push(wire);
    else member.cluster.receive(wire, this.now_ms);
  }
}

/** Stands for HMAC-SHA-256: 22 characters of base64url that depend on all of secret and text. No test here attacks the hash. */
export function signBy(secret: string): Sign {
  return (text) => {
    const first = hashOf(`${secret} ${text}`);
    const second = hashOf(`${text} ${secret} ${first}`);
    return `${first.toString(16).padStart(8, "0")}${second.toString(16).padStart(8, "0")}`.padEnd(22, "A");
  };
}

/** Takes parts of a kind and keeps them, as "r1: [kind, value]". */
export class Notebook {
  readonly parts: { readonly from: string; readonly part: Part }[] = [];

  take(from: string, part: Part): void {
    this.parts.push({ from, part });
  }

  /** The values, in the order in which they came. */
  get values(): Json[] {
    return this.parts.map(({ part }) => part[1]);
  }
}
