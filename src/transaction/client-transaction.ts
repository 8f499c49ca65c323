/** A request that we sent, and who waits for its answer. */
import type { Request, Response } from "../message/message.ts";
import { parse } from "../message/parse.ts";
import { type Flow, isReliable, type TransportPort } from "../transport/flow.ts";
import { buildAck } from "./ack-cancel.ts";
import type { AnyMachine, Input } from "./machine.ts";
import { Transaction, type TransactionRunner } from "./transaction.ts";

/** The sender of the request. */
export interface ClientUser {
  /** A response; for an INVITE, several 2xx can come. */
  onResponse(transaction: ClientTransaction, response: Response, now_ms: number): void;
  /** Nothing came: timer B or F. */
  onTimeout(transaction: ClientTransaction, now_ms: number): void;
  /** The request could not be delivered: no route, ICMP. */
  onUnreachable(transaction: ClientTransaction, now_ms: number): void;
}

/** For outcomes that nothing depends on: of a CANCEL, or of what comes when all is over. */
export const NOBODY: ClientUser = { onResponse() {}, onTimeout() {}, onUnreachable() {} };

export class ClientTransaction extends Transaction {
  readonly role = "client";
  readonly flow: Flow;
  /** Is told; the transaction user may put something smaller in its place for the time that the transaction lingers. */
  user: ClientUser;
  /** The length of the request as sent. */
  readonly octets: number;
  /** The request as sent; "" once nothing can make us need it again. */
  wire: string;
  /** CANCEL has been sent: one is enough, however many provisional responses still come. */
  isCancelled = false;
  /** Why it could not be delivered, in the system's words. */
  why = "";
  /** It has been sent once more over another connection: once is enough. */
  isRepeated = false;
  /** The ACK to the final response, once there is one. */
  ack = "";

  constructor(runner: TransactionRunner, machine: AnyMachine, key: string, wire: string, flow: Flow, user: ClientUser) {
    super(runner, machine, key);
    this.wire = wire;
    this.octets = wire.length;
    this.flow = flow;
    this.user = user;
  }

  /** The request as sent, decoded anew: rarely wanted, only for its ACK and its CANCEL. */
  get request(): Request | undefined {
    const parsed = this.wire === "" ? undefined : parse(this.wire);
    return parsed?.kind === "request" ? parsed : undefined;
  }

  get isReliable(): boolean {
    return isReliable(this.flow);
  }

  override transmit(transport: TransportPort): void {
    transport.send(this.flow, this.wire);
  }

  /** Acknowledges `response`, a 3xx to 6xx to an INVITE, or a repetition of it. */
  acknowledge(transport: TransportPort, response: Response | undefined): void {
    const invite = this.request;
    if (this.ack === "" && invite !== undefined && response !== undefined) {
      this.ack = buildAck(invite, response);
      this.wire = "";
    }
    transport.send(this.flow, this.ack);
  }

  override tell(input: Input, response: Response | undefined, now_ms: number): void {
    if (response !== undefined) this.user.onResponse(this, response, now_ms);
    else if (input === "unreachable") this.user.onUnreachable(this, now_ms);
    else this.user.onTimeout(this, now_ms);
  }

  override get characters(): number {
    return this.key.length + this.wire.length + this.ack.length;
  }

  override slim(): void {
    if (this.state !== "accepted" && this.state !== "completed") return;
    this.wire = "";
    if (this.state === "completed") this.user = NOBODY;
  }
}
