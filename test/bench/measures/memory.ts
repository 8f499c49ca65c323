/** Memory when idle, with a thousand calls ringing, with a thousand up, and when they have ended. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Measure, withProxy } from "./measure.ts";

const CALLS = 1000;
const SETTLE_MS = 1000;

export const memory: Measure = {
  group: "memory",
  isOnce: true,
  rows: [
    { key: "idle_mb", label: "memory idle (PSS), MB", digits: 1 },
    { key: "ringing_mb", label: "… with 1,000 calls ringing, MB", digits: 1 },
    { key: "up_mb", label: "… with 1,000 calls up, MB", digits: 1 },
    { key: "after_mb", label: "… after they have ended, MB", digits: 1 },
  ],
  run(bench, system) {
    return withProxy(bench, system, async (proxy) => {
      const rate = bench.profile.fillRate;
      const settled_mb = async (): Promise<number> => {
        await sleep(SETTLE_MS);
        return proxy.memory_mb();
      };
      const idle_mb = await settled_mb();
      const ringing = await bench.load.ask({ kind: "ring", calls: CALLS, rate });
      const ringing_mb = await settled_mb();
      const up = await bench.load.ask({ kind: "answer", rate });
      const up_mb = await settled_mb();
      const cleared = await bench.load.ask({ kind: "hang-up", rate: 2 * rate });
      const least = Math.min(ringing.count, up.count, cleared.count);
      if (least < CALLS) bench.warn(`${system.name}: only ${least} of ${CALLS} calls rang, were answered and ended`);
      await sleep(bench.profile.afterCalls_ms);
      return { idle_mb, ringing_mb, up_mb, after_mb: await settled_mb() };
    });
  },
};
