/**
 * Messages that nobody looks at, most of them ever, in the order in which they came. In V8's heap each object that stays costs as much as making
 * it: it is copied twice, and searched again and again. Here a message is a few numbers, and a text in memory beside the heap.
 */
import { ownText } from "../../base/own-text.ts";
import type { Octets } from "../../base/ports.ts";
import type { KeptMessage } from "./journal-entry.ts";

/** What messages that come from the same place, or go there, have in common. */
type End = Omit<KeptMessage, "seq" | "at_ms" | "wire" | "member">;

/** Other ends that are remembered, so that their messages share them. */
const ENDS_MAX = 256;
/** Messages that there is room for at first; a power of two, as all that follow. */
const FIRST_ROOM = 64;
/** Numbers of a message: seq, at_ms, how long its text is, and where that begins, counted on from round to round. */
const NUMBERS = 4;

export class MessageShelf {
  private readonly octets: Octets;
  private readonly room: number;
  /** Behind the last text, counted on from round to round; and where the next one begins if there is room. */
  private end = 0;
  private at = 0;
  /** In a round, as the numbers are: the oldest one is at `head`. */
  private ends: (End | undefined)[] = new Array(FIRST_ROOM).fill(undefined);
  private numbers = new Float64Array(FIRST_ROOM * NUMBERS);
  private head = 0;
  private count = 0;
  private readonly senders = new Map<string, End>();
  private readonly receivers = new Map<string, End>();

  /** @param room octets for texts */
  constructor(octets: Octets, room: number) {
    this.octets = octets;
    this.room = room;
  }

  /** Messages that are here. */
  get size(): number {
    return this.count;
  }

  /**
   * Adds one; those that have lost their texts to it are to be dropped before anything is read.
   * @returns false: it is longer than all that there is, or says more than most messages do
   */
  put(message: KeptMessage): boolean {
    const { wire } = message;
    if (message.member !== undefined) return false;
    const { length } = wire;
    const left = this.room - this.at;
    if (length > left) {
      if (length > this.room) return false;
      // A text lies in one piece.
      this.end += left;
      this.at = 0;
    }
    this.octets.latin1Write(wire, this.at, length);
    if (this.count === this.ends.length) this.grow();
    const { numbers, ends } = this;
    const slot = (this.head + this.count) & (ends.length - 1);
    const first = slot * NUMBERS;
    ends[slot] = this.endOf(message);
    numbers[first] = message.seq;
    numbers[first + 1] = message.at_ms;
    numbers[first + 2] = length;
    numbers[first + 3] = this.end;
    this.end += length;
    this.at += length;
    this.count += 1;
    return true;
  }

  /** Whether the oldest one has lost its text to a newer one. */
  get isOverwritten(): boolean {
    return this.count > 0 && (this.numbers[this.head * NUMBERS + 3] ?? 0) < this.end - this.room;
  }

  /** Forgets the oldest one. @returns how long its text was */
  drop(): number {
    const { head } = this;
    this.head = (head + 1) & (this.ends.length - 1);
    this.count -= 1;
    return this.numbers[head * NUMBERS + 2] ?? 0;
  }

  /** @param index 0: the oldest one */
  seqOf(index: number): number {
    return this.numbers[this.slotOf(index) * NUMBERS] ?? 0;
  }

  entryAt(index: number): KeptMessage {
    const slot = this.slotOf(index);
    const { kind, protocol, local, local_port, remote, remote_port } = this.ends[slot] as End;
    const first = slot * NUMBERS;
    const [seq = 0, at_ms = 0, length = 0, place = 0] = this.numbers.subarray(first, first + NUMBERS);
    const at = place % this.room;
    const wire = this.octets.latin1Slice(at, at + length);
    return { kind, seq, at_ms, wire, protocol, local, local_port, remote, remote_port };
  }

  private slotOf(index: number): number {
    return (this.head + index) & (this.ends.length - 1);
  }

  /** Twice as many: the second half is that of the newer ones. */
  private grow(): void {
    const { ends, numbers, head } = this;
    this.ends = [...ends.slice(head), ...ends.slice(0, head), ...new Array(ends.length).fill(undefined)];
    this.numbers = new Float64Array(2 * numbers.length);
    this.numbers.set(numbers.subarray(head * NUMBERS));
    this.numbers.set(numbers.subarray(0, head * NUMBERS), numbers.length - head * NUMBERS);
    this.head = 0;
  }

  private endOf({ kind, protocol, local, local_port, remote, remote_port }: KeptMessage): End {
    const known = kind === "in" ? this.senders : this.receivers;
    const end = known.get(remote);
    const isSame = end?.remote_port === remote_port && end.local_port === local_port && end.local === local;
    if (isSame && end.protocol === protocol) return end;
    if (known.size >= ENDS_MAX) known.clear();
    const made = { kind, protocol, local, local_port, remote: ownText(remote), remote_port };
    known.set(made.remote, made);
    return made;
  }
}
