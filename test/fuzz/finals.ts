/** Watches that a server transaction answers once. */
import type { Engine } from "../../src/app/engine.ts";
import type { ServerTransaction } from "../../src/transaction/server-transaction.ts";

/**
 * Looks at what each server transaction sends: one final response and its repetitions, or for an INVITE several 2xx, and
 * nothing provisional behind them.
 * @param onFinal for each final response that is a transaction's first
 * @param onSecond for each message that must not be
 */
export function watchFinals(core: Engine["core"], onFinal: () => void, onSecond: (what: string) => void): void {
  const finals = new WeakMap<ServerTransaction, number>();
  const { servers } = (core.transactions as unknown as { table: { servers: Map<string, ServerTransaction> } }).table;
  const look = (transaction: ServerTransaction) => {
    if (transaction.lastResponse === "") return;
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
  const set = servers.set.bind(servers);
  servers.set = (key, transaction) => {
    const transmit = transaction.transmit.bind(transaction);
    transaction.transmit = (transport) => {
      transmit(transport);
      look(transaction);
    };
    return set(key, transaction);
  };
}
