/** What client and server transactions share: a state, and the two timers that move it. */
import { Timer, type TimerOwner } from "../base/timers.ts";
import type { Response } from "../message/message.ts";
import type { TransportPort } from "../transport/flow.ts";
import type { AnyMachine, Input, State } from "./machine.ts";

/** Either it is time to send again, or the life of a state is over. */
export type TransactionTimer = "retransmit" | "life";

/** Runs the machines: the transaction layer. */
export interface TransactionRunner {
  onTimer(transaction: Transaction, kind: TransactionTimer, now_ms: number): void;
}

const LINGERING: readonly State[] = ["accepted", "completed", "confirmed", "abandoned", "disowned"];

export abstract class Transaction implements TimerOwner<TransactionTimer> {
  key: string;
  readonly machine: AnyMachine;
  state: State;
  /** Timers A, E, G and their present interval; most server transactions never have one. */
  retransmitTimer: Timer<TransactionTimer> | undefined = undefined;
  interval_ms = 0;
  /** All other timers of RFC 3261 table 4: no state has two of them. What the timer means is its input. */
  readonly lifeTimer: Timer<TransactionTimer> = new Timer<TransactionTimer>(this, "life");
  lifeInput: "timeout" | "linger" = "timeout";
  /** Its neighbours among those that linger. */
  isListed = false;
  /** Characters that it is counted with: among those that linger, and before. */
  listedCharacters = 0;
  weighed = 0;
  older: Transaction | undefined = undefined;
  newer: Transaction | undefined = undefined;
  private readonly runner: TransactionRunner;

  constructor(runner: TransactionRunner, machine: AnyMachine, key: string) {
    this.runner = runner;
    this.machine = machine;
    this.key = key;
    this.state = machine.initial;
  }

  /** Whether the transport repeats by itself what is lost, so that the transaction needn't (§17). */
  abstract get isReliable(): boolean;

  /** Of the texts that it keeps, besides a request that waits for its answer. */
  abstract get characters(): number;

  /**
   * Lets go of what nothing can make us need again. Transactions linger for half a minute to absorb retransmissions;
   * were they to keep their messages for so long, collecting these would cost more than handling them did.
   */
  abstract slim(): void;

  /** Sends its request, or its last response. */
  abstract transmit(transport: TransportPort): void;

  /** Tells its user what has happened. */
  abstract tell(input: Input, response: Response | undefined, now_ms: number): void;

  /** Whether all that is left to do is to hear what comes late. */
  get isLingering(): boolean {
    return LINGERING.includes(this.state);
  }

  onTimer(kind: TransactionTimer, now_ms: number): void {
    this.runner.onTimer(this, kind, now_ms);
  }
}
