/** What the status page is told, so that it asks anew: server-sent events that say which of its parts has changed, and no more. */
import type { Journal } from "./journal.ts";
import { type JournalEntry, methodOf } from "./journal-entry.ts";

/** The data of an event, as JSON. */
export interface Notice {
  readonly status?: true;
  readonly readiness?: true;
  readonly phones?: true;
  readonly calls?: true;
}

/** Sends a piece of text to a reader; false: the reader has gone. */
export type Write = (text: string) => boolean;
/** Runs `task` once the time is over; the host's timer. */
export type Later = (task: () => void, after_ms: number) => void;

/** What happens is on the screen at once. What busy phones do after it is told together, when the rest is over; an edge doesn't wait. */
const SOON_ms = 50;
const REST_ms = 1_000;
const CALL_METHODS = ["INVITE", "BYE", "CANCEL"];

export class Notices {
  private readonly readers = new Set<Write>();
  private readonly later: Later;
  private readonly changed = new Set<keyof Notice>();
  /** Whether a timer runs that will tell soon, or when the rest is over. */
  private isDue = false;
  private isResting = false;

  /** Hears of what happens from now on. */
  constructor(journal: Pick<Journal, "follow">, later: Later) {
    this.later = later;
    journal.follow((entry) => this.hear(entry));
  }

  /** @returns ends it */
  join(write: Write): () => void {
    this.readers.add(write);
    return () => void this.readers.delete(write);
  }

  private hear(entry: JournalEntry): void {
    if (this.readers.size === 0) return;
    // Most entries are messages of calls: the first of them says it all.
    if ("wire" in entry && this.changed.has("calls")) return;
    const part = partOf(entry);
    if (part === undefined) return;
    this.changed.add(part);
    if (this.isDue || (this.isResting && part !== "status")) return;
    this.isDue = true;
    this.later(() => {
      this.isDue = false;
      this.tell();
    }, SOON_ms);
  }

  private tell(): void {
    if (this.changed.size === 0) return;
    const notice: Notice = Object.fromEntries([...this.changed].map((part) => [part, true]));
    this.changed.clear();
    for (const write of [...this.readers]) {
      if (!write(`data: ${JSON.stringify(notice)}\n\n`)) this.readers.delete(write);
    }
    if (this.isResting || this.readers.size === 0) return;
    this.isResting = true;
    this.later(() => {
      this.isResting = false;
      this.tell();
    }, REST_ms);
  }
}

/** What an entry changes on the page; undefined: nothing. */
function partOf(entry: JournalEntry): keyof Notice | undefined {
  switch (entry.kind) {
    case "edge":
    case "pair":
      return "status";
    case "readiness":
      return "readiness";
    case "binding":
      return "phones";
    case "drop":
      return undefined;
    default:
      return CALL_METHODS.includes(methodOf(entry)) ? "calls" : undefined;
  }
}
