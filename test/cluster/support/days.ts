/** Days of a branch, one after the other: what is wrong with one of them is told with as little around it as it needs. */
import { type Verdict, verdictOf } from "./day-judge.ts";
import { type Day, dayInWords } from "./day-plan.ts";
import type { Group } from "./day-play.ts";

export type GroupOf = (day: Day) => Group;

/** The same day without all that it doesn't need to fail. */
async function shrink(day: Day, groupOf: GroupOf): Promise<Day> {
  let least = day;
  for (const part of ["troubles", "calls", "registrations"] as const) {
    for (const one of [...day[part]]) {
      const less = { ...least, [part]: (least[part] as readonly unknown[]).filter((other) => other !== one) } as Day;
      if ((await verdictOf(less, groupOf(less))).faults.length > 0) least = less;
    }
  }
  return least;
}

/** @throws what is wrong, with less around it */
export async function playDay(day: Day, groupOf: GroupOf): Promise<Verdict> {
  const verdict = await verdictOf(day, groupOf(day));
  if (verdict.faults.length === 0) return verdict;
  const least = await shrink(day, groupOf);
  const { faults } = await verdictOf(least, groupOf(least));
  const head = `BRANCHLINE_SEED=${day.seed} plays it first`;
  throw new Error([head, ...verdict.faults, "with less:", dayInWords(least), ...faults].join("\n"));
}

/** @returns the share of their calls that were judged in full, in percent; it is printed with why the others weren't */
export async function playDays(count: number, dayOf: (index: number) => Day, groupOf: GroupOf): Promise<number> {
  const excused = new Map<string, number>();
  let strict = 0;
  for (let index = 0; index < count; index++) {
    const verdict = await playDay(dayOf(index), groupOf);
    strict += verdict.strict;
    for (const [why, calls] of verdict.excused) excused.set(why, (excused.get(why) ?? 0) + calls);
  }
  const all = strict + [...excused.values()].reduce((sum, calls) => sum + calls, 0);
  const reasons = [...excused].map(([why, calls]) => `${calls} ${why}`).join("; ");
  console.log(`${all} calls in ${count} days, ${strict} of them as with a single router; not judged: ${reasons}`);
  return (100 * strict) / all;
}
