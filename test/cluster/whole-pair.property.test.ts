/**
 * A branch's day with a whole pair of routers: calls, registrations and an outage, while routers are killed, stopped, started, drained, joined
 * and cut from each other, datagrams get lost, and clocks are set. The same day with a single router to which nothing happens says what must
 * have come of each call. `BRANCHLINE_LONG=1`: ten thousand days. `BRANCHLINE_SEED=N` plays day N first.
 */
import { expect, test } from "vitest";
import { seedOf } from "../support/chance.ts";
import { type Day, dayOf } from "./support/day-plan.ts";
import { playDay, playDays } from "./support/days.ts";
import { PairGroup } from "./support/pair-group.ts";

const IS_LONG = process.env["BRANCHLINE_LONG"] === "1";
const DAYS = IS_LONG ? 10_000 : 150;
/** The short form plays the same days each time. */
const FIRST = 1;
/** Days on which something was wrong once. */
const TELLING = [
  460_661_533, 460_661_571, 460_661_884, 700_000_004, 700_000_806, 700_001_006, 700_001_814, 700_001_974, 720_005_265,
  730_001_517, 730_002_406, 730_002_465, 730_003_179, 730_005_419, 730_005_455, 730_006_726, 730_007_728, 730_008_067,
  730_009_662,
];
/** The least share of the calls that are judged in full. */
const STRICT_PERCENT = 60;

const groupOf = (day: Day) => new PairGroup(day);

test.each(TELLING)("day %i, on which something was wrong once", async (seed) => {
  expect((await playDay(dayOf(seed), groupOf)).strict).toBeGreaterThan(0);
});

test(`a pair keeps what a single router would have kept: ${DAYS} days`, { timeout: 7_200_000 }, async () => {
  const isSame = !IS_LONG && process.env["BRANCHLINE_SEED"] === undefined;
  const first = isSame ? FIRST : seedOf("days of a pair");
  expect(await playDays(DAYS, (index) => dayOf(first + index), groupOf)).toBeGreaterThan(STRICT_PERCENT);
});
