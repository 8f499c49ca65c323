/** Memory when idle, with a thousand calls ringing, with a thousand up, and when they have ended. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Memory } from "../proc.ts";
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
    { key: "idle_own_mb", label: "without pages of files: idle, MB", digits: 1 },
    { key: "ringing_own_mb", label: "… with 1,000 calls ringing, MB", digits: 1 },
    { key: "up_own_mb", label: "… with 1,000 calls up, MB", digits: 1 },
    { key: "after_own_mb", label: "… after they have ended, MB", digits: 1 },
  ],
  run(bench, system) {
    return withProxy(bench, system, async (proxy) => {
      const rate = bench.profile.fillRate;
      const settled = async (): Promise<Memory> => {
        await sleep(SETTLE_MS);
        return proxy.memory();
      };
      const idle = await settled();
      const rang = await bench.load.ask({ kind: "ring", calls: CALLS, rate });
      const ringing = await settled();
      const answered = await bench.load.ask({ kind: "answer", rate });
      const up = await settled();
      const cleared = await bench.load.ask({ kind: "hang-up", rate: 2 * rate });
      const least = Math.min(rang.count, answered.count, cleared.count);
      if (least < CALLS) bench.warn(`${system.name}: only ${least} of ${CALLS} calls rang, were answered and ended`);
      await sleep(bench.profile.afterCalls_ms);
      const after = await settled();
      return {
        ...{ idle_mb: idle.all_mb, ringing_mb: ringing.all_mb, up_mb: up.all_mb, after_mb: after.all_mb },
        ...{
          idle_own_mb: idle.own_mb,
          ringing_own_mb: ringing.own_mb,
          up_own_mb: up.own_mb,
          after_own_mb: after.own_mb,
        },
      };
    });
  },
};
