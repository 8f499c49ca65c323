/** When the binary without Node searches its heap for garbage: loads, and what the engine itself has or hasn't found, look by look. */
import { expect, test } from "vitest";
import { HeapCare } from "../../src/io/quickjs/heap-care.ts";

const MB = 1_048_576;

/** At each look what is in use, and how much of it is garbage, both in MB. @returns the looks at which the heap was searched, and those at which a load was over */
function play(looks: readonly (readonly [used_MB: number, garbage_MB: number])[]) {
  const care = new HeapCare();
  const [searches, ends]: [number[], number[]] = [[], []];
  let freed_MB = 0;
  looks.forEach(([used_MB, garbage_MB], look) => {
    const used = (used_MB - freed_MB) * MB;
    if (!care.wants(used)) return;
    searches.push(look);
    if (care.searched(used, used - garbage_MB * MB)) ends.push(look);
    freed_MB += garbage_MB;
  });
  return { searches, ends };
}

const still = (count: number, used_MB: number) => Array.from({ length: count }, () => [used_MB, 0] as const);

test("a heap that stays as it is is searched at ever longer intervals, of 32 looks at the most", () => {
  const { searches, ends } = play(still(120, 4));
  expect(searches).toEqual([0, 1, 3, 7, 15, 31, 63, 95]);
  expect(ends).toEqual([]);
});

test("a load in which no search finds garbage is searched for what it leaves at the next look, and is over then", () => {
  const load = [4, 11, 18, 24].map((used_MB) => [used_MB, 0] as const);
  // The calls have ended, and are garbage in circles: no byte less is in use.
  const { searches, ends } = play([...load, [24, 20], ...still(3, 24)]);
  expect(searches.slice(0, 6)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(ends).toEqual([4]);
});

test("a load that ends bit by bit is over more than once", () => {
  const steps = [4, 24, 22, 20, 17, 14, 11, 8, 5].map((used_MB) => [used_MB, 0] as const);
  expect(play(steps).ends).toEqual([4, 6, 7, 8]);
});
