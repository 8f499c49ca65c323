/** All transactions by their keys, and what they cost: those that linger are listed, the texts of all others are counted. */
import type { Timers } from "../base/timers.ts";
import type { Backlog } from "./backlog.ts";
import type { ClientTransaction } from "./client-transaction.ts";
import type { Lingering } from "./lingering.ts";
import { TERMINATED } from "./machine.ts";
import type { ServerTransaction } from "./server-transaction.ts";
import type { Transaction } from "./transaction.ts";

export class TransactionTable {
  readonly servers = new Map<string, ServerTransaction>();
  readonly clients = new Map<string, ClientTransaction>();
  private readonly unanswered: Backlog;
  private readonly lingering: Lingering;
  private readonly timers: Timers;

  constructor(unanswered: Backlog, lingering: Lingering, timers: Timers) {
    this.unanswered = unanswered;
    this.lingering = lingering;
    this.timers = timers;
  }

  get size(): number {
    return this.servers.size + this.clients.size;
  }

  /** Its request leaves once more, as another one: what comes for the one before finds nobody. */
  rename(transaction: ClientTransaction, key: string, wire: string): void {
    this.clients.delete(transaction.key);
    transaction.key = key;
    transaction.wire = wire;
    this.clients.set(key, transaction);
  }

  /** It is in another state: what lingers is listed, and small. */
  settleDown(transaction: Transaction): void {
    transaction.slim();
    this.weigh(transaction);
    if (transaction.isLingering) this.lingering.enter(transaction);
    else this.lingering.leave(transaction);
    for (let oldest = this.lingering.excess(); oldest !== undefined; oldest = this.lingering.excess()) {
      this.terminate(oldest);
    }
  }

  /** The texts of a transaction that doesn't linger count with the unanswered requests. */
  weigh(transaction: Transaction): void {
    const characters = transaction.isLingering || transaction.state === TERMINATED ? 0 : transaction.characters;
    this.unanswered.characters += characters - transaction.weighed;
    transaction.weighed = characters;
  }

  /** Ends it at once, whatever it waits for. */
  terminate(transaction: Transaction): void {
    transaction.state = TERMINATED;
    this.forget(transaction);
  }

  /** It has ended: nothing of it is kept. */
  forget(transaction: Transaction): void {
    if (transaction.retransmitTimer !== undefined) this.timers.stop(transaction.retransmitTimer);
    this.timers.stop(transaction.lifeTimer);
    this.lingering.leave(transaction);
    this.unanswered.characters -= transaction.weighed;
    transaction.weighed = 0;
    const { key } = transaction;
    if (this.clients.get(key) === transaction) this.clients.delete(key);
    if (this.servers.get(key) === transaction) this.servers.delete(key);
  }
}
