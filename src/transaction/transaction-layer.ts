/** All transactions: matches messages to them, and does what their machines ask for (RFC 3261 §17). */
import { type Limits, PLENTY } from "../base/limits.ts";
import type { Table } from "../base/meter.ts";
import { ownText } from "../base/own-text.ts";
import type { Logger, Random } from "../base/ports.ts";
import type { Timers } from "../base/timers.ts";
import type { Request, Response } from "../message/message.ts";
import type { Reply } from "../message/reply.ts";
import { type Flow, isSameFlow, type TransportPort } from "../transport/flow.ts";
import { responseFlow } from "../transport/receive.ts";
import { buildCancel } from "./ack-cancel.ts";
import { Actions } from "./actions.ts";
import { Admission } from "./admission.ts";
import type { Backlog } from "./backlog.ts";
import { ClientTransaction, type ClientUser, NOBODY } from "./client-transaction.ts";
import { giveUp } from "./give-up.ts";
import { inviteClient } from "./invite-client.ts";
import { inviteServer } from "./invite-server.ts";
import { Lingering } from "./lingering.ts";
import { type Input, inputOf, TERMINATED, step as transitionOf } from "./machine.ts";
import { nonInviteClient } from "./non-invite-client.ts";
import { nonInviteServer } from "./non-invite-server.ts";
import type { PendingCalls } from "./pending-calls.ts";
import { ServerTransaction } from "./server-transaction.ts";
import { buildStateless } from "./stateless-reply.ts";
import type { Transaction, TransactionRunner, TransactionTimer } from "./transaction.ts";
import { clientKey, serverKey, serverKeyAs } from "./transaction-key.ts";
import { TransactionTable } from "./transaction-table.ts";
import type { TransactionUser } from "./transaction-user.ts";
import type { Witness } from "./witness.ts";

const TAG_LENGTH = 10;
/** §9.2: the answer to a CANCEL that matches no INVITE of its sender's. */
const NO_TRANSACTION: Reply = { status: 481 };
const OVERLOADED: Reply = { status: 503, headers: "Retry-After: 5\r\n" };

export class TransactionLayer implements TransactionRunner, Table {
  readonly lingering: Lingering;
  /** Hears what is to happen to transactions, and lets it happen. */
  witness: Witness | undefined = undefined;
  /** The whole line of the field Server in responses that we make ourselves (§20.35); "": they have none. */
  serverLine = "";
  readonly unanswered: Backlog;
  readonly pending: PendingCalls;
  readonly table: TransactionTable;
  private readonly admission: Admission;
  private readonly transport: TransportPort;
  private readonly actions: Actions;
  private readonly random: Random;
  private readonly log: Logger;
  private readonly user: TransactionUser;

  constructor(
    ports: { transport: TransportPort; random: Random; log: Logger },
    timers: Timers,
    user: TransactionUser,
    limits: Limits = PLENTY,
  ) {
    this.admission = new Admission(limits, user);
    this.unanswered = this.admission.unanswered;
    this.pending = this.admission.pending;
    this.lingering = new Lingering(limits);
    this.transport = ports.transport;
    this.random = ports.random;
    this.log = ports.log;
    this.table = new TransactionTable(this.unanswered, this.lingering, timers);
    this.actions = new Actions(ports.transport, timers);
    this.user = user;
  }

  /** Transactions alive, those included that only absorb retransmissions. */
  get size(): number {
    return this.table.size;
  }

  get limit(): number {
    return this.admission.limit;
  }

  get hits(): number {
    return this.admission.hits;
  }

  /** A request without fault has arrived (§17.2.3). */
  receiveRequest(request: Request, source: Flow, now_ms: number): void {
    const key = serverKey(request);
    const known = this.table.servers.get(key);
    if (request.method === "ACK") {
      if (known === undefined || known.state === "accepted") this.user.onStrayAck(request, source, now_ms);
      else this.apply(known, "ack", undefined, now_ms);
    } else if (known !== undefined) {
      this.apply(known, "request", undefined, now_ms);
    } else if (request.method === "CANCEL") {
      this.receiveCancel(request, source, key, now_ms);
    } else {
      this.open(request, source, key, now_ms);
    }
  }

  /** What waits for `response`; undefined when no transaction of ours does. */
  awaiting(response: Response): ClientTransaction | undefined {
    return this.table.clients.get(clientKey(response.topVia.branch, response.cseqMethod));
  }

