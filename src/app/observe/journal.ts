/**
 * The journal of the last happenings: messages in and out, decisions and why, stages, bindings, edges of states, drops. A ring of plain values whose
 * octets are counted. It is the only tap of the engine: traces, the status page, metrics and events read it, or follow it.
 *
 * Three things share the memory, so that none pushes out another: what belongs to calls has most of it, what else peers say (REGISTER,
 * OPTIONS) a quarter, and what was dropped an eighth: a flood of strangers leaves the last calls where they are.
 */
import type { MakeOctets } from "../../base/ports.ts";
import type { Happening, Tap } from "../tap.ts";
import { isMessage, type JournalEntry, type KeptMessage, kept, METHODS, methodOf } from "./journal-entry.ts";
import { Ring } from "./ring.ts";

/** Hears of each entry once the event that it belongs to is over: it may ask the engine, and send. It must not throw. */
export type Follower = (entry: JournalEntry) => void;

const OTHERS_PART = 1 / 4;
const DROPS_PART = 1 / 8;
/** Entries that wait for the end of their event: one that goes on and on tells followers no more than that. */
const WAITING_MAX = 10_000;

export class Journal {
  private readonly calls = new Ring();
  private readonly others = new Ring();
  private readonly drops = new Ring();
  private readonly followers = new Set<Follower>();
  /** Of all but messages, which are most of what there is. */
  private readonly turnFollowers = new Set<Follower>();
  /** For followers, until the event is over; and those of them that are no messages. */
  private waiting: JournalEntry[] = [];
  private turns: JournalEntry[] = [];
  /** What has come with this event, as long as nothing else is known of it. */
  private arrived: KeptMessage | undefined = undefined;
  /** The message that came with this event was dropped: an answer to it, such as a 403 to a stranger, is kept beside it. */
  private isDropped = false;
  /** The message that came with this event belongs to a call: so does all that leaves. */
  private isOfCall = false;
  private isKeeping = false;
  private last = 0;
  private last_ms = Number.NEGATIVE_INFINITY;

  /** @param limit_octets 0: keeps nothing, and only tells its followers */
  constructor(limit_octets: number) {
    this.bound(limit_octets);
  }

  /** The number of the last entry; 0: there was none yet. */
  get lastSeq(): number {
    return this.last;
  }

  /** Octets of all that is kept. */
  get size(): number {
    return this.calls.octets + this.others.octets + this.drops.octets;
  }

  /** What the engine is given; undefined: nobody wants to know, and no message costs anything. */
  get tap(): Tap | undefined {
    if (!this.isKeeping && !this.isFollowed) return undefined;
    return (happening, now_ms) => this.hear(happening, now_ms);
  }

  /** Keeps so many octets at the most from now on. @param makeOctets memory for texts of messages; undefined: they stay in the heap */
  bound(limit_octets: number, makeOctets?: MakeOctets): void {
    this.isKeeping = limit_octets > 0;
    this.others.bound(limit_octets * OTHERS_PART, makeOctets);
    this.drops.bound(limit_octets * DROPS_PART, makeOctets);
    this.calls.bound(limit_octets * (1 - OTHERS_PART - DROPS_PART), makeOctets);
  }

  /**
   * Tells each entry from now on. Where nothing is kept, the first follower has to come before the engine is made.
   * @param hearsMessages false: all but messages
   * @returns ends that
   */
  follow(follower: Follower, hearsMessages = true): () => void {
    const all = hearsMessages ? this.followers : this.turnFollowers;
    all.add(follower);
    return () => {
      all.delete(follower);
    };
  }

  /** The event is over: followers hear of it. */
  settled(): void {
    const { waiting, turns } = this;
    this.isDropped = false;
    this.keepArrived();
    this.isOfCall = false;
    if (waiting.length === 0) return;
    this.waiting = [];
    if (turns.length > 0) this.turns = [];
    for (const follower of this.followers) for (const entry of waiting) follower(entry);
    for (const follower of this.turnFollowers) for (const entry of turns) follower(entry);
  }

  /** Entries come amid all that a load needs for moments, and each keeps a page of memory: written anew, they lie side by side. */
  renew(): void {
    for (const ring of [this.calls, this.others, this.drops]) ring.renew();
  }

  /** All that is kept, the oldest first. @param after only entries behind the one with this number */
  entries(after = 0): JournalEntry[] {
    const all: JournalEntry[] = [];
    for (const ring of [this.calls, this.others, this.drops]) ring.collect(after, all);
    return all.sort((a, b) => a.seq - b.seq);
  }

  private get isFollowed(): boolean {
    return this.followers.size > 0 || this.turnFollowers.size > 0;
  }

  /** Part of an event has the time of its beginning, part its own: no entry is earlier than the one before it. */
  private hear(happening: Happening, at_ms: number): void {
    this.last += 1;
    this.last_ms = Math.max(this.last_ms, at_ms);
    const entry = kept(happening, this.last, this.last_ms);
    if (this.isKeeping) this.keep(entry);
    if (!this.isFollowed || this.waiting.length >= WAITING_MAX) return;
    this.waiting.push(entry);
    if (!isMessage(entry)) this.turns.push(entry);
  }

  private keep(entry: JournalEntry): void {
    if (this.arrived !== undefined) {
      this.isDropped = entry.kind === "drop";
      this.keepArrived();
    }
    if (entry.kind === "in") {
      this.isDropped = false;
      this.isOfCall = false;
      this.arrived = entry;
    } else this.ringOf(entry).add(entry);
  }

  private keepArrived(): void {
    const { arrived } = this;
    if (arrived === undefined) return;
    this.arrived = undefined;
    const ring = this.ringOf(arrived);
    this.isOfCall = ring === this.calls;
    ring.add(arrived);
  }

  private ringOf(entry: JournalEntry): Ring {
    if (this.isDropped && entry.kind !== "edge") return this.drops;
    if (this.isOfCall && entry.kind === "out") return this.calls;
    switch (entry.kind) {
      case "drop":
        return this.drops;
      case "binding":
      case "pair":
        return this.others;
      case "edge":
      case "readiness":
        return this.calls;
      default:
        return METHODS.get(methodOf(entry)) === true ? this.calls : this.others;
    }
  }
}
