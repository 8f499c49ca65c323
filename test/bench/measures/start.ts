/** How long a start takes, and what doing nothing costs. */
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "../table.ts";
import { cpuDuring, type Measure, withProxy } from "./measure.ts";

const SETTLE_MS = 1000;

export const start: Measure = {
  group: "start",
  rows: [
    { key: "start_ms", label: "start to first OPTIONS answered, ms", digits: 0 },
    { key: "idle_us", label: "CPU idle, µs per second", digits: 0 },
  ],
  async run(bench, system) {
    const starts_ms: number[] = [];
    for (let count = 1; count < bench.profile.starts; count += 1) {
      starts_ms.push(await withProxy(bench, system, async (proxy) => proxy.start_ms));
    }
    const idle_us = await withProxy(bench, system, async (proxy) => {
      starts_ms.push(proxy.start_ms);
      await sleep(SETTLE_MS);
      const { cpu_us } = await cpuDuring(proxy, () => sleep(bench.profile.idleWindow_ms));
      return (cpu_us * 1000) / bench.profile.idleWindow_ms;
    });
    return { start_ms: median(starts_ms) ?? Number.NaN, idle_us };
  },
};