  isKnown(request: Request): boolean {
    return this.table.servers.has(serverKey(request));
  }

  /** Whether the request with this key has had its final response, a while ago at the most. */
  hasAnswered(key = ""): boolean {
    return this.table.servers.get(key)?.isAnswered === true;
  }

  /** A response has arrived (§17.1.3). @param transaction what waits for it */
  receiveResponse(response: Response, now_ms: number, transaction = this.awaiting(response)): void {
    if (transaction === undefined) this.user.onStrayResponse(response, now_ms);
    else this.apply(transaction, inputOf(response.status), response, now_ms);
  }

  /**
   * The peer behind `flow` can't be reached: every request that waits for its first answer from there has failed.
   * @param mayRepeat it has only ended a connection that had served before: where nothing has come yet, another may do
   */
  receiveUnreachable(flow: Flow, now_ms: number, why = "", mayRepeat = false): void {
    for (const transaction of [...this.table.clients.values()]) {
      if (!isSameFlow(transaction.flow, flow)) continue;
      if (mayRepeat && !transaction.isRepeated && transaction.state === transaction.machine.initial) {
        transaction.isRepeated = true;
        transaction.transmit(this.transport);
        continue;
      }
      transaction.why = why;
      this.apply(transaction, "unreachable", undefined, now_ms);
    }
  }

  /**
   * Sends a request in a new client transaction.
   * @param wire its top Via carries `branch`
   */
  send(method: string, branch: string, wire: string, flow: Flow, user: ClientUser, now_ms: number): ClientTransaction {
    const machine = method === "INVITE" ? inviteClient : nonInviteClient;
    const transaction = new ClientTransaction(this, machine, clientKey(branch, method), wire, flow, user);
    this.table.clients.set(transaction.key, transaction);
    this.table.weigh(transaction);
    this.actions.perform(transaction, machine.start, undefined, now_ms);
    return transaction;
  }

  /** The transaction user waits no longer; it still hears of a late answer to an INVITE. @param how `machine.ts` has the difference */
  abandon(transaction: ClientTransaction, now_ms: number, how: "abandon" | "disown" = "abandon"): void {
    this.apply(transaction, how, undefined, now_ms);
  }

  /** Waits again for the answer to an INVITE that was abandoned. False when it can't be waited for any more. */
  resume(transaction: ClientTransaction, now_ms: number): boolean {
    this.apply(transaction, "resume", undefined, now_ms);
    return transaction.state === inviteClient.initial;
  }

  /** Sends CANCEL for an INVITE that has had a provisional response (§9.1). */
  cancel(transaction: ClientTransaction, reason: string, now_ms: number): void {
    const invite = transaction.machine === inviteClient ? transaction.request : undefined;
    if (transaction.state !== "proceeding" || invite === undefined || transaction.isCancelled) return;
    transaction.isCancelled = true;
    this.send("CANCEL", ownText(invite.topVia.branch), buildCancel(invite, reason), transaction.flow, NOBODY, now_ms);
    this.apply(transaction, "cancelled", undefined, now_ms);
  }

  /** Answers with a response of our own making. */
  reply(transaction: ServerTransaction, reply: Reply, now_ms: number): void {
    const wire = transaction.wireOf(reply, this.serverLine);
    if (wire !== undefined) this.respond(transaction, reply.status, wire, now_ms);
  }

  /** Passes a response on. False when the state of the transaction doesn't allow it any more. */
  respond(transaction: ServerTransaction, status: number, wire: string, now_ms: number): boolean {
    const answered = transaction.isAnswered;
    const input = inputOf(status);
    if (answered && !(input === "success" && transaction.state === "accepted")) return false;
    transaction.lastResponse = wire;
    this.apply(transaction, input, undefined, now_ms);
    if (!answered && transaction.isAnswered) this.settle(transaction);
    if (transaction.state === "accepted") transaction.lastResponse = "";
    return true;
  }

  /** Ends a transaction without an answer (RFC 4320 §4.2: better none than a late 408). */
  dismiss(transaction: ServerTransaction): void {
    this.settle(transaction);
    this.table.terminate(transaction);
  }

  /** It is another router's again: nothing more is sent, and nobody is told. */
  drop(transaction: Transaction): void {
    if (transaction instanceof ServerTransaction) this.settle(transaction);
    this.table.terminate(transaction);
  }

  /** It has had its answer, or never will. */
  private settle(transaction: ServerTransaction): void {
    const { incoming } = transaction;
    if (incoming === undefined) return;
    this.admission.leave(incoming);
    transaction.incoming = undefined;
  }

