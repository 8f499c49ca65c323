/** Three members behind one anycast address, as one of them sees it while all is well. */
import type { ClusterFacts, MemberFacts } from "../../src/app/cluster-facts.ts";

const SINCE = { since: "2026-11-29T12:30:05.000Z", since_s: 3_600 };

export const NODE2: MemberFacts = {
  name: "node2",
  at: "10.205.205.12:5059",
  life: "alive",
  deaths: 0,
  ...SINCE,
  why: "it is heard, and hears us",
  state: "active",
  version: "0.3.0",
  upstream: { answers: true, for_s: 3_000 },
  clock_ahead_s: 0,
  lengths: [256, 1_200, 16_000].map((octets) => ({ octets, arrives: true })),
  differs: [],
  calls: { active: 1, processed: 338 },
};

export const NODE3: MemberFacts = {
  ...NODE2,
  name: "node3",
  at: "10.205.205.13:5059",
  calls: { active: 11, processed: 322 },
};

export const ANYCAST: ClusterFacts = {
  mode: "anycast",
  name: "node1",
  state: "active",
  ...SINCE,
  why: "its records are equal to those of node2",
  is_healthy: true,
  health_file: "/var/run/branchline/node1.healthy",
  shared: [],
  route: { wish: "announce", is_done: true },
  calls: { active: 12, processed: 340 },
  members: [NODE2, NODE3],
  hand_over: "none",
  dropped: {},
  untold: { too_long: 0, too_many: 0 },
};
