/** What doing nothing costs: with upstream and gateway that answer probes, and with upstream silent. */
import { setTimeout as sleep } from "node:timers/promises";
import { cpuDuring, type Measure, withProxy } from "./measure.ts";

export const idle: Measure = {
  group: "idle",
  isOnce: true,
  rows: [
    { key: "idle_us", label: "CPU idle, µs per second", digits: 0 },
    { key: "silent_us", label: "… with upstream silent, µs per second", digits: 0 },
  ],
  run(bench, system) {
    const { idleAfter_ms, idleWindow_ms, silence_ms } = bench.profile;
    return withProxy(bench, system, async (proxy) => {
      const perSecond_us = async (): Promise<number> => {
        const { cpu_us } = await cpuDuring(proxy, () => sleep(idleWindow_ms));
        return (cpu_us * 1000) / idleWindow_ms;
      };
      await sleep(idleAfter_ms);
      const idle_us = await perSecond_us();
      if (silence_ms === undefined) return { idle_us };
      await bench.load.ask({ kind: "upstream", isAlive: false });
      await sleep(silence_ms);
      return { idle_us, silent_us: await perSecond_us() };
    });
  },
};
