/** What a host tells, one event at a time: what sockets receive, what DNS and the kernel answer, and that time has passed. */
import type { Flow } from "./flow.ts";
import type { Answer, Question } from "./next-hops.ts";

/** Takes what the sockets receive. */
export interface TransportSink {
  /**
   * A datagram, or one message of a stream, as wire text.
   * @returns whether its sender may ask or answer something here: a stranger's connection stays for that alone
   */
  onMessage(wire: string, source: Flow): boolean;
  /**
   * The peer has refused a message or its connection, or there is no route to it.
   * @param why the system's word for it, somewhere in it, "ECONNREFUSED"; "" when nothing was tried
   */
  onUnreachable(flow: Flow, why: string): void;
  /**
   * A connection has ended that stood: what waits there for an answer waits in vain, but the peer may be well.
   * @param wasReused whether what was sent last found it open, and the peer has ended it
   */
  onClosed(flow: Flow, wasReused: boolean): void;
  /** Whether somebody at `address` belongs here: strangers get few connections, and little time. */
  knows(address: string): boolean;
  /** Whether upstream or a gateway is there: their connections never make room for others. */
  isPeer(address: string): boolean;
}

export interface HostUser extends TransportSink {
  /** DNS has answered; undefined: it fails. */
  onAnswer(question: Question, answer: Answer | undefined): void;
  /** The kernel would reach `address` from this one of our addresses; undefined: it knows no route. */
  onSource(address: string, source: string | undefined): void;
  /** The time has come at which the user wished to be woken. */
  onWake(): void;
  /** A load is over. Things that outlive it lie scattered, and memory could be given back if they were written anew. */
  onCalm(): void;
}
