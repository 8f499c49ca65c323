/** Waits in place, as `io/node/pause.ts` does. */
import * as native from "native";

/** Blocks everything for so long: only for commands, never in the running proxy. */
export function sleep_ms(duration_ms: number): void {
  native.wait([], duration_ms);
}
