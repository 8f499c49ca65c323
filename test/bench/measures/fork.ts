/** A call from the gateway that rings five phones: the first answers, the others get CANCEL. */

import { setTimeout as sleep } from "node:timers/promises";
import { warnOfFailedCalls } from "./calls.ts";
import { cpuDuring, type Measure, SETTLE_MS, withProxy } from "./measure.ts";

/** Every desk rings for each call: a branch has fewer of these. */
const FORK_RATE = 50;

export const fork: Measure = {
  group: "fork",
  rows: [{ key: "fork_us", label: `fork to five phones, CPU per call at ${FORK_RATE} calls/s, µs`, digits: 0 }],
  async run(bench, system) {
    if (!system.forks) return {};
    return withProxy(bench, system, async (proxy) => {
      await bench.load.ask({ kind: "forks", rate: FORK_RATE, duration_ms: bench.profile.branchWarmUp_ms });
      await sleep(SETTLE_MS);
      const command = { kind: "forks", rate: FORK_RATE, duration_ms: bench.profile.branchWindow_ms } as const;
      const { result, cpu_us } = await cpuDuring(proxy, () => bench.load.ask(command));
      warnOfFailedCalls(bench, system, result, FORK_RATE);
      if (result.rung !== 5 * result.started) {
        bench.warn(`${system.name}: ${result.rung} phones rang for ${result.started} calls to five`);
      }
      return { fork_us: cpu_us / result.completed };
    });
  },
};
