/** Upstream silent: how long callers wait for their redirection, one by one and a hundred at once. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, type Measure, withProxy } from "./measure.ts";

const SINGLE_LIMIT_MS = 10_000;
const CROWD = 100;
/** Long enough to see the pace of a proxy that redirects one call after the other, short enough for a bench. */
const CROWD_LIMIT_MS = 32_000;
/** Between two calls of somebody who tries again after a while. */
const PAUSE_MS = 5000;

export const outage: Measure = {
  group: "outage",
  isOnce: true,
  rows: [
    { key: "first_s", label: "upstream dead: first call's 302 after, s", digits: 1 },
    { key: "next_s", label: "… of the next call, placed at once, s", digits: 1 },
    { key: "later_s", label: `… of one placed ${PAUSE_MS / 1000} s later, s`, digits: 1 },
    {
      key: "redirected",
      label: `… ${CROWD} at once: redirected within ${CROWD_LIMIT_MS / 1000} s (higher is better)`,
      digits: 0,
    },
    { key: "crowdFirst_s", label: "… shortest wait of these, s", digits: 1 },
    { key: "crowdLast_s", label: "… longest wait of these, s", digits: 1 },
  ],
  run(bench, system) {
    return withProxy(bench, system, async () => {
      await bench.load.ask({ kind: "upstream", isAlive: false });
      const first_s = await singleWait_s(bench);
      const next_s = await singleWait_s(bench);
      await sleep(PAUSE_MS);
      const later_s = await singleWait_s(bench);
      const crowd = await bench.load.ask({ kind: "redirect", calls: CROWD, limit_ms: CROWD_LIMIT_MS });
      return {
        first_s,
        next_s,
        later_s,
        redirected: crowd.redirected,
        crowdFirst_s: crowd.first_ms / 1000,
        crowdLast_s: crowd.last_ms / 1000,
      };
    });
  },
};

async function singleWait_s(bench: Bench): Promise<number> {
  const { redirected, last_ms } = await bench.load.ask({ kind: "redirect", calls: 1, limit_ms: SINGLE_LIMIT_MS });
  return redirected === 1 ? last_ms / 1000 : Number.NaN;
}
