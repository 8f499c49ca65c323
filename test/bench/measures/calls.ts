/**
 * What a call costs at a branch's rate, in processor time and in time that its INVITE takes.
 *
 * The proxy is warmed up at the same rate. After five seconds at 1,000 calls/s V8 has compiled for speed what it leaves alone at
 * 150 calls/s, and keeps it: a call then costs branchline three quarters of what it costs in a branch, and Kamailio the same.
 */

import type { CallsReport } from "../load/protocol.ts";
import type { System } from "../systems.ts";
import { type Bench, BRANCH_RATE, cpuDuring, MESSAGES_OF_A_CALL, type Measure, withWarmProxy } from "./measure.ts";

export const calls: Measure = {
  group: "calls",
  rows: [
    { key: "branchCall_us", label: `CPU per call at ${BRANCH_RATE} calls/s, µs`, digits: 0 },
    { key: "message_us", label: `… per message, ${MESSAGES_OF_A_CALL} a call, µs`, digits: 1 },
    { key: "passed_percent", label: "… passed on to another member, of 100 messages", digits: 1, isOptional: true },
    { key: "to100p50_us", label: "INVITE to 100, p50, µs", digits: 0 },
    { key: "to100p99_us", label: "INVITE to 100, p99, µs", digits: 0 },
    { key: "toUpstreamP50_us", label: "INVITE to upstream, p50, µs", digits: 0 },
    { key: "toUpstreamP99_us", label: "INVITE to upstream, p99, µs", digits: 0 },
  ],
  run(bench, system) {
    return withWarmProxy(
      bench,
      system,
      { rate: BRANCH_RATE, duration_ms: bench.profile.branchWarmUp_ms },
      async (proxy) => {
        const command = { kind: "calls", rate: BRANCH_RATE, duration_ms: bench.profile.branchWindow_ms } as const;
        const { result, cpu_us } = await cpuDuring(proxy, () => bench.load.ask(command));
        warnOfFailedCalls(bench, system, result, BRANCH_RATE);
        const branchCall_us = cpu_us / result.completed;
        return {
          branchCall_us,
          message_us: branchCall_us / MESSAGES_OF_A_CALL,
          passed_percent: await proxy.passed_percent(),
          to100p50_us: result.to100_us.p50,
          to100p99_us: result.to100_us.p99,
          toUpstreamP50_us: result.toUpstream_us.p50,
          toUpstreamP99_us: result.toUpstream_us.p99,
        };
      },
    );
  },
};

export function warnOfFailedCalls(bench: Bench, system: System, report: CallsReport, rate: number): void {
  const failed = report.started - report.completed;
  if (failed > 0) bench.warn(`${system.name}: ${failed} of ${report.started} calls failed at ${rate} calls/s`);
}
