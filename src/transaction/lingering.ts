/**
 * Transactions with nothing left to do but absorb retransmissions, the one that has lingered longest first: a list through
 * the transactions themselves, since a map that forgets its oldest has to look for it among the gaps.
 */
import type { Table } from "../base/meter.ts";
import type { Transaction } from "./transaction.ts";

/** 300 calls a second for as long as they linger, about 40 MB. Who has lingered longest makes room. */
export const LINGERING_MAX = 40_000;

export class Lingering implements Table {
  size = 0;
  hits = 0;
  readonly limit = LINGERING_MAX;
  private oldest: Transaction | undefined = undefined;
  private newest: Transaction | undefined = undefined;

  /** @returns who must go to make room for it */
  enter(transaction: Transaction): Transaction | undefined {
    if (transaction.isListed) return undefined;
    transaction.isListed = true;
    transaction.older = this.newest;
    if (this.newest === undefined) this.oldest = transaction;
    else this.newest.newer = transaction;
    this.newest = transaction;
    this.size += 1;
    if (this.size <= this.limit) return undefined;
    this.hits += 1;
    return this.oldest;
  }

  leave(transaction: Transaction): void {
    if (!transaction.isListed) return;
    const { older, newer } = transaction;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    transaction.isListed = false;
    transaction.older = undefined;
    transaction.newer = undefined;
    this.size -= 1;
  }
}
