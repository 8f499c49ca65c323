import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes the machine to its limits: these have it for themselves, one after the other. */
const ALONE = ["peers/floods.test.ts", "peers/call-load.test.ts", "peers/burst-at-start.test.ts"];
/** Floods that leave half of the machine free: two at a time. */
const IN_PAIRS = ["peers/memory-node-12.test.ts", "peers/memory-node-20.test.ts"];
/** What waits for time to pass more than it works: a tenth of a processor each. */
const PATIENT = [
  "peers/outage-timing.test.ts",
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
  "peers/tunnel-cut.test.ts",
  "peers/reboot.test.ts",
  "peers/hold-across-a-cut.test.ts",
  "peers/call-across-a-cut.test.ts",
  "peers/lossy-line.test.ts",
  "peers/missing-route.test.ts",
  "peers/power-cut.test.ts",
  "peers/dns-upstream.test.ts",
  "setup/init-topologies.test.ts",
  "setup/init-asks.test.ts",
  "io/dns.test.ts",
  "ten-minutes/ten-minutes.test.ts",
];
/**
 * What takes long, the longest first: begun last, it would run on alone. All others are begun in the order of their sizes.
 * Between them, away from each other, those of `peers/anycast-` that take a processor before all others do (priority.ts): four at once would leave each other none.
 */
const FIRST = [
  "quickjs/campaign.test.ts",
  "routers/ansible.test.ts",
  "lanes/lanes.test.ts",
  "native/lanes-arm.test.ts",
  "routers/debian-pair.test.ts",
  "native/scenarios.test.ts",
  "routers/edgeos-binary.test.ts",
  "routers/debian-notify.test.ts",
  "peers/anycast-members.test.ts",
  "native/memory.test.ts",
  "native/lanes-mipsel.test.ts",
  "routers/debian-static.test.ts",
  "routers/edgeos-runtime.test.ts",
  "routers/pair-upgrades.test.ts",
  "native/boot-mipsel.test.ts",
  "peers/anycast-calls.test.ts",
  "routers/debian-pair-upgrade.test.ts",
  "routers/debian-anycast.test.ts",
  "peers/anycast-daemons.test.ts",
  "native/packages.test.ts",
  "cluster/whole-pair.property.test.ts",
  "peers/anycast-channels.test.ts",
  "cluster/whole-anycast.property.test.ts",
  "cluster/anycast-acceptance.test.ts",
  "native/lanes-mips.test.ts",
  "quickjs/hostile-calls.test.ts",
  "peers/reload-under-load.test.ts",
  "peers/prometheus-fleet.test.ts",
  "fleet/fleet-of-500.test.ts",
  "peers/anycast-kill.test.ts",
  "demo/anycast.test.ts",
  "demo/pair.test.ts",
  "native/older-kernel.test.ts",
  "native/lanes-pc.test.ts",
  "native-build/same-bytes.test.ts",
  "peers/wan-cut.test.ts",
  "routers/debian.test.ts",
  "routers/replace.test.ts",
  "routers/edgeos-upgrade.test.ts",
  "peers/kill-at-random.test.ts",
  "peers/soak.test.ts",
  "peers/tunnel-cut.test.ts",
  "setup/init-topologies.test.ts",
  "scenario/plans-as-json.test.ts",
  "cluster/stories-told.test.ts",
];

/**
 * Folders of tests that only calculate, from modules that keep nothing between two of them: files share what they have
 * imported, and so the 200 modules of the core are read once for each worker, and not once for each file.
 */
export const PURE = [
  "cluster",
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
/** All in them but these, which change the core that they have imported. */
const PURE_FILES = "!(plans-as-json|stories-told).test.ts";

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    // The pure ones are short, and last: only neighbours in the queue share a worker.
    const rank = ({ moduleId, project }: TestSpecification) => {
      if (project.name === "pure") return FIRST.length + 1;
      const at = FIRST.findIndex((name) => moduleId.endsWith(name));
      return at < 0 ? FIRST.length : at;
    };
    return sorted.sort((one, other) => rank(one) - rank(other));
  }
}

/** What the bundler sets otherwise. */
const BUNDLED = {
  BRANCHLINE_VERSION: '"0.0.0"',
  BRANCHLINE_BUILT: '"2026-01-01T00:00:00Z"',
  BRANCHLINE_COMMIT: '"0123456789ab"',
  BRANCHLINE_PACKED: '"base64"',
  BRANCHLINE_PAGE: '""',
  BRANCHLINE_PAGE_POLICY: '""',
  BRANCHLINE_PAGE_TAG: '""',
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
  readonly env?: Readonly<Record<string, string>>;
}

/** What is printed names the commands by "branchline", as where a package is installed. */
const PATH = `${fileURLToPath(new URL("support/bin", import.meta.url))}:${process.env["PATH"]}`;

function group({ order: groupOrder, env = {}, ...options }: Group) {
  const limits = { testTimeout: 90_000, hookTimeout: 120_000, expect: { poll: { timeout: 20_000 } } };
  return {
    define: BUNDLED,
    test: { dir: "test", ...limits, sequence: { groupOrder }, ...options, env: { PATH, ...env } },
  };
}

