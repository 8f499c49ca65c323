/** Hears of all that is to happen to transactions, for the story of a call that another router may have to go on with. */
import type { Request, Response } from "../message/message.ts";
import type { Flow } from "../transport/flow.ts";
import type { Input } from "./machine.ts";
import type { ServerTransaction } from "./server-transaction.ts";
import type { Transaction } from "./transaction.ts";

export interface Witness {
  /** Lets it happen by the layer's `step`, before it returns. */
  onInput(transaction: Transaction, input: Input, response: Response | undefined, now_ms: number): void;
  /** The caller of an INVITE without a final response withdraws it; it happens by the layer's `withdraw`. */
  onCancel(invite: ServerTransaction, cancel: Request, source: Flow, now_ms: number): void;
}
