/** When the file's drills are due: by the router's own clock, once for each time that it has. */
import { describe, expect, it, test } from "vitest";
import { type DrillPlan, DrillSchedule, type DrillTime, isDue, WEEKDAYS } from "../../src/app/drill-schedule.ts";
import { Timers } from "../../src/base/timers.ts";

const DAY_ms = 86_400_000;
const local = (time_ms: number) => new Date(time_ms).toISOString().slice(0, 19).replace("T", " ");

test.each<readonly [string, DrillTime, boolean]>([
  ["2026-11-29 05:00:00", { time: "05:00", day: undefined }, true],
  ["2026-11-29 05:00:59", { time: "05:00", day: undefined }, true],
  ["2026-11-29 05:01:00", { time: "05:00", day: undefined }, false],
  ["2026-11-29 05:00:00", { time: "05:00", day: "Sun" }, true],
  ["2026-11-30 05:00:00", { time: "05:00", day: "Sun" }, false],
  ["2028-02-29 05:00:00", { time: "05:00", day: "Tue" }, true],
  ["2026-11-15 05:00:00", { time: "05:00", day: 15 }, true],
  ["2026-11-16 05:00:00", { time: "05:00", day: 15 }, false],
  ["no time at all", { time: "05:00", day: undefined }, false],
])("at %s, %j is due: %s", (now, time, isIt) => {
  expect(isDue({ at: [time] }, now)).toBe(isIt);
});

test("knows the day of the week of each day from 1970 to 2100", () => {
  const wrong: number[] = [];
  for (let day = 0; day < 130 * 365.25; day++) {
    const weekday = WEEKDAYS[(new Date(day * DAY_ms).getUTCDay() + 6) % 7];
    if (!isDue({ at: [{ time: "00:00", day: weekday }] }, local(day * DAY_ms))) wrong.push(day);
  }
  expect(wrong).toEqual([]);
});

describe("the schedule", () => {
  const plan: DrillPlan = { phones: ["201"], for_ms: 60_000, at: [{ time: "05:00", day: undefined }] };

  function scheduled(start_ms: number) {
    const clock = { now_ms: start_ms };
    const begun: string[] = [];
    const timers = new Timers();
    const schedule = new DrillSchedule(
      timers,
      () => local(clock.now_ms),
      () => void begun.push(local(clock.now_ms)),
    );
    const run = (until_ms: number) => {
      let wakes = 0;
      for (let at_ms = timers.nextWake_ms(); at_ms !== undefined && at_ms <= until_ms; at_ms = timers.nextWake_ms()) {
        clock.now_ms = Math.max(clock.now_ms, at_ms);
        timers.run(clock.now_ms);
        wakes += 1;
      }
      clock.now_ms = until_ms;
      return wakes;
    };
    return { schedule, begun, run };
  }

  it("begins one each day, once, wherever in a minute it was started", () => {
    for (const second of [0, 1, 30, 59]) {
      const start_ms = second * 1_000;
      const { schedule, begun, run } = scheduled(start_ms);
      schedule.take(plan, start_ms);
      run(start_ms + 3 * DAY_ms);
      expect(begun.map((time) => time.slice(0, 16))).toEqual([
        "1970-01-01 05:00",
        "1970-01-02 05:00",
        "1970-01-03 05:00",
      ]);
    }
  });

  it("wakes nobody without a plan, also where a reload takes it away", () => {
    const { schedule, begun, run } = scheduled(0);
    expect(run(DAY_ms)).toBe(0);
    schedule.take(plan, DAY_ms);
    schedule.take(undefined, DAY_ms);
    expect(run(3 * DAY_ms)).toBe(0);
    expect(begun).toEqual([]);
  });
});
