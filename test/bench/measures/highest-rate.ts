/** The highest rate of calls that is held on one core, and what a call costs there. */
import type { CallsReport } from "../load/protocol.ts";
import type { RunningProxy } from "../proxy.ts";
import type { System } from "../systems.ts";
import { type Bench, cpuDuring, highWarmUp, type Measure, withWarmProxy } from "./measure.ts";

/** How far the first round goes up or down at once while it knows one end only; later rounds begin where it ended. */
const FIRST_STRIDE = 1.35;
const LATER_STRIDE = 1.12;
const HIGHEST_TRY = 16_000;
/** A rate is held when this share of its calls completes … */
const COMPLETED_SHARE = 0.999;
/** … and there are fewer retransmissions than this per call. */
const RETRANSMITTED_SHARE = 0.005;
/** A generator this busy may be what fails. */
const BUSY_GENERATOR = 0.9;

/** Where the search begins in the next round. */
const lastFound = new Map<string, number>();

export const highestRate: Measure = {
  group: "rates",
  rows: [
    { key: "highestRate", label: "highest rate held on one core, calls/s (higher is better)", digits: 0 },
    { key: "highestCall_us", label: "… CPU per call there, µs", digits: 0 },
  ],
  async run(bench, system) {
    const known = lastFound.get(system.name);
    const found = await search(
      bench,
      system,
      known ?? system.firstTry,
      known === undefined ? FIRST_STRIDE : LATER_STRIDE,
    );
    lastFound.set(system.name, found.rate);
    return { highestRate: found.rate, highestCall_us: found.call_us };
  },
};

interface Held {
  readonly rate: number;
  readonly call_us: number;
}

/** Narrows the gap between the highest rate held and the lowest that was not down to one step. */
async function search(bench: Bench, system: System, firstTry: number, stride: number): Promise<Held> {
  const { rateStep } = bench.profile;
  const toStep = (rate: number): number => Math.round(rate / rateStep) * rateStep;
  const lower = (): number => Math.min(failed - rateStep, toStep(failed / stride));
  const higher = (): number => Math.min(HIGHEST_TRY, Math.max(held + rateStep, toStep(held * stride)));
  const between = (): number => toStep((held + failed) / 2);
  let held = 0;
  let call_us = Number.NaN;
  let failed = HIGHEST_TRY + rateStep;
  let next = toStep(firstTry);
  // A proxy that was overrun is replaced: what it has left to do would be charged to the next try.
  while (failed - held > rateStep) {
    await withWarmProxy(bench, system, highWarmUp(bench), async (proxy) => {
      while (failed - held > rateStep) {
        const cost_us = await costIfHeld_us(bench, system, proxy, next);
        if (cost_us === undefined) {
          failed = next;
          next = held === 0 ? lower() : between();
          return;
        }
        held = next;
        call_us = cost_us;
        next = failed > HIGHEST_TRY ? higher() : between();
      }
    });
  }
  return { rate: held, call_us };
}

/** CPU per call at this rate; undefined if it isn't held. */
async function costIfHeld_us(bench: Bench, system: System, proxy: RunningProxy, rate: number) {
  const command = { kind: "calls", rate, duration_ms: bench.profile.tryWindow_ms } as const;
  const { result: report, cpu_us } = await cpuDuring(proxy, () => bench.load.ask(command));
  const isGood = meetsTerms(report);
  if (!isGood && report.generatorLoad > BUSY_GENERATOR) {
    const busy = Math.round(report.generatorLoad * 100);
    bench.warn(`${system.name}: the generator, ${busy} % busy, may be what failed at ${rate} calls/s`);
  }
  return isGood && !proxy.hasEnded ? cpu_us / report.completed : undefined;
}

function meetsTerms({ started, completed, retransmissions }: CallsReport): boolean {
  return completed >= started * COMPLETED_SHARE && retransmissions < started * RETRANSMITTED_SHARE;
}
