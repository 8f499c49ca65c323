/** The requests that wait for an answer: how many, how much memory they hold, and whose they are. */
import type { Table } from "../base/meter.ts";
import type { Incoming } from "./server-transaction.ts";

/** Above so many unanswered requests, or characters of them, new ones get 503. */
export const UNANSWERED_MAX = 10_000;
export const UNANSWERED_CHARACTERS_MAX = 8_000_000;
/** So many of one source: whoever lets his calls ring and ring must leave room for the others'. */
export const UNANSWERED_OF_ONE_MAX = UNANSWERED_MAX / 2;
const CHARACTERS_OF_ONE_MAX = UNANSWERED_CHARACTERS_MAX / 2;
/**
 * Who has no more than this finds room when others have taken all, up to a fifth beyond: two phones can fill the table, and
 * a call for help must not find it full.
 */
export const MODEST_MAX = 20;
const MODEST_CHARACTERS_MAX = 64_000;
const BEYOND = 1.2;

/** What one source has of it. */
interface Share {
  requests: number;
  characters: number;
}

export class Backlog implements Table {
  size = 0;
  hits = 0;
  readonly limit = UNANSWERED_MAX;
  private characters = 0;
  private readonly sources = new Map<string, Share>();

  /** Whether one more has room, from this address. */
  admits(address: string): boolean {
    const share = this.sources.get(address);
    const isFull = share === undefined ? this.isFull(BEYOND) : this.isFull(isModest(share) ? BEYOND : 1);
    if (!isFull && (share === undefined || !isGreedy(share))) return true;
    this.hits += 1;
    return false;
  }

  enter({ request, source }: Incoming): void {
    this.size += 1;
    this.characters += request.wire.length;
    const share = this.sources.get(source.address) ?? { requests: 0, characters: 0 };
    this.sources.set(source.address, share);
    share.requests += 1;
    share.characters += request.wire.length;
  }

  leave({ request, source }: Incoming): void {
    this.size -= 1;
    this.characters -= request.wire.length;
    const share = this.sources.get(source.address);
    if (share === undefined) return;
    share.requests -= 1;
    share.characters -= request.wire.length;
    if (share.requests <= 0) this.sources.delete(source.address);
  }

  private isFull(times: number): boolean {
    return this.size >= times * UNANSWERED_MAX || this.characters >= times * UNANSWERED_CHARACTERS_MAX;
  }
}

function isModest({ requests, characters }: Share): boolean {
  return requests < MODEST_MAX && characters < MODEST_CHARACTERS_MAX;
}

function isGreedy({ requests, characters }: Share): boolean {
  return requests >= UNANSWERED_OF_ONE_MAX || characters >= CHARACTERS_OF_ONE_MAX;
}
