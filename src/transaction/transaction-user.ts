/** The transaction user: what the transaction layer asks and tells (RFC 3261 §5). */
import type { Request, Response } from "../message/message.ts";
import type { Flow } from "../transport/flow.ts";
import type { Incoming, ServerTransaction } from "./server-transaction.ts";

/** Decides what to do with requests: the proxy. */
export interface TransactionUser {
  /** Before a transaction is made. "refuse" answers 503, "ignore" nothing. */
  mayOpen(request: Request, source: Flow, now_ms: number): "open" | "refuse" | "ignore";
  /** When there is no room left: whether this request needs it all the same, an emergency call or what ends a call. */
  isUrgent(request: Request, source: Flow, now_ms: number): boolean;
  /** Whether what comes from `address` can belong to a request that came from `other`. */
  isSameParty(address: string, other: string): boolean;
  /** A new request, with its server transaction. */
  onRequest(transaction: ServerTransaction, incoming: Incoming, now_ms: number): void;
  /** An ACK that belongs to no transaction of ours: that of a 2xx. */
  onStrayAck(ack: Request, source: Flow, now_ms: number): void;
  /** A CANCEL for an INVITE that we don't know (§16.10). */
  onStrayCancel(cancel: Request, source: Flow, now_ms: number): void;
  /** A response that belongs to no transaction of ours. */
  onStrayResponse(response: Response, now_ms: number): void;
}
