/** Entries of the journal in their order; the oldest make room. */
import type { MakeOctets } from "../../base/ports.ts";
import { type JournalEntry, renewed } from "./journal-entry.ts";
import { MessageShelf } from "./message-shelf.ts";

/** What an entry costs beside its texts. */
const ENTRY_OCTETS = 200;
/** The part of its memory that a ring has for texts of messages, where they lie beside the heap. */
const TEXTS_PART = 3 / 4;

/** In the place of a message that lies on the shelf, and of an entry that is gone. */
const ELSEWHERE = undefined;

export class Ring {
  octets = 0;
  private limit = 0;
  private items: (JournalEntry | typeof ELSEWHERE)[] = [];
  /** Where the oldest one is. */
  private head = 0;
  private shelf: MessageShelf | undefined = undefined;

  /** Has so many octets at the most from now on. @param makeOctets undefined: all is kept in the heap */
  bound(limit: number, makeOctets: MakeOctets | undefined): void {
    const entries: JournalEntry[] = [];
    this.collect(0, entries);
    this.octets = 0;
    this.limit = limit;
    this.items = [];
    this.head = 0;
    const room = Math.floor(limit * TEXTS_PART);
    this.shelf = makeOctets === undefined || room === 0 ? undefined : new MessageShelf(makeOctets(room), room);
    for (const entry of entries) this.add(entry);
  }

  add(entry: JournalEntry): void {
    const { shelf, items } = this;
    const isOnShelf = shelf !== undefined && (entry.kind === "in" || entry.kind === "out") && shelf.put(entry);
    items[items.length] = isOnShelf ? ELSEWHERE : entry;
    this.octets += costOf(entry);
    while (this.octets > this.limit || (isOnShelf && shelf.isOverwritten)) this.drop();
  }

  /** See {@link renewed}. */
  renew(): void {
    this.items = this.items.slice(this.head).map((item) => item && renewed(item));
    this.head = 0;
  }

  /** Adds those behind `after` to `all`. */
  collect(after: number, all: JournalEntry[]): void {
    const { items, head, shelf } = this;
    let [start, message] = [items.length, shelf?.size ?? 0];
    while (start > head) {
      const item = items[start - 1];
      if ((item?.seq ?? shelf?.seqOf(message - 1) ?? 0) <= after) break;
      start -= 1;
      if (item === ELSEWHERE) message -= 1;
    }
    for (; start < items.length; start++) {
      const entry = items[start] ?? shelf?.entryAt(message++);
      if (entry !== undefined) all.push(entry);
    }
  }

  private drop(): void {
    const { items, head } = this;
    const item = items[head];
    this.octets -= item === ELSEWHERE ? ENTRY_OCTETS + (this.shelf?.drop() ?? 0) : costOf(item);
    // An entry may be large, and the array is cut only now and then.
    items[head] = ELSEWHERE;
    this.head = head + 1;
    if (this.head * 2 <= items.length) return;
    this.items = items.slice(this.head);
    this.head = 0;
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
    case "passed":
    case "stage":
      return ENTRY_OCTETS + entry.call_id.length;
    case "binding":
      return ENTRY_OCTETS + entry.name.length + entry.contact.length;
    default:
      return ENTRY_OCTETS;
  }
}
