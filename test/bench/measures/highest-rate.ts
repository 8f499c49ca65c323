/** The highest rate of calls that is held on one core. */
import type { CallsReport } from "../load/protocol.ts";
import type { RunningProxy } from "../proxy.ts";
import type { System } from "../systems.ts";
import { type Bench, type Measure, withWarmProxy } from "./measure.ts";

const FIRST_TRY = 4000;
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
  group: "calls",
  rows: [{ key: "highestRate", label: "highest rate held on one core, calls/s (higher is better)", digits: 0 }],
  async run(bench, system) {
    const known = lastFound.get(system.name);
    const found = await search(bench, system, known ?? FIRST_TRY, known === undefined ? FIRST_STRIDE : LATER_STRIDE);
    lastFound.set(system.name, found);
    return { highestRate: found };
  },
};

/** Narrows the gap between the highest rate held and the lowest that was not down to one step. */
async function search(bench: Bench, system: System, firstTry: number, stride: number): Promise<number> {
  const { rateStep } = bench.profile;
  const toStep = (rate: number): number => Math.round(rate / rateStep) * rateStep;
  const lower = (): number => Math.min(failed - rateStep, toStep(failed / stride));
  const higher = (): number => Math.min(HIGHEST_TRY, Math.max(held + rateStep, toStep(held * stride)));
  const between = (): number => toStep((held + failed) / 2);
  let held = 0;
  let failed = HIGHEST_TRY + rateStep;
  let next = toStep(firstTry);
  // A proxy that was overrun is replaced: what it has left to do would be charged to the next try.
  while (failed - held > rateStep) {
    await withWarmProxy(bench, system, async (proxy) => {
      while (failed - held > rateStep) {
        if (!(await isHeld(bench, system, proxy, next))) {
          failed = next;
          next = held === 0 ? lower() : between();
          return;
        }
        held = next;
        next = failed > HIGHEST_TRY ? higher() : between();
      }
    });
  }
  return held;
}

async function isHeld(bench: Bench, system: System, proxy: RunningProxy, rate: number): Promise<boolean> {
  const report = await bench.load.ask({ kind: "calls", rate, duration_ms: bench.profile.tryWindow_ms });
  const isGood = meetsTerms(report);
  if (!isGood && report.generatorLoad > BUSY_GENERATOR) {
    const busy = Math.round(report.generatorLoad * 100);
    bench.warn(`${system.name}: the generator, ${busy} % busy, may be what failed at ${rate} calls/s`);
  }
  return isGood && !proxy.hasEnded;
}

function meetsTerms({ started, completed, retransmissions }: CallsReport): boolean {
  return completed >= started * COMPLETED_SHARE && retransmissions < started * RETRANSMITTED_SHARE;
}
