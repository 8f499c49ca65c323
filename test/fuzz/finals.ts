/** Watches that a server transaction answers once. */
import type { ProxyCore } from "../../src/proxy/proxy-core.ts";
import { ServerTransaction } from "../../src/transaction/server-transaction.ts";
import type { Transaction } from "../../src/transaction/transaction.ts";

/**
 * Looks at what each server transaction sends: one final response and its repetitions, or for an INVITE several 2xx, and
 * nothing provisional behind them.
 * @param onFinal for each final response that is a transaction's first
 * @param onSecond for each message that must not be
 */
export function watchFinals(core: ProxyCore, onFinal: () => void, onSecond: (what: string) => void): void {
  const finals = new WeakMap<Transaction, number>();
  const layer = core.transactions as unknown as { transmit: (transaction: Transaction) => void };
  const transmit = layer.transmit.bind(layer);
  layer.transmit = (transaction) => {
    transmit(transaction);
    if (!(transaction instanceof ServerTransaction) || transaction.lastResponse === "") return;
    const status = Number(transaction.lastResponse.slice(8, 11));
    const first = finals.get(transaction);
    if (first === undefined && status >= 200) {
      finals.set(transaction, status);
      onFinal();
    }
    const isForked = transaction.key.startsWith("INVITE ") && first !== undefined && first < 300;
    const isFine = first === undefined || first === status || (isForked && status >= 200 && status < 300);
    if (!isFine) onSecond(`${status} behind ${first}: ${transaction.key}`);
  };
}
