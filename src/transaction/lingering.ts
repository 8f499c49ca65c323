/**
 * Transactions with nothing left to do but absorb retransmissions, the one that has lingered longest first: a list through
 * the transactions themselves, since a map that forgets its oldest has to look for it among the gaps.
 *
 * A transaction lives on for 32 s to absorb retransmissions. It keeps a key, a timer and at most one response: when transactions kept
 * their messages and plans, garbage collection took 40 % of the time.
 */
import type { Limits } from "../base/limits.ts";
import type { Table } from "../base/meter.ts";
import type { Transaction } from "./transaction.ts";

export class Lingering implements Table {
  size = 0;
  hits = 0;
  readonly limit: number;
  private readonly characters_max: number;
  private characters = 0;
  private oldest: Transaction | undefined = undefined;
  private newest: Transaction | undefined = undefined;

  constructor({ lingering, lingeringCharacters }: Pick<Limits, "lingering" | "lingeringCharacters">) {
    this.limit = lingering;
    this.characters_max = lingeringCharacters;
  }

  enter(transaction: Transaction): void {
    if (transaction.isListed) return;
    transaction.isListed = true;
    transaction.listedCharacters = transaction.characters;
    this.characters += transaction.listedCharacters;
    transaction.older = this.newest;
    if (this.newest === undefined) this.oldest = transaction;
    else this.newest.newer = transaction;
    this.newest = transaction;
    this.size += 1;
  }

  /** The one that has lingered longest, when it must make room; asked again until undefined. */
  excess(): Transaction | undefined {
    if (this.size <= this.limit && this.characters <= this.characters_max) return undefined;
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
    this.characters -= transaction.listedCharacters;
    transaction.older = undefined;
    transaction.newer = undefined;
    this.size -= 1;
  }
}
