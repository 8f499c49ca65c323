/** What V8 is asked to do about memory does what it is asked for. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { SMALL_YOUNG_GENERATION } from "../../src/io/node/memory.ts";

/** Makes objects that live for a while, as calls do, and prints how large the young generation has become, in MB. */
const LOAD = `
  const v8 = require("v8");
  if (process.argv[1] !== "") v8.setFlagsFromString(process.argv[1]);
  const living = [];
  for (let i = 0; i < 300000; i++) living[i % 30000] = { text: "call " + i, parts: [i, i + 1] };
  const young = v8.getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
  process.stdout.write(String(young.space_size / 2 ** 20));
`;

function youngGeneration_mb(flag: string): number {
  return Number(execFileSync(process.execPath, ["-e", LOAD, "--", flag], { encoding: "utf8" }));
}

test("the young generation stays as small as at the start, where it would grow", () => {
  expect(youngGeneration_mb("")).toBeGreaterThan(4);
  expect(youngGeneration_mb(SMALL_YOUNG_GENERATION)).toBeLessThanOrEqual(2);
});
