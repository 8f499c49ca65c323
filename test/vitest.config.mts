import { defineConfig } from "vitest/config";

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
const shared = { dir: "test", testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
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
