/** Programmer errors: they end the transaction in which they happen, never the process. */

/** Throws when `condition` does not hold: a bug of ours, never bad input. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${what}`);
}

/** Marks the unreachable end of an exhaustive switch. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${String(value)}`);
}
