/** Facts for tests of metrics: of a quiet site, and of one that has something for each metric. */
import type { Counted } from "../../src/app/observe/counters.ts";
import type { MetricFacts } from "../../src/app/observe/metric.ts";
import type { RunningStatus } from "../../src/app/status-facts.ts";
import { ANYCAST } from "./anycast-facts.ts";
import { DOWN, GATEWAY, NOW, OUTAGE, STATUS } from "./status-sample.ts";

const NOTHING: Counted = {
  messages: new Map(),
  decisions: new Map(),
  bindings: new Map(),
  edges: new Map(),
  calls: new Map(),
};

export function factsOf(change: Partial<RunningStatus>, counted: Partial<Counted> = {}): MetricFacts {
  return {
    status: { ...STATUS, ...change },
    counted: { ...NOTHING, ...counted },
    history: { forced: 1, outage: 2, unready: 3, drill: 1, emergency: 1, survived: 57 },
    readiness: { verdict: "ready", findings: [] },
    process: { resident_octets: undefined, cpu_s: undefined },
    secondsOf: (time) => Date.parse(time) / 1_000,
  };
}

/** As a member behind an anycast address has it. */
export const ANYCAST_FACTS: MetricFacts = factsOf({ cluster: ANYCAST });

export const ALL_FACTS: MetricFacts = {
  ...factsOf(
    {
      ...OUTAGE,
      upstream: [{ ...DOWN, registers: { per_s: 0.3, most_per_s: 10, unanswered: 1 } }],
      certificate: { file: "/etc/branchline/branch.pem", left_days: 30 },
      gateways: [{ ...GATEWAY, channels: 8 }],
      forced: { by: "command", since: NOW },
      phones: { addresses: 12, contacts: 14, not_back: 3, not_heard: 1 },
      members: [
        { group: "default", member: "201", registered: "201@example.com" },
        { group: "default", member: "202", registered: null },
      ],
      missing_ways: [],
      dropped: { unreadable: 3 },
      cluster: {
        name: "left",
        state: "active",
        since: NOW,
        since_s: 0,
        why: "its records are equal to another member's",
        is_healthy: true,
        health_file: "/var/run/branchline-pair/left.healthy",
        shared: [{ address: "10.222.237.1", is_here: true }],
        members: [
          {
            name: "right",
            at: "10.10.9.2:5059",
            life: "alive",
            since: NOW,
            since_s: 0,
            why: "",
            deaths: 0,
            differs: ["gateways"],
          },
        ],
        hand_over: "none",
        dropped: {},
        untold: { too_long: 0, too_many: 0 },
      },
    },
    {
      messages: new Map([
        ["in INVITE", 7],
        ["out 2xx", 7],
      ]),
      decisions: new Map([["INVITE call", 7]]),
      bindings: new Map([["added", 12]]),
      edges: new Map([["gateway down 10.10.1.3, analogue", 1]]),
      calls: new Map([["localnet gateway answered", 5]]),
    },
  ),
  readiness: {
    verdict: "not ready",
    findings: [{ check: "phones", severity: "fault", text: "no phone is registered", cure: ["# register one"] }],
  },
  process: { resident_octets: 31_457_280, cpu_s: 12.34 },
};
