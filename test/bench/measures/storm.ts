/** All phones register at once, as after a power cut. */
import type { Measure } from "./measure.ts";
import { warnOfFailures, withRegisteredPhones } from "./register.ts";

const PHONES = 1000;
const LIMIT_MS = 12_000;

export const storm: Measure = {
  group: "storm",
  rows: [
    { key: "last200_ms", label: "1,000 REGISTERs in one burst: last 200 after, ms", digits: 0 },
    { key: "retransmissions", label: "… retransmissions needed", digits: 0 },
    { key: "drops", label: "… datagrams dropped at the proxy's socket", digits: 0 },
  ],
  run(bench, system) {
    return withRegisteredPhones(bench, system, async (proxy) => {
      const before = proxy.drops();
      const report = await bench.load.ask({ kind: "storm", count: PHONES, limit_ms: LIMIT_MS });
      const after = proxy.drops();
      warnOfFailures(bench, system, report);
      const lost = after.elsewhere - before.elsewhere;
      if (lost > 0) bench.warn(`${system.name}: the generator itself dropped ${lost} datagrams in the burst`);
      return {
        last200_ms: report.last200_ms,
        retransmissions: report.retransmissions,
        drops: after.there - before.there,
      };
    });
  },
};
