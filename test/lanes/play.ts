/** Plays the suite in each of some lanes, and prints their table. */
import { afterAll, beforeAll, test } from "vitest";
import { monotonic_ms } from "../peers/support/clock.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { LaneRow, tableOf } from "./lane-table.ts";
import type { Lane } from "./lanes.ts";
import { laneTests } from "./suite.ts";

/** @param isWhole for which lanes: otherwise only what processors may differ in most */
export function playLanes(lanes: readonly Lane[], isWhole: (lane: Lane) => boolean): void {
  const rows = lanes.map((lane) => new LaneRow(lane));
  for (const row of rows) {
    const { lane } = row;
    const title = `${lane.name}, ${lane.engine}`;
    if (lane.gone !== undefined) {
      const why = lane.gone;
      console.warn(`lanes: NOT TESTED: ${title}: ${why}`);
      // One that is counted: the summary must not pass over it.
      test.skip(`${title} [skipped: ${why}]`, () => {});
      continue;
    }
    describeUnless(lane.missing === undefined ? [] : [lane.missing], title, () => {
      beforeAll(() => {
        row.began_ms = monotonic_ms();
      });
      afterAll(() => {
        row.duration_ms = monotonic_ms() - row.began_ms;
      });
      laneTests(title, lane, isWhole(lane), row);
    });
  }

  afterAll(() => {
    for (const { lane } of rows) lane.remove();
    console.log(tableOf(rows));
  });
}
