/** Writes down what happens to the transactions of calls with stories. */
import type { Request, Response } from "../message/message.ts";
import type { Input } from "../transaction/machine.ts";
import type { ServerTransaction } from "../transaction/server-transaction.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import type { Witness } from "../transaction/witness.ts";
import type { Flow } from "../transport/flow.ts";
import type { Places } from "./tale.ts";

export class StoryWitness implements Witness {
  private readonly places: Places;
  private readonly layer: Pick<TransactionLayer, "step" | "withdraw">;

  constructor(places: Places, layer: Pick<TransactionLayer, "step" | "withdraw">) {
    this.places = places;
    this.layer = layer;
  }

  /** What a call does to its own transactions follows from the rest, and what is sent again changes nothing. */
  onInput(transaction: Transaction, input: Input, response: Response | undefined, now_ms: number): void {
    const happen = () => this.layer.step(transaction, input, response, now_ms);
    const place = this.places.get(transaction);
    if (place === undefined) {
      happen();
      return;
    }
    const { tale, number } = place;
    const isLate = transaction.state === "accepted" || transaction.state === "completed";
    if (number < 0) {
      const isEnd = input === "ack" || (input === "timeout" && transaction.state === "completed");
      if (isEnd) tale.happens(["ack", input], now_ms, happen);
      else happen();
    } else if (response !== undefined && !isLate) tale.happens(tale.heard(number, response), now_ms, happen);
    else if (input === "timeout" || input === "unreachable") tale.happens(["end", number, input], now_ms, happen);
    else happen();
  }

  onCancel(invite: ServerTransaction, cancel: Request, source: Flow, now_ms: number): void {
    const happen = () => this.layer.withdraw(invite, cancel, now_ms);
    const tale = this.places.get(invite)?.tale;
    if (tale === undefined) happen();
    else tale.happens(tale.withdrawn(cancel, source), now_ms, happen);
  }
}
