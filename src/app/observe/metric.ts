/** What a row of the metrics is, and what rows have in common. */
import type { PeerFacts, RunningStatus } from "../status-facts.ts";
import type { Counted } from "./counters.ts";
import type { HistoryCounts } from "./history-entries.ts";
import type { Readiness } from "./readiness.ts";

/** What the running branchline knows when it is asked. */
export interface MetricFacts {
  readonly status: RunningStatus;
  /** Since the start, or since `http` has begun to count. */
  readonly counted: Counted;
  /** Since the history began, which a restart doesn't end. */
  readonly history: HistoryCounts;
  readonly readiness: Pick<Readiness, "verdict" | "findings">;
  readonly process: ProcessFacts;
  /** Seconds since 1970, of a time of day in ISO 8601. */
  readonly secondsOf: (time: string) => number;
}

/** Of the whole process; undefined where the kernel doesn't tell. */
export interface ProcessFacts {
  readonly resident_octets: number | undefined;
  /** Processor time since the start. */
  readonly cpu_s: number | undefined;
}

/** A value, then those of the labels, in their order. */
export type Sample = readonly [value: number, ...labels: string[]];

export interface Metric {
  readonly name: string;
  readonly type: "gauge" | "counter";
  /** One sentence, which is the page's too. */
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (facts: MetricFacts) => readonly Sample[];
}

/** A sample where there is a value. */
export function known(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [[value]];
}

export function flag(isSo: boolean): number {
  return isSo ? 1 : 0;
}

/** Each peer with its role. */
export function peersOf({ upstream, gateways }: RunningStatus): readonly (readonly [role: string, peer: PeerFacts])[] {
  return [
    ...upstream.map((peer) => ["upstream", peer] as const),
    ...gateways.map((peer) => ["gateway", peer] as const),
  ];
}
