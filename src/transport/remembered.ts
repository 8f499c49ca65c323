/** Tables of limited size for what is asked and answered later: names and routes, and who waits for them. */
import { BoundedMap } from "../base/bounded-map.ts";
import type { Table } from "../base/meter.ts";
import { ownText } from "../base/own-text.ts";

/** A table in which the entry used longest ago makes room, but never one that somebody waits for. */
export class Remembered<T extends { readonly isAsking: boolean }> extends BoundedMap<string, T> {
  /** The entry, made when it is new; undefined when all are waited for. */
  recall(key: string, fresh: () => T): T | undefined {
    let entry = this.entries.get(key);
    if (entry === undefined) {
      if (this.size >= this.limit && !this.makeRoom()) return undefined;
      entry = fresh();
      this.entries.set(ownText(key), entry);
    } else {
      this.entries.delete(key);
      this.entries.set(key, entry);
    }
    return entry;
  }

  private makeRoom(): boolean {
    this.hits += 1;
    for (const [key, entry] of this.entries) if (!entry.isAsking) return this.entries.delete(key);
    return false;
  }
}

/** How many wait for DNS and the kernel. */
export class Waiting implements Table {
  size = 0;
  hits = 0;
  readonly limit: number;

  /** @param limit of those that wait for an answer in all: a request has a transaction, but an ACK has none */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether one more may. */
  enter(): boolean {
    const isFull = this.size >= this.limit;
    if (isFull) this.hits += 1;
    else this.size += 1;
    return !isFull;
  }

  /** How many have been told. */
  leave(count: number): void {
    this.size -= count;
  }
}
