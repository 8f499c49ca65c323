/** What the pure floors ask of a host besides its sockets: chance, a keyed hash, and somewhere to log to. */

/** Values of a log event; bytes of SIP messages never go in. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Log events are names with fields. error: broken; warn: someone should look; info: an operator cares; debug: one line a transaction. */
export interface Logger {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
}

/** Unpredictable text for tags, branches and Call-IDs. */
export interface Random {
  /** `length` characters of [0-9a-z]. */
  token(length: number): string;
  /** A number from 0 up to, but not, 1. */
  fraction(): number;
}

/** A keyed hash: 16 characters of [A-Za-z0-9_-] that nobody without this installation's secret can make. */
export type Mac = (text: string) => string;
