/** Ends an event of the running proxy that takes too long: one message that a bug turns into a loop mustn't stop all calls. */
import * as native from "native";
import type { Logger } from "../../base/ports.ts";
import { setUncaught } from "./loop.ts";
import { setImmediate } from "./timers.ts";

/** A thousand times what a message takes on a slow router. */
const LIMIT_ms = 1_000;

/**
 * From now on such an event is told to the log, and the proxy goes on with the next one.
 * @param goOn does what an event does at its end, such as asking to be woken: one that is ended knows no `finally`
 */
export function guardEvents(log: Logger, goOn: () => void): void {
  native.setWatchdog(LIMIT_ms);
  const overrun = `an event took longer than ${LIMIT_ms} ms`;
  setUncaught((error) => {
    if (!(error instanceof Error) || error.message !== overrun) throw error;
    log.error("event_ended", { error: overrun, stack: error.stack ?? "" });
    setImmediate(goOn);
  });
}
