/** Readiness that is lost and regained: told once, and seldom where a fault comes and goes. */
import { expect, test } from "vitest";
import { type ReadinessTurn, ReadinessWatch } from "../../../src/app/observe/readiness-watch.ts";
import { Timers } from "../../../src/base/timers.ts";

const MINUTE_ms = 60_000;
const HOUR_ms = 60 * MINUTE_ms;
const FAULT = "phones: no phone is registered";

/** A watch on a clock of the test's. @param faultsAt what would fail then */
function watch(faultsAt: (minute: number) => readonly string[], lost_ms?: number) {
  const timers = new Timers();
  const told: (readonly [minute: number, turn: ReadinessTurn])[] = [];
  let now_ms = 0;
  let looks = 0;
  const faults = () => {
    looks += 1;
    return faultsAt(now_ms / MINUTE_ms);
  };
  const made = new ReadinessWatch(timers, faults, (turn, at_ms) => told.push([at_ms / MINUTE_ms, turn]));
  made.start(0, lost_ms);
  const pass = (duration_ms: number) => {
    const end_ms = now_ms + duration_ms;
    for (let next = timers.nextDeadline_ms(); next !== undefined && next <= end_ms; next = timers.nextDeadline_ms()) {
      now_ms = next;
      timers.run(now_ms);
    }
    now_ms = end_ms;
  };
  return { made, told, pass, looks: () => looks, now_ms: () => now_ms };
}

test("a fault counts once it has been there for a minute, its end after five minutes without any", () => {
  const { told, pass } = watch((minute) => (minute >= 10 && minute < 20 ? [FAULT, "gateways: all are down"] : []));
  pass(HOUR_ms);
  expect(told).toEqual([
    [11, { is_ready: false, faults: [FAULT, "gateways: all are down"] }],
    [25, { is_ready: true, faults: [], lost_ms: 14 * MINUTE_ms }],
  ]);
});

test("a fault that is gone at the next look is nothing, and nothing is told where there never was one", () => {
  const { told, pass, looks } = watch((minute) => (minute % 10 === 0 ? [FAULT] : []));
  pass(24 * HOUR_ms);
  expect(told).toEqual([]);
  expect(looks()).toBe(24 * 60);
});

test("a fault that comes and goes every few minutes stays one loss", () => {
  const { told, pass } = watch((minute) => (minute % 6 < 3 ? [FAULT] : []));
  pass(24 * HOUR_ms);
  expect(told.map(([, { is_ready }]) => is_ready)).toEqual([false]);
});

test("a fault that comes and goes each quarter of an hour is told three times a day at the most", () => {
  const { told, pass } = watch((minute) => (minute % 30 < 15 ? [FAULT] : []));
  pass(24 * HOUR_ms);
  expect(told.filter(([, { is_ready }]) => !is_ready)).toHaveLength(3);
  expect(told.length).toBeLessThanOrEqual(6);
});

test("after a quiet day, a loss is over within five minutes again", () => {
  const faulty = (minute: number) => [0, 30, 60, 3_000].some((begin) => minute >= begin && minute < begin + 10);
  const { told, pass } = watch((minute) => (faulty(minute) ? [FAULT] : []));
  pass(60 * HOUR_ms);
  const regained = told.filter(([, { is_ready }]) => is_ready).map(([minute]) => minute);
  expect(regained[0]).toBe(15);
  expect(regained[regained.length - 1]).toBe(3_015);
});

test("a reload is looked at, at once", () => {
  let faults: readonly string[] = [];
  const { made, told, pass, now_ms } = watch(() => faults);
  pass(90_000);
  faults = [FAULT];
  made.onReload(now_ms());
  expect(told).toEqual([]);
  pass(MINUTE_ms);
  expect(told).toEqual([[2.5, { is_ready: false, faults: [FAULT] }]]);
});

test("what was lost before a restart is no second loss, and is regained", () => {
  const { told, pass } = watch((minute) => (minute < 3 ? [FAULT] : []), -10 * MINUTE_ms);
  pass(HOUR_ms);
  expect(told).toEqual([[8, { is_ready: true, faults: [], lost_ms: 18 * MINUTE_ms }]]);
});

test("a watch that is stopped looks no more, not at a reload either", () => {
  const { made, pass, looks } = watch(() => [FAULT]);
  made.stop();
  made.onReload(1_000);
  pass(HOUR_ms);
  expect(looks()).toBe(0);
});
