/** Times of events by the router's clock: stable, and right once the clock is. */
import { expect, test } from "vitest";
import { WallTime } from "../../src/app/wall-time.ts";

function clocks() {
  const router = { now_ms: 1_000, wall_ms: 0 };
  const time = new WallTime(
    () => router.now_ms,
    () => router.wall_ms,
  );
  return { router, time };
}

test("the same event has the same time, although two clocks are never read at the same instant", () => {
  const { router, time } = clocks();
  router.wall_ms = 1_700_000_000_000;
  const told = new Set<number>();
  for (let asked = 0; asked < 50; asked++) {
    router.now_ms += 10_000.3;
    router.wall_ms += 10_000 + (asked % 3);
    told.add(time.of(500));
  }
  expect([...told]).toEqual([1_700_000_000_000 - 500]);
});

test("a router without a battery begins in 1970: once its clock is set, what happened before has its true time", () => {
  const { router, time } = clocks();
  expect(time.of(400)).toBe(-600);
  router.now_ms = 61_000;
  router.wall_ms = 1_700_000_060_000;
  expect(time.of(400)).toBe(1_700_000_060_000 - 60_600);
  expect(time.of(61_000)).toBe(1_700_000_060_000);
});
