/** A router of a pair on which nothing is wrong, for tests of doctor to spoil. */
import type { ClusterFacts, MemberFacts } from "../../src/app/cluster-facts.ts";
import type { Facts, SecretFact } from "../../src/setup/doctor/facts.ts";
import { EDGEOS_CONFIG, NONLOCAL4, VRRP_CONFIG, VRRP_RUNS } from "../../src/setup/doctor/families.ts";
import { keepalivedConfig } from "../../src/setup/pair/keepalived.ts";
import { type PairPlan, planOf } from "../../src/setup/pair/plan.ts";
import { configOf, healthy, LAN, status, YAML } from "./healthy.ts";

export const SHARED = "10.222.237.254";
export const HEALTH = "/var/run/branchline-pair/left.healthy";
export const SECRET = "/etc/branchline/state/cluster-secret";

export const PAIR_YAML = `${YAML.replace("listen: [", `listen: [udp:${SHARED}, `)}cluster:
  name: left
  members: {left: ${LAN}, right: 10.222.237.3}
  secret: ${SECRET}
  shared: [${SHARED}]
`;

export function plan(yaml = PAIR_YAML): PairPlan {
  const { cluster } = configOf(yaml);
  if (cluster === undefined) throw new Error("the file has no cluster");
  const found = planOf(cluster, healthy().addresses, "/usr/lib/branchline/healthy.sh");
  if ("fault" in found) throw new Error(found.fault);
  return found;
}

/** As `branchline cluster keepalived` prints it. */
export const KEEPALIVED = keepalivedConfig(plan(), ["made by a test"]);

const RIGHT: MemberFacts = {
  name: "right",
  at: "10.222.237.3:5059",
  life: "alive",
  deaths: 0,
  since: "2026-11-21T09:00:00.000Z",
  since_s: 3_600,
  why: "it is heard, and hears us",
  state: "active",
  version: "0.1.0",
  upstream: { answers: true, for_s: 3_000 },
  has_address: false,
  clock_ahead_s: 0,
  lengths: [256, 1_200, 16_000].map((octets) => ({ octets, arrives: true })),
  differs: [],
};

const LEFT: ClusterFacts = {
  name: "left",
  state: "active",
  since: "2026-11-21T09:00:00.000Z",
  since_s: 3_600,
  why: "its records are equal to those of right",
  is_healthy: true,
  health_file: HEALTH,
  shared: [{ address: SHARED, is_here: true }],
  members: [RIGHT],
  hand_over: "none",
  dropped: {},
};

/** A branchline that runs in the pair. */
export function inPair(own: Partial<ClusterFacts> = {}, other: Partial<MemberFacts> = {}): Partial<Facts> {
  const cluster = { ...LEFT, members: [{ ...RIGHT, ...other }], ...own };
  return { isRunning: true, status: status({ cluster }) };
}

/** keepalived runs, by this configuration. */
export function keepalived(text: string | undefined = KEEPALIVED, change: Partial<Facts> = {}): Partial<Facts> {
  const said = { [VRRP_RUNS]: "keepalived\nkeepalived\n#", ...(text === "" ? {} : { [VRRP_CONFIG]: text }) };
  return { said, files: { [NONLOCAL4]: "1\n" }, ...change };
}

export function edgeos(text: string): Partial<Facts> {
  return { family: "edgeos", files: { [EDGEOS_CONFIG]: text, [NONLOCAL4]: "1\n" } };
}

/** The secret's file. */
export function secretIs(change: Partial<NonNullable<SecretFact["stamp"]>> = {}): Partial<Facts> {
  const stamp = { mode: 0o600, owner: 110, changed_at: "2026-11-01T10:00:00Z", age_s: 1_728_000, ...change };
  return { secrets: [{ file: SECRET, stamp, error: "" }] };
}

export const ELSEWHERE = { shared: [{ address: SHARED, is_here: false }] };
