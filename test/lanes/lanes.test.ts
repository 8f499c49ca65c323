/**
 * The bundle, as it goes to routers, under the Nodes and on the processors that routers have. Here the oldest Node plays all
 * of the suite, and a small and a big-endian processor what depends on them; with BRANCHLINE_LONG=1 every lane plays all.
 */
import { statSync } from "node:fs";
import { afterAll, beforeAll, test } from "vitest";
import { Branchline } from "../peers/support/branchline.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { monotonic_ms } from "../peers/support/clock.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { LaneRow, tableOf } from "./lane-table.ts";
import { EMULATED, emulatedLane, type Lane, NPM_MAJORS, nativeLane } from "./lanes.ts";
import { laneTests } from "./suite.ts";

const isLong = process.env["BRANCHLINE_LONG"] === "1";
const SHORT = ["mipsel", "s390x"];
const OLDEST = 12;

cleanUpAfterEach();

const emulated = EMULATED.filter(({ architecture }) => isLong || SHORT.includes(architecture));
const lanes: readonly Lane[] = [
  ...(await Promise.all(emulated.map(emulatedLane))),
  ...NPM_MAJORS.filter((major) => isLong || major === OLDEST).map(nativeLane),
];
const rows = lanes.map((lane) => new LaneRow(lane));

for (const row of rows) {
  const { lane } = row;
  const title = `${lane.name}, Node ${lane.major}`;
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
    laneTests(title, lane, isLong || lane.patience === 1, row);
  });
}

afterAll(() => {
  for (const { lane } of rows) lane.remove();
  console.log(tableOf(rows, statSync(Branchline.bundle).size));
});
