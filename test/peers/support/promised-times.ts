/** Times on the wire: printed beside what is promised, and compared as far as a busy machine allows. */
import { expect } from "vitest";
import { CLOCK_GRAIN_MS, MACHINE_TOLERANCE_MS } from "../../support/machine.ts";

/**
 * An fr_timer, a ring time and the like from which "at once" can be told on a busy machine. It is the longest fr_timer
 * that the file may have: for tests in which nothing waits for it.
 */
export const FAR_MS = 32_000;

/** It came when it was promised: not earlier, and for no other reason that would have made it wait longer. */
export function expectAt(what: string, measured_ms: number, promised_ms: number): void {
  console.log(`${what} at ${measured_ms.toFixed(1)} ms, promised ${promised_ms}`);
  expectNear(what, measured_ms, promised_ms);
}

/** As {@link expectAt}, for what has been printed already. */
export function expectNear(what: string, measured_ms: number, promised_ms: number): void {
  expect(measured_ms, what).toBeGreaterThanOrEqual(promised_ms - CLOCK_GRAIN_MS);
  expect(measured_ms, what).toBeLessThanOrEqual(promised_ms + MACHINE_TOLERANCE_MS);
}

/** As {@link expectAt}, for what something else may bring earlier. */
export function expectWithin(what: string, measured_ms: number, promised_ms: number): void {
  console.log(`${what} after ${measured_ms.toFixed(1)} ms, promised within ${promised_ms}`);
  expect(measured_ms, what).toBeLessThanOrEqual(promised_ms + MACHINE_TOLERANCE_MS);
}

/** Nothing was waited for: all timers of the file are longer than this allows. */
export function expectAtOnce(what: string, measured_ms: number): void {
  console.log(`${what} after ${measured_ms.toFixed(1)} ms, promised at once`);
  expect(measured_ms, what).toBeLessThanOrEqual(MACHINE_TOLERANCE_MS);
}
