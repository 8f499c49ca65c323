/**
 * The journal of the last happenings: messages in and out, decisions and why, stages, bindings, edges of states, drops. A ring of plain values whose
 * octets are counted. It is the only tap of the engine: traces, the status page, metrics and events read it, or follow it.
 *
 * Three things share the memory, so that none pushes out another: what belongs to calls has most of it, what else peers say (REGISTER,
 * OPTIONS) a quarter, and what was dropped an eighth: a flood of strangers leaves the last calls where they are.
 */
import type { Happening, Tap } from "../tap.ts";
import { CALL_METHODS, type JournalEntry, type KeptMessage, kept, methodOf, renewed } from "./journal-entry.ts";

/** Hears of each entry once the event that it belongs to is over: it may ask the engine, and send. It must not throw. */
export type Follower = (entry: JournalEntry) => void;

/** What an entry costs beside its texts. */
const ENTRY_OCTETS = 200;
const OTHERS_PART = 1 / 4;
const DROPS_PART = 1 / 8;
/** Entries that wait for the end of their event: one that goes on and on tells followers no more than that. */
const WAITING_MAX = 10_000;

export class Journal {
  private readonly calls = new Ring();
  private readonly others = new Ring();
  private readonly drops = new Ring();
  private readonly followers = new Set<Follower>();
  /** For followers, until the event is over. */
  private waiting: JournalEntry[] = [];
  /** What has come with this event, as long as nothing else is known of it. */
  private arrived: KeptMessage | undefined = undefined;
  /** The message that came with this event was dropped: an answer to it, such as a 403 to a stranger, is kept beside it. */
  private isDropped = false;
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
    if (!this.isKeeping && this.followers.size === 0) return undefined;
    return (happening, now_ms) => this.hear(happening, now_ms);
  }

  /** Keeps so many octets at the most from now on. */
  bound(limit_octets: number): void {
    this.isKeeping = limit_octets > 0;
    this.others.limit = limit_octets * OTHERS_PART;
    this.drops.limit = limit_octets * DROPS_PART;
    this.calls.limit = limit_octets - this.others.limit - this.drops.limit;
    for (const ring of [this.calls, this.others, this.drops]) ring.trim();
  }

  /**
   * Tells each entry from now on. Where nothing is kept, the first follower has to come before the engine is made.
   * @returns ends that
   */
  follow(follower: Follower): () => void {
    this.followers.add(follower);
    return () => {
      this.followers.delete(follower);
    };
  }

  /** The event is over: followers hear of it. */
  settled(): void {
    const { waiting, arrived } = this;
    this.arrived = undefined;
    this.isDropped = false;
    if (arrived !== undefined) this.ringOf(arrived).add(arrived);
    if (waiting.length === 0) return;
    this.waiting = [];
    for (const follower of this.followers) for (const entry of waiting) follower(entry);
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

  /** Part of an event has the time of its beginning, part its own: no entry is earlier than the one before it. */
  private hear(happening: Happening, at_ms: number): void {
    this.last += 1;
    this.last_ms = Math.max(this.last_ms, at_ms);
    const entry = kept(happening, this.last, this.last_ms);
    if (this.isKeeping) this.keep(entry);
    if (this.followers.size > 0 && this.waiting.length < WAITING_MAX) this.waiting.push(entry);
  }

  private keep(entry: JournalEntry): void {
    const { arrived } = this;
    this.arrived = undefined;
    if (entry.kind === "in") this.isDropped = false;
    if (arrived !== undefined) {
      this.isDropped = entry.kind === "drop";
      this.ringOf(arrived).add(arrived);
    }
    if (entry.kind === "in") this.arrived = entry;
    else this.ringOf(entry).add(entry);
  }

  private ringOf(entry: JournalEntry): Ring {
    if (this.isDropped && entry.kind !== "edge") return this.drops;
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
        return CALL_METHODS.includes(methodOf(entry)) ? this.calls : this.others;
    }
  }
}

/** Octets that an entry is counted with. */
function costOf(entry: JournalEntry): number {
  switch (entry.kind) {
    case "in":
    case "out":
      return ENTRY_OCTETS + entry.wire.length;
    case "decision":
      return ENTRY_OCTETS + entry.call_id.length + entry.why.length;
    case "stage":
      return ENTRY_OCTETS + entry.call_id.length;
    case "binding":
      return ENTRY_OCTETS + entry.name.length + entry.contact.length;
    default:
      return ENTRY_OCTETS;
  }
}

/** Entries in their order; the oldest make room. */
class Ring {
  limit = 0;
  octets = 0;
  private items: JournalEntry[] = [];
  /** Where the oldest one is. */
  private head = 0;

  add(entry: JournalEntry): void {
    this.items.push(entry);
    this.octets += costOf(entry);
    if (this.octets > this.limit) this.trim();
  }

  trim(): void {
    const { items, limit } = this;
    while (this.octets > limit && this.head < items.length) {
      const oldest = items[this.head] as JournalEntry;
      this.octets -= costOf(oldest);
      // An entry may be large, and the array is cut only now and then.
      items[this.head] = NOTHING;
      this.head += 1;
    }
    if (this.head * 2 <= items.length) return;
    this.items = items.slice(this.head);
    this.head = 0;
  }

  renew(): void {
    this.items = this.items.slice(this.head).map(renewed);
    this.head = 0;
  }

  /** Adds those behind `after` to `all`. */
  collect(after: number, all: JournalEntry[]): void {
    const { items, head } = this;
    let start = items.length;
    while (start > head && (items[start - 1]?.seq ?? 0) > after) start -= 1;
    for (let at = start; at < items.length; at++) all.push(items[at] as JournalEntry);
  }
}

const NOTHING: JournalEntry = { kind: "drop", seq: 0, at_ms: 0, reason: "" };
