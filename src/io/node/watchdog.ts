/** Node can't end an event that takes too long. `io/quickjs/watchdog.ts` is the other host's. */
import type { Logger } from "../../base/ports.ts";

/** Guards the running proxy's events, where the host can. */
export function guardEvents(_log: Logger, _goOn: () => void): void {}
