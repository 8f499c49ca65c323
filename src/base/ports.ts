/** What the pure floors ask of a host besides its sockets: chance, a keyed hash, and somewhere to log to. */
import type { EventFields, EventsAt } from "./event-types.ts";

/** Values of a log event; bytes of SIP messages never go in. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Log events are names with fields: what each level can tell stands in events.ts, and nothing else compiles. */
export interface Logger {
  error<N extends EventsAt<"error">>(event: N, fields: EventFields[N]): void;
  warn<N extends EventsAt<"warn">>(event: N, fields: EventFields[N]): void;
  info<N extends EventsAt<"info">>(event: N, fields: EventFields[N]): void;
  debug<N extends EventsAt<"debug">>(event: N, fields: EventFields[N]): void;
}

/** Unpredictable text for tags, branches and Call-IDs. */
export interface Random {
  /** `length` characters of [0-9a-z]. */
  token(length: number): string;
  /** A number from 0 up to, but not, 1. */
  fraction(): number;
}

/** A piece of memory beside the engine's heap, for texts with one character an octet. Node's Buffer is one. */
export interface Octets {
  latin1Write(text: string, at: number, length: number): number;
  latin1Slice(start: number, end: number): string;
}

export type MakeOctets = (length: number) => Octets;

/** A keyed hash: 16 characters of [A-Za-z0-9_-] that nobody without this installation's secret can make. */
export type Mac = (text: string) => string;
