/** The requests that wait for an answer: how many, how much memory they hold, and whose they are. */
import type { Table } from "../base/meter.ts";
import type { Incoming } from "./server-transaction.ts";

/** Above so many unanswered requests, or characters of them, new ones get 503. */
export const UNANSWERED_MAX = 10_000;
export const UNANSWERED_CHARACTERS_MAX = 8_000_000;
/** So many of one source: whoever lets his calls ring and ring must leave room for the others'. */
export const UNANSWERED_OF_ONE_MAX = UNANSWERED_MAX / 2;

export class Backlog implements Table {
  size = 0;
  hits = 0;
  readonly limit = UNANSWERED_MAX;
  private characters = 0;
  private readonly sources = new Map<string, number>();

  /** Whether one more has room, from this address. */
  admits(address: string): boolean {
    const isFull = this.size >= UNANSWERED_MAX || this.characters >= UNANSWERED_CHARACTERS_MAX;
    if (!isFull && (this.sources.get(address) ?? 0) < UNANSWERED_OF_ONE_MAX) return true;
    this.hits += 1;
    return false;
  }

  enter({ request, source }: Incoming): void {
    this.size += 1;
    this.characters += request.wire.length;
    this.sources.set(source.address, (this.sources.get(source.address) ?? 0) + 1);
  }

  leave({ request, source }: Incoming): void {
    this.size -= 1;
    this.characters -= request.wire.length;
    const left = (this.sources.get(source.address) ?? 0) - 1;
    if (left > 0) this.sources.set(source.address, left);
    else this.sources.delete(source.address);
  }
}
