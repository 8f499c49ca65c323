/** Time and waiting. */
import { monotonic_ms } from "../../sip/wire.ts";
import { PATIENCE_MS } from "../../support/machine.ts";
import { patient } from "./patience.ts";

export { monotonic_ms };

const POLL_INTERVAL_MS = 10;

/** For the few things that send no event, such as a port that gets bound: asks every few milliseconds, for a bounded time. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  limit_ms = PATIENCE_MS,
): Promise<void> {
  const patient_ms = patient(limit_ms);
  const end_ms = monotonic_ms() + patient_ms;
  while (!(await isTrue())) {
    if (monotonic_ms() > end_ms) throw new Error(`${what}: not within ${patient_ms} ms`);
    await pause(POLL_INTERVAL_MS);
  }
}

/** Lets time pass: for tests that show that nothing happens, and for calls that last. */
export function pause(duration_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}
