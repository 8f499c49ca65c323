/** What the proxy adds to the time of an INVITE at a branch's rate. */
import { BRANCH_RATE, type Measure, withWarmProxy } from "./measure.ts";

export const latency: Measure = {
  group: "latency",
  rows: [
    { key: "to100p50_us", label: "INVITE to 100, p50, µs", digits: 0 },
    { key: "to100p99_us", label: "INVITE to 100, p99, µs", digits: 0 },
    { key: "toUpstreamP50_us", label: "INVITE to upstream, p50, µs", digits: 0 },
    { key: "toUpstreamP99_us", label: "INVITE to upstream, p99, µs", digits: 0 },
  ],
  run(bench, system) {
    return withWarmProxy(bench, system, async () => {
      const duration_ms = bench.profile.branchWindow_ms;
      const { to100_us, toUpstream_us } = await bench.load.ask({ kind: "calls", rate: BRANCH_RATE, duration_ms });
      return {
        to100p50_us: to100_us.p50,
        to100p99_us: to100_us.p99,
        toUpstreamP50_us: toUpstream_us.p50,
        toUpstreamP99_us: toUpstream_us.p99,
      };
    });
  },
};
