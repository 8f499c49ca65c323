/** Waits in place. `io/quickjs/pause.ts` is the other host's. */

/** Blocks everything for so long: only for commands, never in the running proxy. */
export function sleep_ms(duration_ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration_ms);
}
