/** Does what machines ask for: sends, tells, and starts and stops the two timers of a transaction. */
import { assertNever } from "../base/assert.ts";
import { Timer, type Timers } from "../base/timers.ts";
import type { Response } from "../message/message.ts";
import type { TransportPort } from "../transport/flow.ts";
import { ClientTransaction } from "./client-transaction.ts";
import type { Action, Input } from "./machine.ts";
import { lingering_ms, PATIENCE_ms, T1_ms, T2_ms } from "./timers.ts";
import type { Transaction, TransactionTimer } from "./transaction.ts";

export class Actions {
  private readonly transport: TransportPort;
  private readonly timers: Timers;

  constructor(transport: TransportPort, timers: Timers) {
    this.transport = transport;
    this.timers = timers;
  }

  /** @param input what has happened, for the transaction user */
  perform(
    transaction: Transaction,
    actions: readonly Action[],
    response: Response | undefined,
    now_ms: number,
    input: Input = "request",
  ): void {
    // By index: an array's iterator costs more than most actions do.
    for (let index = 0; index < actions.length; index++) {
      const action = actions[index] as Action;
      switch (action) {
        case "send":
          transaction.transmit(this.transport);
          break;
        case "sendAck":
          if (transaction instanceof ClientTransaction) transaction.acknowledge(this.transport, response);
          break;
        case "tell":
          transaction.tell(input, response, now_ms);
          break;
        case "startRetransmit":
          this.retransmitAfter(transaction, T1_ms, now_ms);
          break;
        case "doubleRetransmit":
          this.retransmitAfter(transaction, transaction.interval_ms * 2, now_ms);
          break;
        case "doubleRetransmitToT2":
          this.retransmitAfter(transaction, Math.min(transaction.interval_ms * 2, T2_ms), now_ms);
          break;
        case "retransmitEveryT2":
          this.retransmitAfter(transaction, T2_ms, now_ms);
          break;
        case "stopRetransmit":
          if (transaction.retransmitTimer !== undefined) this.timers.stop(transaction.retransmitTimer);
          break;
        case "startTimeout":
          this.live(transaction, "timeout", PATIENCE_ms, now_ms);
          break;
        case "stopTimeout":
          this.timers.stop(transaction.lifeTimer);
          break;
        case "linger64T1":
        case "absorb64T1":
        case "absorbT4":
          this.live(transaction, "linger", lingering_ms(action, transaction.isReliable), now_ms);
          break;
        default:
          assertNever(action);
      }
    }
  }

  private retransmitAfter(transaction: Transaction, interval_ms: number, now_ms: number): void {
    if (transaction.isReliable) return;
    transaction.interval_ms = interval_ms;
    transaction.retransmitTimer ??= new Timer<TransactionTimer>(transaction, "retransmit");
    this.timers.start(transaction.retransmitTimer, interval_ms, now_ms);
  }

  private live(transaction: Transaction, input: "timeout" | "linger", duration_ms: number, now_ms: number): void {
    transaction.lifeInput = input;
    this.timers.start(transaction.lifeTimer, duration_ms, now_ms);
  }
}
