/** How long a start takes. */
import { median } from "../table.ts";
import { type Measure, withProxy } from "./measure.ts";

export const start: Measure = {
  group: "start",
  rows: [{ key: "start_ms", label: "start to first OPTIONS answered, ms", digits: 0 }],
  async run(bench, system) {
    const starts_ms: number[] = [];
    for (let count = 0; count < bench.profile.starts; count += 1) {
      starts_ms.push(await withProxy(bench, system, async (proxy) => proxy.start_ms));
    }
    return { start_ms: median(starts_ms) ?? Number.NaN };
  },
};
