import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes the machine to its limits, or measures milliseconds: these have it for themselves, one after the other. */
const ALONE = [
  "peers/floods.test.ts",
  "peers/outage-timing.test.ts",
  "peers/call-load.test.ts",
  "peers/missing-route.test.ts",
  "peers/burst-at-start.test.ts",
];
/** Floods that leave half of the machine free: two at a time. */
const IN_PAIRS = ["peers/memory-node-12.test.ts", "peers/memory-node-20.test.ts"];
/** What waits for time to pass more than it works: a tenth of a processor each. */
const PATIENT = [
  "peers/wan-cut.test.ts",
  "peers/wan-cut-unnoticed.test.ts",
  "peers/soak.test.ts",
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
  "peers/power-cut.test.ts",
  "peers/dns-upstream.test.ts",
  "setup/init-topologies.test.ts",
  "io/dns.test.ts",
  "ten-minutes/ten-minutes.test.ts",
];
/** Short files that take long: begun last, they would run on alone. All others are begun in the order of their sizes. */
const FIRST = [
  "lanes/lanes.test.ts",
  "peers/wan-cut.test.ts",
  "routers/debian.test.ts",
  "routers/replace.test.ts",
  "routers/edgeos-upgrade.test.ts",
  "routers/edgeos-runtime.test.ts",
  "peers/kill-at-random.test.ts",
  "peers/soak.test.ts",
  "scenario/plans-as-json.test.ts",
];

/**
 * Folders of tests that only calculate, from modules that keep nothing between two of them: files share what they have
 * imported, and so the 200 modules of the core are read once for each worker, and not once for each file.
 */
export const PURE = [
  "conformance",
  "field",
  "message",
  "policy",
  "proxy",
  "scenario",
  "torture",
  "transaction",
  "transport",
];
/** All in them but this, which changes the core that it has imported. */
const PURE_FILES = "!(plans-as-json).test.ts";

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    // The pure ones are short, and last: only neighbours in the queue share a worker.
    const rank = ({ moduleId, project }: TestSpecification) => {
      if (project.name === "pure") return 2;
      return FIRST.some((name) => moduleId.endsWith(name)) ? 0 : 1;
    };
    return sorted.sort((one, other) => rank(one) - rank(other));
  }
}

/** What the bundler sets otherwise. */
const BUNDLED = {
  BRANCHLINE_VERSION: '"0.0.0"',
  BRANCHLINE_BUILT: '"2026-01-01T00:00:00Z"',
  BRANCHLINE_COMMIT: '"0123456789ab"',
};

const anywhere = (file: string) => `**/${file}`;
const pure = PURE.map((folder) => `**/${folder}/**/${PURE_FILES}`);

interface Group {
  readonly name: string;
  /** A group begins when all of those with a lesser number are over. */
  readonly order: number;
  readonly maxWorkers: number;
  readonly include: string[];
  readonly exclude?: string[];
  readonly isolate?: boolean;
}

function group({ order: groupOrder, ...options }: Group) {
  const limits = { testTimeout: 30_000, hookTimeout: 60_000 };
  return { define: BUNDLED, test: { dir: "test", ...limits, sequence: { groupOrder }, ...options } };
}

const others = [...PATIENT, ...IN_PAIRS, ...ALONE].map(anywhere);

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      // A third waits for a child process while two work.
      group({
        name: "side by side",
        order: 0,
        maxWorkers: 3,
        include: ["**/*.test.ts"],
        exclude: [...others, ...pure],
      }),
      group({ name: "pure", order: 0, maxWorkers: 3, include: pure, isolate: false }),
      group({ name: "patient", order: 1, maxWorkers: 8, include: PATIENT.map(anywhere) }),
      group({ name: "in pairs", order: 2, maxWorkers: 2, include: IN_PAIRS.map(anywhere) }),
      group({ name: "alone", order: 3, maxWorkers: 1, include: ALONE.map(anywhere) }),
    ],
  },
});