/** The long ones: tshark, and of a pair of routers: calls told again, clusters under chance, keepalived, two Debians, a pair's demo; members with one address. */
const LONG_PAIRS = [
  "cluster/anycast-*.test.ts",
  "cluster/whole-anycast.property.test.ts",
  "cluster/stories-kill.test.ts",
  "cluster/stories-told.test.ts",
  "cluster/whole-cluster.property.test.ts",
  "cluster/whole-pair.property.test.ts",
  "demo/anycast.test.ts",
  "demo/pair.test.ts",
  "peers/anycast-calls.test.ts",
  "peers/anycast-channels.test.ts",
  "peers/anycast-daemons.test.ts",
  "peers/anycast-kill.test.ts",
  "peers/anycast-members.test.ts",
  "peers/kamailio-half.test.ts",
  "peers/pair.test.ts",
  "peers/pair-channels.test.ts",
  "peers/pair-keepalived.test.ts",
  "peers/pair-outage.test.ts",
  "peers/pair-ringing.test.ts",
  "peers/pair-spoofed.test.ts",
  "peers/pair-streams.test.ts",
  "peers/trace-captures.test.ts",
  "routers/debian-anycast.test.ts",
  "routers/debian-pair.test.ts",
  "routers/debian-pair-upgrade.test.ts",
  "routers/pair-upgrades.test.ts",
  "routers/route-follow.test.ts",
  "routers/vrrp-follow.test.ts",
];
/** Many engines in one virtual time. */
const FLEETS = ["fleet/fleet-of-500.test.ts"];
/**
 * Of the binaries, of other processors, of the status page in a browser, and of packages with a binary or a Node of their own: they need compilers and qemu, and time, as
 * those of pairs do. `.ci/run` plays them; the others are what `npm test` is.
 */
const NATIVE = [
  ...FLEETS,
  ...LONG_PAIRS,
  "page/*.test.ts",
  ...["native/**/*.test.ts", "native-build/**/*.test.ts", "quickjs/**/*.test.ts", "lanes/**/*.test.ts"],
  ...["routers/*-binary.test.ts", "routers/debian-static.test.ts", "routers/tomato.test.ts"],
  "routers/edgeos-runtime.test.ts",
  "peers/prometheus*.test.ts",
  "peers/reload-under-load.test.ts",
  "peers/snmp.test.ts",
  "peers/service-manager.test.ts",
  "routers/debian-notify.test.ts",
  "routers/ansible.test.ts",
  "peers/drill.test.ts",
  "peers/watch.test.ts",
].map(anywhere);
const others = [...[...PATIENT, ...IN_PAIRS, ...ALONE].map(anywhere), ...NATIVE];
const isNative = process.env["BRANCHLINE_NATIVE"] === "1";

/** This machine's own binary, see `npm run native`: the lanes of `native/`, which come first, build it anew. */
const BINARY = fileURLToPath(
  new URL(`../dist/native/branchline-${process.arch === "arm64" ? "arm64" : "amd64"}`, import.meta.url),
);
/** What starts the program, and plays with the binary in the bundle's place: some of them, or all with BRANCHLINE_LONG=1. */
const BY_BINARY = [
  "cli/*.test.ts",
  "setup/init-command.test.ts",
  ...chosenPeers(process.env["BRANCHLINE_LONG"] === "1"),
];
/** Files that choose a Node by themselves. */
const BY_NODE = ["peers/memory-node-*.test.ts"];
const PATIENT_BY_BINARY = [...PATIENT, ...ALONE].filter((file) => file.startsWith("peers/") && isChosen(file));

/** Stands for each kind: SIPp over UDP and TCP, Kamailio with baresip, DNS, another address, kill -9, reload, commands. */
function chosenPeers(isLong: boolean): string[] {
  if (isLong) return ["peers/*.test.ts"];
  const names = [
    "address-change",
    "attended-transfer",
    "calls",
    "call-load",
    "commands",
    "dns-upstream",
    "faulty-file",
  ];
  names.push("hunt-group", "kamailio-baresip", "kill-at-random", "power-cut", "reload", "restart", "service-manager");
  names.push("signals", "snmp", "state-lock", "strangers", "streams", "torture", "transports", "two-sides", "watch");
  return names.map((name) => `peers/${name}.test.ts`);
}

function isChosen(file: string): boolean {
  return BY_BINARY.includes("peers/*.test.ts") || BY_BINARY.includes(file);
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: isNative
      ? [
          group({ name: "native", order: 0, maxWorkers: 5, include: NATIVE }),
          group({
            ...{ name: "by the binary", order: 1, maxWorkers: 5, env: { BRANCHLINE_BINARY: BINARY } },
            include: BY_BINARY.map(anywhere),
            exclude: [...PATIENT_BY_BINARY, ...BY_NODE].map(anywhere),
          }),
          group({
            ...{ name: "by the binary, patient", order: 2, maxWorkers: 6, env: { BRANCHLINE_BINARY: BINARY } },
            include: PATIENT_BY_BINARY.filter((file) => !ALONE.includes(file)).map(anywhere),
          }),
          group({
            ...{ name: "by the binary, alone", order: 3, maxWorkers: 1, env: { BRANCHLINE_BINARY: BINARY } },
            include: PATIENT_BY_BINARY.filter((file) => ALONE.includes(file)).map(anywhere),
          }),
        ]
      : [
          // Others wait for a child process while two work.
          group({
            name: "side by side",
            order: 0,
            maxWorkers: 4,
            include: ["**/*.test.ts"],
            exclude: [...others, ...pure],
          }),
          group({ name: "pure", order: 0, maxWorkers: 4, include: pure, exclude: NATIVE, isolate: false }),
          group({ name: "patient", order: 1, maxWorkers: 10, include: PATIENT.map(anywhere) }),
          group({ name: "in pairs", order: 2, maxWorkers: 2, include: IN_PAIRS.map(anywhere) }),
          group({ name: "alone", order: 3, maxWorkers: 1, include: ALONE.map(anywhere) }),
        ],
  },
});
