/**
 * What a told call has sent from an address that only its member has: the answers go there. So the copy before is cancelled in that member's
 * name (RFC 3261 §9.1: a CANCEL has the Via of its INVITE), and the call begins anew from here, with a branch of its own.
 */
import type { Request, Response } from "../message/message.ts";
import { hostText } from "../message/uri.ts";
import { buildCancel } from "../transaction/ack-cancel.ts";
import type { ClientTransaction, ClientUser } from "../transaction/client-transaction.ts";
import type { State } from "../transaction/machine.ts";
import { clientKey } from "../transaction/transaction-key.ts";
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import type { Listener, TransportPort } from "../transport/flow.ts";
import { listenerName } from "./story-events.ts";
import type { Tale } from "./tale.ts";

/** What a call begins anew with. */
export interface AnewParts {
  readonly transactions: TransactionLayer;
  readonly transport: TransportPort;
  /** A new branch for the call's request. */
  readonly nextBranch: () => string;
}

/** Whose target may ring, or soon will. */
const OPEN: readonly State[] = ["calling", "proceeding", "disowned"];

/** A CANCEL of the new copy waits for the first provisional response to it (§9.1). */
export class AnewUser implements ClientUser {
  /** Of the CANCEL; undefined: there is to be none. */
  reason: string | undefined = undefined;
  private readonly inner: ClientUser;
  private readonly transactions: TransactionLayer;

  constructor(inner: ClientUser, transactions: TransactionLayer) {
    this.inner = inner;
    this.transactions = transactions;
  }

  onResponse(transaction: ClientTransaction, response: Response, now_ms: number): void {
    this.inner.onResponse(transaction, response, now_ms);
    if (this.reason !== undefined) this.transactions.cancel(transaction, this.reason, now_ms);
  }

  onTimeout(transaction: ClientTransaction, now_ms: number): void {
    this.inner.onTimeout(transaction, now_ms);
  }

  onUnreachable(transaction: ClientTransaction, now_ms: number): void {
    this.inner.onUnreachable(transaction, now_ms);
  }
}

/** Lets a client transaction begin anew, by a branch that the tale knows or gets. */
export function anew(tale: Tale, number: number, { transactions, nextBranch }: AnewParts, now_ms: number): void {
  const transaction = tale.transactions[number];
  const invite = transaction?.request;
  const branch = branchOf(tale, nextBranch);
  if (transaction === undefined || invite === undefined || branch === undefined) {
    tale.isBroken = true;
    return;
  }
  transaction.user = new AnewUser(transaction.user, transactions);
  const wire = withVia(invite, invite.topVia.branch, branch);
  transactions.table.rename(transaction, clientKey(branch, "INVITE"), wire);
  transactions.step(transaction, "anew", undefined, now_ms);
}

function branchOf(tale: Tale, nextBranch: () => string): string | undefined {
  if (tale.told !== undefined) return tale.reads("branch", false)?.[1];
  const branch = nextBranch();
  tale.finds(["branch", branch]);
  return branch;
}

/**
 * Begins all those anew that wait for an answer at an address that isn't here.
 * @param names the listeners of the member that had the call
 */
export function beginAnew(tale: Tale, names: readonly string[], parts: AnewParts, now_ms: number): void {
  const { transactions, transport } = parts;
  for (const [number, transaction] of [...tale.transactions].entries()) {
    const { flow, state, isCancelled } = transaction;
    const name = names[flow.listener.index];
    const isHere = name === undefined || names.includes(listenerName(flow.listener));
    const invite = isHere || !OPEN.includes(state) ? undefined : transaction.request;
    if (invite?.method !== "INVITE" || name === undefined) continue;
    transport.send(
      flow,
      buildCancel(invite, "").replace(flow.listener.sentBy, () => sentByOf(name, flow.listener)),
    );
    if (isCancelled || state === "disowned") {
      // Its 487 goes to the address that is gone.
      const end = () => transactions.step(transaction, "timeout", undefined, now_ms);
      tale.happens(["end", number, "timeout"], now_ms, end);
    } else tale.happens(["anew", number], now_ms, () => anew(tale, number, parts, now_ms));
  }
}

function withVia({ wire, topVia }: Request, before: string, now: string): string {
  const via = wire.slice(topVia.start, topVia.end).replace(before, () => now);
  return wire.slice(0, topVia.start) + via + wire.slice(topVia.end);
}

/** What the other member has in Via: its own address, unless the file has peers told another name. */
function sentByOf(name: string, { sentBy, address, port }: Listener): string {
  if (sentBy !== `${hostText(address)}:${port}`) return sentBy;
  const [, host = "", itsPort = ""] = name.split(" ");
  return `${hostText(host)}:${itsPort}`;
}
