/** A call as the called device has it (RFC 3261 §13.3). */
import { sdp } from "../../sip/build.ts";
import { Dialog } from "../../sip/dialog.ts";
import { userOf } from "../../sip/message.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import type { ServerTransaction, Transactions } from "../../sip/transactions.ts";
import { Call } from "./call.ts";
import { History } from "./history.ts";

export class IncomingCall extends Call {
  private readonly transaction: ServerTransaction;
  private readonly contact: string;
  private readonly cancels = new History<SipMessage>();

  /** @param contact the URI of our Contact */
  constructor(endpoint: Transactions, contact: string, transaction: ServerTransaction) {
    super(endpoint);
    this.contact = contact;
    this.transaction = transaction;
    transaction.onCancel = (cancel) => this.cancels.add(cancel);
  }

  /** The number that was dialled. */
  get dialled(): string {
    return userOf(this.transaction.request.requestUri);
  }

  /** The CANCEL by which the caller gave up. */
  get cancelled(): Promise<SipMessage> {
    return this.cancels.first();
  }

  ring(): void {
    if (!this.transaction.isAnswered) this.transaction.respond(180, { contact: this.contact });
  }

  answer(): void {
    const { transaction, contact } = this;
    if (transaction.isAnswered) return;
    transaction.respond(200, { contact, session: sdp(this.endpoint.address.host) });
    this.dialog = Dialog.ofCallee(transaction.request, transaction.toTag);
  }

  /** @param reason the usual one by default */
  reject(status: number, reason?: string): void {
    if (!this.transaction.isAnswered) this.transaction.respond(status, { reason });
  }
}
