/** What carries an agent's messages: a place in a simulated network (`virtual-wire.ts`), or a socket (`udp-wire.ts`). */
import type { Address } from "./address.ts";

/**
 * Told of each message that arrives.
 * @param text one character an octet
 * @param at_ms when, by the wire's own clock
 */
export type OnText = (text: string, from: Address, at_ms: number) => void;

export interface Wire {
  /** Sends one message. What the network does with it isn't the sender's to know. */
  send(text: string, to: Address): void;
  /** From now on nothing arrives. */
  close(): void | Promise<void>;
}

/** What agents that do something later need: a simulation, or {@link REAL_TIME}. */
export interface Clock {
  after(delay_ms: number, run: () => void): void;
}

/** Keeps no process from ending. */
export const REAL_TIME: Clock = {
  after: (delay_ms, run) => {
    setTimeout(run, delay_ms).unref();
  },
};

/** Milliseconds of the machine's monotonic clock: comparable between processes. */
export function monotonic_ms(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
