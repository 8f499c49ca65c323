/** CPU per call at a branch's rate and at a high one. */
import type { RunningProxy } from "../proxy.ts";
import type { System } from "../systems.ts";
import { type Bench, BRANCH_RATE, cpuDuring, HIGH_RATE, type Measure, withWarmProxy } from "./measure.ts";

export const calls: Measure = {
  group: "calls",
  rows: [
    { key: "branchCall_us", label: `CPU per call at ${BRANCH_RATE} calls/s, µs`, digits: 0 },
    { key: "highCall_us", label: `CPU per call at ${HIGH_RATE} calls/s, µs`, digits: 0 },
  ],
  run(bench, system) {
    return withWarmProxy(bench, system, async (proxy) => ({
      branchCall_us: await cpuPerCall_us(bench, system, proxy, BRANCH_RATE, bench.profile.branchWindow_ms),
      highCall_us: await cpuPerCall_us(bench, system, proxy, HIGH_RATE, bench.profile.highWindow_ms),
    }));
  },
};

async function cpuPerCall_us(bench: Bench, system: System, proxy: RunningProxy, rate: number, duration_ms: number) {
  const { result, cpu_us } = await cpuDuring(proxy, () => bench.load.ask({ kind: "calls", rate, duration_ms }));
  const failed = result.started - result.completed;
  if (failed > 0) bench.warn(`${system.name}: ${failed} of ${result.started} calls failed at ${rate} calls/s`);
  return cpu_us / result.completed;
}
