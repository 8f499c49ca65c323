/** Which requests have room, and which of those that were taken wait for their answers. */
import type { Limits } from "../base/limits.ts";
import type { Request } from "../message/message.ts";
import type { Flow } from "../transport/flow.ts";
import { Backlog } from "./backlog.ts";
import { PendingCalls } from "./pending-calls.ts";
import type { Incoming } from "./server-transaction.ts";
import type { TransactionUser } from "./transaction-user.ts";

export class Admission {
  /** How often a request has found all transactions taken. */
  hits = 0;
  /** Of transactions in all, those included that linger: above, new requests get 503. */
  readonly limit: number;
  readonly unanswered: Backlog;
  readonly pending = new PendingCalls();
  private readonly user: Pick<TransactionUser, "isUrgent">;

  constructor(limits: Limits, user: Pick<TransactionUser, "isUrgent">) {
    this.limit = limits.transactions;
    this.unanswered = new Backlog(limits);
    this.user = user;
  }

  /** Whether one more request has room; an urgent one finds some beyond the limits. @param size transactions that there are */
  hasRoom(size: number, request: Request, source: Flow, now_ms: number): boolean {
    const { address } = source;
    if (size < this.unanswered.roomFor(address, false) * this.limit) return true;
    const mayFit = size < this.unanswered.roomFor(address, true) * this.limit;
    if (mayFit && this.user.isUrgent(request, source, now_ms)) return true;
    if (size >= this.limit) this.hits += 1;
    else this.unanswered.hits += 1;
    return false;
  }

  enter(incoming: Incoming): void {
    this.unanswered.enter(incoming);
    this.pending.enter(incoming.request, incoming.source.address);
  }

  /** It has had its answer, or never will. */
  leave(incoming: Incoming): void {
    this.unanswered.leave(incoming);
    this.pending.leave(incoming.request, incoming.source.address);
  }
}