  onTimer(transaction: Transaction, kind: TransactionTimer, now_ms: number): void {
    this.apply(transaction, kind === "retransmit" ? "retransmit" : transaction.lifeInput, undefined, now_ms);
  }

  private open(request: Request, source: Flow, key: string, now_ms: number): void {
    const verdict = this.user.mayOpen(request, source, now_ms);
    if (verdict === "ignore") return;
    if (verdict === "refuse" || !this.admission.hasRoom(this.size, request, source, now_ms)) {
      this.transport.send(responseFlow(request, source), buildStateless(request, source, OVERLOADED, this.serverLine));
      return;
    }
    const transaction = this.adopt(request, source, this.random.token(TAG_LENGTH), now_ms, key);
    const { incoming } = transaction;
    if (incoming === undefined) return;
    try {
      this.user.onRequest(transaction, incoming, now_ms);
    } catch (error) {
      this.fail(transaction, error, now_ms);
    }
  }

  /** A transaction for a request that nobody is asked about, such as one that came to another router and is carried on here. */
  adopt(request: Request, source: Flow, toTag: string, now_ms: number, key = serverKey(request)): ServerTransaction {
    const machine = request.method === "INVITE" ? inviteServer : nonInviteServer;
    const transaction = new ServerTransaction(this, machine, ownText(key), request, source, toTag);
    this.table.servers.set(transaction.key, transaction);
    if (transaction.incoming !== undefined) this.admission.enter(transaction.incoming);
    if (request.method === "INVITE") this.reply(transaction, { status: 100 }, now_ms);
    return transaction;
  }

  private receiveCancel(cancel: Request, source: Flow, key: string, now_ms: number): void {
    const invite = this.table.servers.get(serverKeyAs(cancel, "INVITE"));
    // The ids of an INVITE can be overheard, and its callee knows them: they are no proof of being its sender.
    const senders = invite === undefined ? this.pending.of(cancel.callId) : [invite.replyFlow.address];
    if (senders?.some((address) => this.user.isSameParty(source.address, address)) === false) {
      const wire = buildStateless(cancel, source, NO_TRANSACTION, this.serverLine);
      this.transport.send(responseFlow(cancel, source), wire);
      return;
    }
    if (invite === undefined) {
      this.user.onStrayCancel(cancel, source, now_ms);
      return;
    }
    const transaction = this.adopt(cancel, source, invite.toTag, now_ms, key);
    this.reply(transaction, { status: 200 }, now_ms);
    if (invite.isAnswered) return;
    if (this.witness === undefined) this.withdraw(invite, cancel, now_ms);
    else this.witness.onCancel(invite, cancel, source, now_ms);
  }

  /** Its caller doesn't want this INVITE any more. */
  withdraw(invite: ServerTransaction, cancel: Request, now_ms: number): void {
    try {
      invite.user?.onCancel(invite, cancel, now_ms);
    } catch (error) {
      this.fail(invite, error, now_ms);
    }
  }

  private apply(transaction: Transaction, input: Input, response: Response | undefined, now_ms: number): void {
    if (this.witness === undefined) this.step(transaction, input, response, now_ms);
    else this.witness.onInput(transaction, input, response, now_ms);
  }

  /** Does what the transaction's machine says to this input. */
  step(transaction: Transaction, input: Input, response: Response | undefined, now_ms: number): void {
    const transition = transitionOf(transaction.machine, transaction.state, input);
    if (transition === undefined) return;
    const before = transaction.state;
    transaction.state = transition.next;
    if (transition.next === TERMINATED) this.table.forget(transaction);
    try {
      this.actions.perform(transaction, transition.actions, response, now_ms, input);
    } catch (error) {
      this.fail(transaction, error, now_ms);
    }
    if (transition.next !== before) this.table.settleDown(transaction);
    else this.table.weigh(transaction);
  }

  /** A bug of ours ends the transaction in which it shows, and nothing else. */
  private fail(transaction: Transaction, error: unknown, now_ms: number): void {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.log.error("transaction_failed", { key: transaction.key, state: transaction.state, error: stack });
    if (transaction instanceof ServerTransaction && !transaction.isAnswered) {
      this.reply(transaction, { status: 500 }, now_ms);
      return;
    }
    this.table.terminate(transaction);
    if (transaction instanceof ClientTransaction) giveUp(transaction, this.log, now_ms);
  }
}
