/** A request that we received, and who answers it. */
import type { Request, Response } from "../message/message.ts";
import { buildReply, type Reply, type ViaStamp } from "../message/reply.ts";
import { type Flow, isReliable, type TransportPort } from "../transport/flow.ts";
import { responseFlow, stampVia } from "../transport/receive.ts";
import { inviteServer } from "./invite-server.ts";
import type { AnyMachine, Input } from "./machine.ts";
import { Transaction, type TransactionRunner } from "./transaction.ts";

/** Answers the request. */
export interface ServerUser {
  /** The caller doesn't want the INVITE any more (RFC 3261 §9.2); the CANCEL itself has been answered. */
  onCancel(transaction: ServerTransaction, cancel: Request, now_ms: number): void;
  /** Our 3xx–6xx was acknowledged. */
  onAck(transaction: ServerTransaction, now_ms: number): void;
  /** Our 3xx–6xx was not acknowledged within timer H. */
  onNoAck(transaction: ServerTransaction, now_ms: number): void;
}

/** A request as it arrived. */
export interface Incoming {
  readonly request: Request;
  readonly source: Flow;
  /** What its top Via must be told of the source. */
  readonly stamp: ViaStamp;
}

export class ServerTransaction extends Transaction {
  readonly role = "server";
  /** Where its responses go. */
  readonly replyFlow: Flow;
  private readonly returnPort: number;
  /** What is answered, and where it came from; forgotten with the final response, so that what lingers is small. */
  incoming: Incoming | undefined;
  /** Tag in To of the responses that we make ourselves. */
  readonly toTag: string;
  user: ServerUser | undefined = undefined;
  lastResponse = "";

  constructor(
    runner: TransactionRunner,
    machine: AnyMachine,
    key: string,
    request: Request,
    source: Flow,
    toTag: string,
  ) {
    super(runner, machine, key);
    this.replyFlow = responseFlow(request, source);
    this.returnPort = request.topVia.port === 0 ? source.listener.transport.port : request.topVia.port;
    this.incoming = { request, source, stamp: stampVia(request, source) };
    this.toTag = toTag;
  }

  get isReliable(): boolean {
    return isReliable(this.replyFlow);
  }

  /** Where they go when the connection of the request is gone (§18.2.2). */
  get returnFlow(): Flow {
    const { listener, address } = this.replyFlow;
    return { listener, address, port: this.returnPort };
  }

  /** A response of our own making; undefined once the request has its final one. @param serverLine as `buildReply` takes it */
  wireOf(reply: Reply, serverLine: string): string | undefined {
    const { incoming, toTag } = this;
    return incoming && buildReply(incoming.request, incoming.stamp, toTag, reply, serverLine);
  }

  override get characters(): number {
    return this.key.length + this.lastResponse.length;
  }

  override slim(): void {
    const waitsForAck = this.state === "completed" && this.machine === inviteServer;
    if (this.isAnswered && !waitsForAck) this.user = undefined;
  }

  override transmit(transport: TransportPort): void {
    const { replyFlow, returnFlow, lastResponse } = this;
    if (lastResponse !== "" && !transport.send(replyFlow, lastResponse)) transport.send(returnFlow, lastResponse);
  }

  override tell(input: Input, _response: Response | undefined, now_ms: number): void {
    if (input === "ack") this.user?.onAck(this, now_ms);
    else this.user?.onNoAck(this, now_ms);
  }

  /** Whether a final response has been sent. */
  get isAnswered(): boolean {
    return this.state !== "proceeding" && this.state !== "trying";
  }
}
