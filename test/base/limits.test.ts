import { describe, expect, it } from "vitest";
import { limitsFor, PLENTY } from "../../src/base/limits.ts";

const MB = 1_048_576;
/** What the heap's limit is with run.sh's --max-old-space-size of 32, 64, 128, 256 and 512. */
const HEAPS_mb = [35, 67, 131, 259, 515] as const;

/** Bytes, by the costs that were measured: see limits.ts. */
function cost(limits: typeof PLENTY): number {
  const entries = 6_500 * limits.unanswered + 1_300 * limits.lingering + 2_600 * limits.bindings;
  const small = 900 * limits.sources + 2_000 * limits.calls + 12_000 * limits.connections;
  return entries + small + limits.unansweredCharacters + limits.lingeringCharacters + limits.connectionCharacters;
}

describe("the limits of tables", () => {
  it("are those of a server with plenty of memory, and with the heap that run.sh gives one", () => {
    expect(PLENTY).toMatchObject({
      unanswered: 10_000,
      lingering: 40_000,
      bindings: 20_000,
      calls: 2_000,
      sources: 4_096,
    });
    expect(limitsFor(515 * MB)).toMatchObject({
      unanswered: 10_000,
      lingering: 40_000,
      bindings: 20_000,
      calls: 2_000,
    });
  });

  it("leave 2,000 addresses-of-record and 700 ringing calls on a router with 128 MB", () => {
    const limits = limitsFor(35 * MB);
    expect(limits.bindings).toBeGreaterThanOrEqual(2_000);
    expect(limits.unanswered).toBeGreaterThan(700);
    expect(limits.connections).toBeGreaterThan(200);
  });

  it.each(HEAPS_mb)("with a heap of %d MB: all tables, full at once, leave a third of it", (heap_mb) => {
    expect(cost(limitsFor(heap_mb * MB))).toBeLessThan((heap_mb * MB * 2) / 3);
  });

  it("grow with the memory, none shrinks", () => {
    const all = HEAPS_mb.map((mb) => Object.values(limitsFor(mb * MB)) as number[]);
    for (let place = 1; place < all.length; place++) {
      for (const [index, limit] of (all[place] ?? []).entries()) {
        expect(limit).toBeGreaterThanOrEqual(all[place - 1]?.[index] ?? 0);
      }
    }
  });
});
