/**
 * A branch's day with three or five members that have one address, each datagram at another one of them: the calls of a pair's days, while members are
 * killed, stopped, started, drained, joined and cut from each other, datagrams get lost, and clocks are set, several of it at once. The same day
 * with a single router to which nothing happens says what must have come of each call.
 *
 * Two members that take calls and hear all others are always left; where only a line between two is cut, one. A call may be lost only if its member ends
 * within a moment in which lines between members have lost what it told of that call. `BRANCHLINE_LONG=1`: ten thousand days.
 * `BRANCHLINE_SEED=N` plays day N first.
 */
import { expect, test } from "vitest";
import { seedOf } from "../support/chance.ts";
import { anycastOf, type Day, dayOf } from "./support/day-plan.ts";
import { playDay, playDays } from "./support/days.ts";
import { WholeAnycast } from "./support/whole-anycast.ts";

const IS_LONG = process.env["BRANCHLINE_LONG"] === "1";
const DAYS = IS_LONG ? 10_000 : 30;
/** The short form plays the same days each time. */
const FIRST = 1;
/** Days on which something was wrong once. */
const TELLING = [41, 172, 294, 1038, 1187, 1273, 1278, 2002, 2328, 2767];
/** The least share of the calls that are judged in full. */
const STRICT_PERCENT = 90;

/** Of each five, three have three members, and two have five. */
const countOf = (seed: number) => (seed % 5 < 3 ? 3 : 5);
const anycastDayOf = (seed: number) => dayOf(seed, anycastOf(countOf(seed)));
const groupOf = (day: Day) => new WholeAnycast(day);

test.each(TELLING)("day %i, on which something was wrong once", async (seed) => {
  expect((await playDay(anycastDayOf(seed), groupOf)).strict).toBeGreaterThan(0);
});

test(`members with one address keep what a single router would have kept: ${DAYS} days`, {
  timeout: 7_200_000,
}, async () => {
  const isSame = !IS_LONG && process.env["BRANCHLINE_SEED"] === undefined;
  const first = isSame ? FIRST : seedOf("days of members with one address");
  expect(await playDays(DAYS, (index) => anycastDayOf(first + index), groupOf)).toBeGreaterThan(STRICT_PERCENT);
});
