/**
 * What remains of a branch whose target has said nothing, once the caller has had another answer: a late 180 still gets its
 * CANCEL, and a late 200 its ACK and BYE. It is small, since silence makes many of them: the request and its plan are let go.
 */
import type { Response } from "../../message/message.ts";
import type { ClientTransaction, ClientUser } from "../../transaction/client-transaction.ts";
import type { ServerTransaction } from "../../transaction/server-transaction.ts";
import { AcceptedCall } from "../accepted-call.ts";
import type { ProxyKit } from "../kit.ts";
import type { TargetObserver } from "../router.ts";

export class LateAnswer implements ClientUser {
  private readonly kit: ProxyKit;
  private readonly server: ServerTransaction;
  private readonly observer: TargetObserver | undefined;
  /** Reason lines for the CANCEL. */
  private readonly reason: string;
  private readonly isWithinDialog: boolean;

  /** @param isWithinDialog the request belongs to a call that is up already */
  constructor(
    kit: ProxyKit,
    server: ServerTransaction,
    observer: TargetObserver | undefined,
    reason: string,
    isWithinDialog: boolean,
  ) {
    this.kit = kit;
    this.server = server;
    this.observer = observer;
    this.reason = reason;
    this.isWithinDialog = isWithinDialog;
  }

  onResponse(transaction: ClientTransaction, response: Response, now_ms: number): void {
    this.observer?.onAnswer(response.status, now_ms);
    this.kit.locator.markAlive(transaction.flow);
    if (response.status < 200) this.kit.transactions.cancel(transaction, this.reason, now_ms);
    else if (response.status < 300) {
      transaction.user = new AcceptedCall(this.kit, this.server, this.isWithinDialog);
      transaction.user.onResponse(transaction, response, now_ms);
    }
  }

  onTimeout(): void {}

  onUnreachable(): void {}
}
