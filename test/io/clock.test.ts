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

test("times are told as a Date tells them, one after the other and to and fro", () => {
  const clock = new SystemClock(() => {});
  const times = [0, 1, 999, 1_000, 1_800_000_000_000, 1_800_000_000_999.7, 1_799_999_999_999.2, -1, -1_000, -0.5, 5];
  for (const time_ms of times) expect(clock.isoTime(time_ms)).toBe(new Date(time_ms).toISOString());
  expect(() => clock.isoTime(Number.NaN)).toThrow();
});
