/** CPU per REGISTER at a steady rate. */
import type { RegistersReport } from "../load/protocol.ts";
import type { RunningProxy } from "../proxy.ts";
import type { System } from "../systems.ts";
import { type Bench, cpuDuring, type Measure, withProxy } from "./measure.ts";

const REGISTER_RATE = 400;
/** Ten thousand REGISTERs are what a branch of 200 phones sends within hours. */
const WARM_UP_RATE = 2_000;

export const register: Measure = {
  group: "register",
  rows: [{ key: "register_us", label: `CPU per REGISTER at ${REGISTER_RATE}/s, µs`, digits: 0 }],
  run(bench, system) {
    return withRegisteredPhones(bench, system, async (proxy) => {
      const command = { kind: "registers", rate: REGISTER_RATE, duration_ms: bench.profile.registerWindow_ms } as const;
      const { result, cpu_us } = await cpuDuring(proxy, () => bench.load.ask(command));
      warnOfFailures(bench, system, result);
      return { register_us: cpu_us / result.completed };
    });
  },
};

/** Runs `body` with a proxy that has seen all phones register before. */
export function withRegisteredPhones<T>(
  bench: Bench,
  system: System,
  body: (proxy: RunningProxy) => Promise<T>,
): Promise<T> {
  return withProxy(bench, system, async (proxy) => {
    await bench.load.ask({ kind: "registers", rate: WARM_UP_RATE, duration_ms: bench.profile.warmUp_ms });
    return body(proxy);
  });
}

export function warnOfFailures(bench: Bench, system: System, report: RegistersReport): void {
  const { started, completed, withoutPath } = report;
  if (completed < started) bench.warn(`${system.name}: ${started - completed} of ${started} REGISTERs failed`);
  if (withoutPath > 0) bench.warn(`${system.name}: ${withoutPath} REGISTERs reached upstream without Path`);
}
