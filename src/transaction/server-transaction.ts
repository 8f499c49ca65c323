/** A request that we received, and who answers it. */
import type { Request } from "../message/message.ts";
import type { ViaStamp } from "../message/reply.ts";
import type { Flow } from "../transport/flow.ts";
import { responseFlow, stampVia } from "../transport/receive.ts";
import type { Machine } from "./machine.ts";
import { Transaction, type TransactionRunner } from "./transaction.ts";

/** Who answers the request. */
export interface ServerUser {
  /** The caller doesn't want the INVITE any more (RFC 3261 §9.2); the CANCEL itself has been answered. */
  onCancel(transaction: ServerTransaction, cancel: Request, now_ms: number): void;
  /** Our 3xx–6xx was acknowledged. */
  onAck(transaction: ServerTransaction, now_ms: number): void;
  /** Our 3xx–6xx was not acknowledged within timer H. */
  onNoAck(transaction: ServerTransaction, now_ms: number): void;
}

export class ServerTransaction extends Transaction {
  readonly role = "server";
  readonly request: Request;
  /** Where the request came from. */
  readonly source: Flow;
  /** Where its responses go. */
  readonly replyFlow: Flow;
  readonly stamp: ViaStamp;
  /** Tag in To of the responses that we make ourselves. */
  readonly toTag: string;
  user: ServerUser | undefined = undefined;
  lastResponse = "";

  constructor(runner: TransactionRunner, machine: Machine, key: string, request: Request, source: Flow, toTag: string) {
    super(runner, machine, key);
    this.request = request;
    this.source = source;
    this.replyFlow = responseFlow(request, source);
    this.stamp = stampVia(request, source);
    this.toTag = toTag;
  }

  /** Whether a final response has been sent. */
  get isAnswered(): boolean {
    return this.state !== "proceeding" && this.state !== "trying";
  }
}
