/**
 * Transaction state machines as tables.
 *
 * Each machine is data: for a state and an input, the next state and what has to be done. Nothing here knows a socket,
 * a clock or a message; the transaction layer looks the transition up and does it.
 */
import type * as machine from "../base/machine.ts";

export { to } from "../base/machine.ts";

/** What can happen to a transaction. Which of them a machine knows, its table says. */
export type Input =
  /** The request again (server), as a retransmission. */
  | "request"
  /** The ACK to a final response (server). */
  | "ack"
  /** A response: 1xx, 2xx, 3xx to 6xx; received by a client, or given by the transaction user to a server. */
  | "provisional"
  | "success"
  | "failure"
  /** It is time to send again: timers A, E, G. */
  | "retransmit"
  /** No answer came: timers B, F, H. */
  | "timeout"
  /** The state has lasted long enough: timers D, I, J, K, L, M. */
  | "linger"
  /** The request could not be delivered. */
  | "unreachable"
  /** The transaction user doesn't wait any longer, but wants to hear of a late answer. */
  | "abandon"
  /** The caller has hung up, or another answer counts: whoever has the request must be told so by CANCEL, once it shows that it has it. */
  | "disown"
  | "anew"
  /** It waits again. */
  | "resume"
  /** The transaction user has sent CANCEL (§9.1). */
  | "cancelled";

/** What a transition may ask for. */
export type Action =
  /** Sends the request (client) or the last response (server). */
  | "send"
  /** Sends the ACK to a 3xx–6xx response (client). */
  | "sendAck"
  /** Tells the transaction user about the response, the ACK or the failure at hand. */
  | "tell"
  /** Starts the retransmission timer at T1. */
  | "startRetransmit"
  /** Starts it anew at twice its last interval: timer A. */
  | "doubleRetransmit"
  /** Starts it anew at twice its last interval, at most T2: timers E and G. */
  | "doubleRetransmitToT2"
  /** Starts it anew at T2: timer E once a provisional response has come. */
  | "retransmitEveryT2"
  | "stopRetransmit"
  /** Starts the timer of patience, 64·T1: timers B, F, H. */
  | "startTimeout"
  | "stopTimeout"
  /** Starts the lingering timer, for responses that follow: 64·T1 (L, M). */
  | "linger64T1"
  /** Starts it for what an unreliable transport may repeat: 64·T1 (D, J) or T4 (I, K); nothing does over a reliable one. */
  | "absorb64T1"
  | "absorbT4";

/** Where a transaction can be; each machine has some of these. */
export type State =
  | "calling"
  | "trying"
  | "proceeding"
  | "abandoned"
  | "disowned"
  | "accepted"
  | "completed"
  | "confirmed"
  | typeof TERMINATED;

export type Transition<S extends State = State> = machine.Transition<S, Action>;

type Row<S extends State> = machine.Row<S, Input, Action>;

/** A machine with these states: each but the last one has a row. */
export interface Machine<S extends State> extends AnyMachine {
  readonly initial: S;
  readonly states: Readonly<Record<Exclude<S, typeof TERMINATED>, Row<S>>>;
}

/** The same for all machines. */
export interface AnyMachine {
  readonly initial: State;
  /** What creating the transaction does. */
  readonly start: readonly Action[];
  /** state → input → transition; an input that is missing is ignored in that state. */
  readonly states: Readonly<Partial<Record<State, Row<State>>>>;
}

/** What a response with this status is to a machine. */
export function inputOf(status: number): "provisional" | "success" | "failure" {
  if (status < 200) return "provisional";
  return status < 300 ? "success" : "failure";
}

/** The state in which a transaction is forgotten; no machine leaves it. */
export const TERMINATED = "terminated";

/** The transition for `input` in `state`; undefined when the machine ignores it. */
export function step(of: AnyMachine, state: State, input: Input): Transition | undefined {
  return of.states[state]?.[input];
}
