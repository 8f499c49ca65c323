import { describe, expect, it } from "vitest";
import { fullTables, TableWatch } from "../../src/base/full-tables.ts";
import { Meter } from "../../src/base/meter.ts";
import type { LogFields } from "../../src/base/ports.ts";

const HOUR_ms = 3_600_000;

function lab() {
  const warnings: LogFields[] = [];
  const idle = () => {};
  const log = {
    error: idle,
    warn: (event: string, fields = {}) => void warnings.push({ event, ...fields }),
    info: idle,
    debug: idle,
  };
  const meter = new Meter();
  const bindings = { size: 2, limit: 2, hits: 0 };
  const names = { size: 5, limit: 5, hits: 7 };
  meter.watchAll({ bindings, names });
  return { meter, watch: new TableWatch(meter, log), warnings, bindings };
}

describe("a table that is full", () => {
  it("is warned of when something has found no room, with what that means and what helps", () => {
    const { watch, warnings, bindings } = lab();
    watch.look(0);
    expect(warnings).toEqual([]); // full, but nothing more has come
    bindings.hits = 3;
    watch.look(10_000);
    expect(warnings).toMatchObject([{ event: "table_full", table: "bindings", size: 2, limit: 2, refused: 3 }]);
    expect(warnings[0]).toMatchObject({ effect: expect.stringMatching(/phones/), cure: expect.stringMatching(/heap/) });
  });

  it("is told of once an hour at most, and not at all when nothing more has come", () => {
    const { watch, warnings, bindings } = lab();
    bindings.hits = 1;
    watch.look(0);
    bindings.hits = 9;
    for (let now_ms = 10_000; now_ms < HOUR_ms; now_ms += 10_000) watch.look(now_ms);
    expect(warnings).toHaveLength(1);
    watch.look(HOUR_ms);
    expect(warnings[1]).toMatchObject({ refused: 8 });
    watch.look(3 * HOUR_ms);
    expect(warnings).toHaveLength(2);
  });

  it("leads in status where it does harm; one that forgets its oldest entry doesn't", () => {
    const { meter, bindings } = lab();
    expect(fullTables(meter.tableStatus).map(({ name }) => name)).toEqual(["bindings"]);
    bindings.size = 1;
    expect(fullTables(meter.tableStatus)).toEqual([]);
  });
});
