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
