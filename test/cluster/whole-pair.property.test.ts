/**
 * A branch's day with a whole pair of routers: calls, registrations and an outage, while routers are killed, stopped, started, drained, joined
 * and cut from each other, datagrams get lost, and clocks are set. The same day with a single router to which nothing happens says what must
 * have come of each call. `BRANCHLINE_LONG=1`: ten thousand days. `BRANCHLINE_SEED=N` plays day N first.
 */
import { expect, test } from "vitest";
import { judge, type Verdict } from "./support/day-judge.ts";
import { type Day, dayInWords, dayOf } from "./support/day-plan.ts";
import { playAlone, playInPair } from "./support/day-play.ts";
import { seedOf } from "./support/seed.ts";

const IS_LONG = process.env["BRANCHLINE_LONG"] === "1";
const DAYS = IS_LONG ? 10_000 : 500;
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

async function verdictOf(day: Day): Promise<Verdict> {
  const alone = await playAlone(day);
  return judge(day, alone, await playInPair(day));
}

/** The same day without all that it doesn't need to fail. */
async function shrink(day: Day): Promise<Day> {
  let least = day;
  for (const part of ["troubles", "calls", "registrations"] as const) {
    for (const one of [...day[part]]) {
      const less = { ...least, [part]: (least[part] as readonly unknown[]).filter((other) => other !== one) } as Day;
      if ((await verdictOf(less)).faults.length > 0) least = less;
    }
  }
  return least;
}

/** @throws what is wrong, with less around it */
async function playDay(seed: number): Promise<Verdict> {
  const day = dayOf(seed);
  const verdict = await verdictOf(day);
  if (verdict.faults.length === 0) return verdict;
  const least = await shrink(day);
  const { faults } = await verdictOf(least);
  const head = `BRANCHLINE_SEED=${seed} plays it first`;
  throw new Error([head, ...verdict.faults, "with less:", dayInWords(least), ...faults].join("\n"));
}

test.each(TELLING)("day %i, on which something was wrong once", async (seed) => {
  expect((await playDay(seed)).strict).toBeGreaterThan(0);
});

test(`a pair keeps what a single router would have kept: ${DAYS} days`, { timeout: 7_200_000 }, async () => {
  const isSame = !IS_LONG && process.env["BRANCHLINE_SEED"] === undefined;
  const first = isSame ? FIRST : seedOf("days of a pair");
  const excused = new Map<string, number>();
  let strict = 0;
  for (let seed = first; seed < first + DAYS; seed++) {
    const verdict = await playDay(seed);
    strict += verdict.strict;
    for (const [why, calls] of verdict.excused) excused.set(why, (excused.get(why) ?? 0) + calls);
  }
  const all = strict + [...excused.values()].reduce((sum, calls) => sum + calls, 0);
  const reasons = [...excused].map(([why, calls]) => `${calls} ${why}`).join("; ");
  console.log(`${all} calls in ${DAYS} days, ${strict} of them as with a single router; not judged: ${reasons}`);
  expect((100 * strict) / all).toBeGreaterThan(STRICT_PERCENT);
});
