import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes the machine to its limits, or measures milliseconds: these have it for themselves, one after the other. */
const ALONE = [
  "peers/soak.test.ts",
  "peers/floods.test.ts",
  "peers/call-load.test.ts",
  "peers/outage-timing.test.ts",
  "peers/missing-route.test.ts",
  "peers/burst-at-start.test.ts",
  "peers/dns-upstream.test.ts",
  "peers/power-cut.test.ts",
  "property/effort.property.test.ts",
];
/** Short files that take long: begun last, they would run on alone. All others are begun in the order of their sizes. */
const FIRST = ["lanes/lanes.test.ts"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isFirst = ({ moduleId }: TestSpecification) => FIRST.some((name) => moduleId.endsWith(name));
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

const shared = { dir: "test", testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        // Most of the rest waits for time to pass.
        test: {
          ...shared,
          name: "side by side",
          include: ["**/*.test.ts"],
          exclude: ALONE.map((file) => `**/${file}`),
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: "alone",
          include: ALONE.map((file) => `**/${file}`),
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
