/** CPU per call at a rate that every system holds. */
import { warnOfFailedCalls } from "./calls.ts";
import { cpuDuring, highWarmUp, type Measure, withWarmProxy } from "./measure.ts";

const HIGH_RATE = 2000;

export const highRate: Measure = {
  group: "rates",
  isLeftOutOfQuick: true,
  rows: [{ key: "highCall_us", label: "CPU per call at 2,000 calls/s, µs", digits: 0 }],
  run(bench, system) {
    return withWarmProxy(bench, system, highWarmUp(bench), async (proxy) => {
      const command = { kind: "calls", rate: HIGH_RATE, duration_ms: bench.profile.highWindow_ms } as const;
      const { result, cpu_us } = await cpuDuring(proxy, () => bench.load.ask(command));
      warnOfFailedCalls(bench, system, result, HIGH_RATE);
      return { highCall_us: cpu_us / result.completed };
    });
  },
};
