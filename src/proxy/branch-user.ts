/** The response context, as its branches see it. */
import type { Response } from "../message/message.ts";
import type { ClientTransaction } from "../transaction/client-transaction.ts";
import type { Refusable } from "./router.ts";

/** @typeParam B its branches: they know it, and not the other way round */
export interface BranchUser<B> extends Refusable {
  /** A provisional response other than 100, to an INVITE. */
  onProvisional(branch: B, response: Response, now_ms: number): void;
  /** A 2xx; it can come after the branch has ended. From now on the response context answers for the transaction. */
  onSuccess(branch: B, transaction: ClientTransaction, response: Response, now_ms: number): void;
  /** A bug of ours has shown in a timer or a look-up of the branch. */
  onBug(error: unknown, now_ms: number): void;
  /** The branch has ended otherwise; happens once. */
  onEnded(branch: B, now_ms: number): void;
}
