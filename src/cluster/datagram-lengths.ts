/**
 * Which lengths of datagrams arrive at the other members. A tunnel with a small MTU, or a firewall that drops fragments, lets beats pass and
 * loses the long records and stories. So datagrams of some lengths are sent that ask for a short answer; a way may change, so again and again.
 */
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import { fieldsOf } from "./envelope.ts";
import type { Part, PartTaker, Speaker } from "./ports.ts";
import type { ClusterWatcher } from "./watcher.ts";

/** Asks whether a datagram of this length arrives. */
const LENGTH = "length";
/** Answers that it has. */
const ARRIVED = "arrived";
export const LENGTH_KINDS: readonly string[] = [LENGTH, ARRIVED];

/** As short as a beat: tells whether the member answers at all. One packet on all ways. As long as the longest ones that are sent. */
export const LENGTHS_octets: readonly number[] = [256, 1_200, 16_000];
/** What the envelope and the part have besides the filling; a few octets more or less change nothing. */
const AROUND_octets = 128;
const ASK_ms = 30_000;
/** Until one that wasn't answered is sent again. */
const AGAIN_ms = 1_000;
/** A way that carries them hardly ever loses this number of them in a row. */
const LOST = 5;

/** Whether datagrams of one length arrive; undefined: that isn't known. */
export interface LengthStatus {
  readonly octets: number;
  readonly arrives: boolean | undefined;
}

/** How datagrams of one length to one member have ended. */
interface Way {
  /** Since the last answer. */
  unanswered: number;
  wasAnswered: boolean;
}

interface LengthPorts {
  readonly speaker: Speaker;
  readonly timers: Timers;
  /** The members that live. */
  readonly live: () => readonly string[];
}

export class DatagramLengths implements PartTaker, ClusterWatcher, TimerOwner {
  private readonly ports: LengthPorts;
  private readonly members = new Map<string, Map<number, Way>>();
  /** Something has been sent that may be unanswered when the timer fires. */
  private waitsForAnswers = false;
  private readonly timer: Timer = new Timer(this, "lengths");

  constructor(ports: LengthPorts) {
    this.ports = ports;
  }

  /** What is known of the way to a member; all undefined for one that doesn't live, or of a version that doesn't answer. */
  status(member: string): readonly LengthStatus[] {
    const ways = this.members.get(member);
    const answers = ways !== undefined && [...ways.values()].some(({ wasAnswered }) => wasAnswered);
    return LENGTHS_octets.map((octets) => {
      const way = ways?.get(octets);
      if (way === undefined || !answers) return { octets, arrives: undefined };
      if (way.unanswered >= LOST) return { octets, arrives: false };
      return { octets, arrives: way.wasAnswered ? true : undefined };
    });
  }

  onAlive(member: string, now_ms: number): void {
    this.members.set(member, new Map(LENGTHS_octets.map((octets) => [octets, { unanswered: 0, wasAnswered: false }])));
    this.ask(member, LENGTHS_octets);
    this.waitsForAnswers = true;
    this.ports.timers.start(this.timer, AGAIN_ms, now_ms);
  }

  onDead(member: string): void {
    this.members.delete(member);
  }

  onTimer(_kind: string, now_ms: number): void {
    const live = this.ports.live().filter((member) => this.members.has(member));
    const isInQuestion = live.some((member) => this.inQuestion(member).length > 0);
    const isNewRound = !isInQuestion && !this.waitsForAnswers;
    this.waitsForAnswers = isInQuestion || isNewRound;
    for (const member of live) this.ask(member, isNewRound ? LENGTHS_octets : this.inQuestion(member));
    if (live.length > 0) this.ports.timers.start(this.timer, this.waitsForAnswers ? AGAIN_ms : ASK_ms, now_ms);
  }

  stop(): void {
    this.ports.timers.stop(this.timer);
    this.members.clear();
  }

  take(from: string, [kind, value]: Part): void {
    const octets = fieldsOf(value)?.["octets"];
    if (typeof octets !== "number") return;
    if (kind === LENGTH) this.ports.speaker.tell(from, [[ARRIVED, { octets }]]);
    const way = kind === ARRIVED ? this.members.get(from)?.get(octets) : undefined;
    if (way === undefined) return;
    way.unanswered = 0;
    way.wasAnswered = true;
  }

  /** Lengths that weren't answered, and haven't been sent often enough to say that they get lost. */
  private inQuestion(member: string): number[] {
    return [...(this.members.get(member) ?? [])].flatMap(([octets, { unanswered }]) =>
      unanswered > 0 && unanswered < LOST ? [octets] : [],
    );
  }

  /** Each length in a datagram of its own. */
  private ask(member: string, lengths: readonly number[]): void {
    for (const octets of lengths) {
      const way = this.members.get(member)?.get(octets);
      if (way === undefined) continue;
      way.unanswered = Math.min(way.unanswered + 1, LOST);
      this.ports.speaker.tell(member, [[LENGTH, { octets, filling: "x".repeat(octets - AROUND_octets) }]]);
    }
  }
}
