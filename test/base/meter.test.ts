/** What has been dropped, and how full tables are. */
import { expect, test } from "vitest";
import { BoundedMap } from "../../src/base/bounded-map.ts";
import { Meter } from "../../src/base/meter.ts";

test("counts by reason", () => {
  const meter = new Meter();
  for (const reason of ["stranger", "unreadable", "stranger"]) meter.count(reason);
  expect(meter.dropped).toEqual({ stranger: 2, unreadable: 1 });
});

test("tells how full tables are now, and how often they were full", () => {
  const meter = new Meter();
  const map = new BoundedMap<string, number>(2);
  meter.watchAll({ phones: map });
  for (const key of ["a", "b", "b", "c", "d"]) map.set(key, 1);
  expect(meter.tableStatus).toEqual([{ name: "phones", size: 2, limit: 2, hits: 2 }]);
  meter.watchAll({ phones: new BoundedMap(3) });
  expect(meter.tableStatus).toEqual([{ name: "phones", size: 0, limit: 3, hits: 0 }]);
});
