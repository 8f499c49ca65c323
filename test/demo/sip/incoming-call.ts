/** A call as the called device has it (RFC 3261 §13.3). */
import { audioOffer } from "./build.ts";
import { Call } from "./call.ts";
import { Dialog } from "./dialog.ts";
import type { Endpoint } from "./endpoint.ts";
import { History } from "./history.ts";
import { type SipRequest, userOf } from "./message.ts";
import type { ServerTransaction } from "./server-transaction.ts";

export class IncomingCall extends Call {
  private readonly transaction: ServerTransaction;
  private readonly contact: string;
  private readonly cancels = new History<SipRequest>();

  /** @param contact value of our Contact */
  constructor(endpoint: Endpoint, contact: string, transaction: ServerTransaction) {
    super(endpoint);
    this.contact = contact;
    this.transaction = transaction;
    transaction.onCancel = (cancel) => {
      this.reject(487, "Request Terminated");
      this.cancels.add(cancel);
    };
  }

  /** The number that was dialled. */
  get dialled(): string {
    return userOf(this.transaction.request.uri);
  }

  /** The CANCEL by which the caller gave up. */
  get cancelled(): Promise<SipRequest> {
    return this.cancels.first();
  }

  ring(): void {
    if (this.transaction.isAnswered) return;
    this.transaction.respond({ status: 180, reason: "Ringing", fields: [["Contact", this.contact]] });
  }

  answer(): void {
    if (this.transaction.isAnswered) return;
    const body = audioOffer(this.endpoint.address);
    const answer = this.transaction.respond({ status: 200, reason: "OK", fields: [["Contact", this.contact]], body });
    this.dialog = Dialog.ofCallee(this.transaction.request, answer);
  }

  reject(status: number, reason: string): void {
    if (!this.transaction.isAnswered) this.transaction.respond({ status, reason });
  }
}
