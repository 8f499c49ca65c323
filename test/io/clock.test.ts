/** The system's clock, where Node's timers differ from what the core asks for. */
import { expect, test } from "vitest";
import { SystemClock } from "../../src/io/node/clock.ts";

/** Node takes a longer time for no time at all. */
const NODES_MAX_ms = 2 ** 31 - 1;

test("a time that is farther away than Node can wait wakes nothing at once", async () => {
  let wakes = 0;
  const clock = new SystemClock(() => {
    wakes += 1;
  });
  const now_ms = clock.now_ms();
  clock.wakeAt(now_ms + NODES_MAX_ms + 1_000, now_ms);
  await new Promise((resolve) => setTimeout(resolve, 30));
  clock.stop();
  expect(wakes).toBe(0);
});
