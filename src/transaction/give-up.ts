/** What a failed transaction was part of must not wait for it for ever. */
import type { Logger } from "../base/ports.ts";
import type { ClientTransaction } from "./client-transaction.ts";

/** Tells the transaction's user that nothing will come. */
export function giveUp(transaction: ClientTransaction, log: Logger, now_ms: number): void {
  try {
    transaction.user.onTimeout(transaction, now_ms);
  } catch (error) {
    log.error("transaction_user_failed", { key: transaction.key, error: String(error) });
  }
}
