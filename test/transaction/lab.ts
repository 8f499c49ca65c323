/** A transaction layer in virtual time: what it sends is recorded, and whoever uses it notes what it hears. */
import type { Limits } from "../../src/base/limits.ts";
import type { LogFields } from "../../src/base/ports.ts";
import { Timers } from "../../src/base/timers.ts";
import type { Request, Response } from "../../src/message/message.ts";
import { parse } from "../../src/message/parse.ts";
import type { ClientTransaction, ClientUser } from "../../src/transaction/client-transaction.ts";
import type { ServerTransaction, ServerUser } from "../../src/transaction/server-transaction.ts";
import { TransactionLayer } from "../../src/transaction/transaction-layer.ts";
import type { TransactionUser } from "../../src/transaction/transaction-user.ts";
import type { Flow } from "../../src/transport/flow.ts";
import { answerText, type RequestParts, readRequest, readResponse, request, requestText } from "../support/messages.ts";
import { flowFrom } from "../transport/flows.ts";

export const PEER = flowFrom("192.0.2.9", 5060);
export const PHONE = flowFrom("10.222.237.21", 5060);

export interface Sent {
  readonly at_ms: number;
  readonly flow: Flow;
  readonly wire: string;
}

export class Lab implements TransactionUser {
  readonly timers = new Timers();
  readonly sent: Sent[] = [];
  /** What users heard: "200@500", "timeout@32000", "cancel@7" … */
  readonly heard: string[] = [];
  readonly errors: LogFields[] = [];
  readonly servers: ServerTransaction[] = [];
  readonly layer: TransactionLayer;
  /** What the transaction user does with a new request, besides taking it. */
  onNewRequest: (transaction: ServerTransaction) => void = () => {};
  verdict: "open" | "refuse" | "ignore" = "open";
  /** Whether new requests are urgent. */
  isEverythingUrgent = false;
  now_ms = 0;
  private tokens = 0;

  constructor(limits?: Limits) {
    const transport = {
      send: (flow: Flow, wire: string) => this.sent.push({ at_ms: this.now_ms, flow, wire }) > 0,
      giveUp() {},
      watch() {},
      unwatch() {},
    };
    const random = { token: (length: number) => `t${++this.tokens}`.padEnd(length, "0"), fraction: () => 0.5 };
    const log = {
      error: (event: string, fields: LogFields = {}) => void this.errors.push({ event, ...fields }),
      warn() {},
      info() {},
      debug() {},
    };
    this.layer = new TransactionLayer({ transport, random, log }, this.timers, this, limits);
  }

  /** Lets time pass, each timer at its own time. */
  advanceTo(time_ms: number): void {
    for (
      let next = this.timers.nextDeadline_ms();
      next !== undefined && next <= time_ms;
      next = this.timers.nextDeadline_ms()
    ) {
      this.now_ms = Math.max(this.now_ms, next);
      this.timers.run(this.now_ms);
    }
    this.now_ms = time_ms;
  }

  /** Lets time pass until nothing more would happen; when that was. */
  finish(): number {
    for (let next = this.timers.nextDeadline_ms(); next !== undefined; next = this.timers.nextDeadline_ms()) {
      this.advanceTo(next);
    }
    return this.now_ms;
  }

  /** Starts a client transaction. */
  send(parts: RequestParts = {}, branch = "z9hG4bKclient1", user: ClientUser = this.clientUser()): ClientTransaction {
    const wire = requestText({ via: [`SIP/2.0/UDP 10.222.237.1;branch=${branch}`], ...parts });
    return this.layer.send(parts.method ?? "INVITE", branch, wire, PEER, user, this.now_ms);
  }

  /** The peer answers the request that was sent last with this method. */
  answer(status: number, method = "INVITE", toTag = "to1"): void {
    const sent = this.sent.map((one) => parse(one.wire)).filter((one) => one.kind === "request");
    const asked = sent.reverse().find((one) => one.method === method);
    if (asked === undefined) throw new Error(`no ${method} was sent`);
    this.receive(readResponse(answerText(asked, status, toTag)));
  }

  receive(response: Response): void {
    this.layer.receiveResponse(response, this.now_ms);
  }

  /** A request arrives; its server transaction, if it is a new one. */
  arrive(message: Request | RequestParts, source: Flow = PHONE): ServerTransaction | undefined {
    const before = this.servers.length;
    const arrived = "kind" in message ? message : request(message);
    this.layer.receiveRequest(arrived, source, this.now_ms);
    return this.servers[before];
  }

  /** A new request arrives; throws when it opens no transaction. */
  open(message: Request | RequestParts = {}, source: Flow = PHONE): ServerTransaction {
    const transaction = this.arrive(message, source);
    if (transaction === undefined) throw new Error("no new transaction");
    return transaction;
  }

  reply(transaction: ServerTransaction, status: number): void {
    this.layer.reply(transaction, { status }, this.now_ms);
  }

  /** When messages left whose first line matches. */
  timesOf(pattern: RegExp): number[] {
    return this.sent.filter((one) => pattern.test(one.wire)).map((one) => one.at_ms);
  }

  /** The first lines of all that left, without the version. */
  get firstLines(): string[] {
    return this.sent.map(({ wire }) => wire.slice(0, wire.indexOf("\r")).replace(/^SIP\/2\.0 | SIP\/2\.0$/g, ""));
  }

  lastRequest(): Request {
    return readRequest(this.sent.at(-1)?.wire ?? "");
  }

  clientUser(): ClientUser {
    return {
      onResponse: (_, response) => this.note(String(response.status)),
      onTimeout: () => this.note("timeout"),
      onUnreachable: () => this.note("unreachable"),
    };
  }

  serverUser(): ServerUser {
    return {
      onCancel: () => this.note("cancel"),
      onAck: () => this.note("ack"),
      onNoAck: () => this.note("no ack"),
    };
  }

  isUrgent(): boolean {
    return this.isEverythingUrgent;
  }

  isSameParty(address: string, other: string): boolean {
    return address === other;
  }

  mayOpen(): "open" | "refuse" | "ignore" {
    return this.verdict;
  }

  onRequest(transaction: ServerTransaction): void {
    transaction.user = this.serverUser();
    this.servers.push(transaction);
    this.onNewRequest(transaction);
  }

  onStrayAck(): void {
    this.note("stray ACK");
  }

  onStrayCancel(): void {
    this.note("stray CANCEL");
  }

  onStrayResponse(response: Response): void {
    this.note(`stray ${response.status}`);
  }

  private note(what: string): void {
    this.heard.push(`${what}@${this.now_ms}`);
  }
}
