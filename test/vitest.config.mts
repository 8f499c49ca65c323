import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes the machine to its limits, or measures milliseconds: these have it for themselves, one after the other. */
const ALONE = [
  "peers/soak.test.ts",
  "peers/floods.test.ts",
  "peers/memory.test.ts",
  "peers/call-load.test.ts",
  "peers/outage-timing.test.ts",
  "peers/missing-route.test.ts",
  "peers/burst-at-start.test.ts",
  "peers/dns-upstream.test.ts",
  "peers/power-cut.test.ts",
  "property/effort.property.test.ts",
];
/** What waits for time to pass more than it works: a tenth of a processor each. */
const PATIENT = [
  "peers/wan-cut.test.ts",
  "peers/wan-cut-tcp.test.ts",
  "peers/wan-flaps.test.ts",
  "peers/phones-in-outage.test.ts",
  "peers/phones-over-streams.test.ts",
  "peers/kamailio-baresip.test.ts",
  "peers/stock-kamailio.test.ts",
  "peers/named-proxy-over-streams.test.ts",
  "peers/transfer-in-outage.test.ts",
  "peers/reboot.test.ts",
  "peers/hold-across-a-cut.test.ts",
  "peers/call-across-a-cut.test.ts",
  "peers/lossy-line.test.ts",
  "io/dns.test.ts",
];
/** Short files that take long: begun last, they would run on alone. All others are begun in the order of their sizes. */
const FIRST = [
  "lanes/lanes.test.ts",
  "peers/wan-cut.test.ts",
  "routers/debian.test.ts",
  "routers/edgeos-upgrade.test.ts",
  "routers/edgeos-runtime.test.ts",
  "peers/kill-at-random.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isFirst = ({ moduleId }: TestSpecification) => FIRST.some((name) => moduleId.endsWith(name));
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

/** What the bundler sets otherwise. */
const BUNDLED = { BRANCHLINE_VERSION: '"0.0.0"', BRANCHLINE_BUILT: '"2026-01-01T00:00:00Z"' };

const anywhere = (file: string) => `**/${file}`;
let groups = 0;

/** One group begins when the one before it is over. */
function group(name: string, maxWorkers: number, include: string[], exclude: string[] = []) {
  const sequence = { groupOrder: groups++ };
  return {
    define: BUNDLED,
    test: { dir: "test", testTimeout: 30_000, hookTimeout: 60_000, name, include, exclude, maxWorkers, sequence },
  };
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      // A third waits for a child process while two work.
      group("side by side", 3, ["**/*.test.ts"], [...PATIENT, ...ALONE].map(anywhere)),
      group("patient", 6, PATIENT.map(anywhere)),
      group("alone", 1, ALONE.map(anywhere)),
    ],
  },
});
