/** CPU per REGISTER at a steady rate. */
import type { RegistersReport } from "../load/protocol.ts";
import type { RunningProxy } from "../proxy.ts";
import type { System } from "../systems.ts";
import { type Bench, cpuDuring, type Measure, withProxy } from "./measure.ts";

const REGISTER_RATE = 400;
/** What passes a proxy for one REGISTER. */
const MESSAGES = 4;

export const register: Measure = {
  group: "register",
  rows: [
    { key: "register_us", label: `CPU per REGISTER at ${REGISTER_RATE}/s, answered with Path, µs`, digits: 0 },
    { key: "registerMessage_us", label: `… per message, ${MESSAGES} a REGISTER, µs`, digits: 1 },
  ],
  run(bench, system) {
    return withRegisteredPhones(bench, system, async (proxy) => {
      const command = { kind: "registers", rate: REGISTER_RATE, duration_ms: bench.profile.registerWindow_ms } as const;
      const { result, cpu_us } = await cpuDuring(proxy, () => bench.load.ask(command));
      warnOfFailures(bench, system, result);
      const register_us = cpu_us / result.completed;
      return { register_us, registerMessage_us: register_us / MESSAGES };
    });
  },
};

/** Runs `body` with a proxy that has seen phones register before, at the rate of the measure. */
export function withRegisteredPhones<T>(
  bench: Bench,
  system: System,
  body: (proxy: RunningProxy) => Promise<T>,
): Promise<T> {
  return withProxy(bench, system, async (proxy) => {
    await bench.load.ask({ kind: "registers", rate: REGISTER_RATE, duration_ms: bench.profile.branchWarmUp_ms });
    return body(proxy);
  });
}

export function warnOfFailures(bench: Bench, system: System, report: RegistersReport): void {
  const { started, completed, withoutPath, answeredWithoutPath } = report;
  if (completed < started) bench.warn(`${system.name}: ${started - completed} of ${started} REGISTERs failed`);
  if (withoutPath > 0) bench.warn(`${system.name}: ${withoutPath} REGISTERs reached upstream without Path`);
  if (answeredWithoutPath > 0) bench.warn(`${system.name}: ${answeredWithoutPath} phones got a 200 without Path`);
}
