/** The phones of a branch start together in an outage, as after a power cut: upstream returns, and all are registered soon. */
import { expect, test } from "vitest";
import { Fleet } from "../support/fleet/fleet.ts";

const PHONES = 30;
const OUTAGE_MS = 40_000;
const SOON_S = 120;
const PBX = { bears: 300, backlog_ms: 2_000, restart_ms: 60_000, expires_s: 300 };

test.each([1, 2, 3, 4, 5])(
  "30 phones that the router refuses in the outage don't come back in one moment (seed %i)",
  (seed) => {
    const fleet = new Fleet({ branches: 1, phones: PHONES, pbx: PBX, seed });
    const { clock, pbx } = fleet;
    pbx.die();
    clock.run(20_000);
    fleet.boot(1_000);
    clock.run(OUTAGE_MS);
    pbx.rise();
    const hasAll = () => pbx.registered.size === PHONES;
    clock.run(OUTAGE_MS + 1_200_000, hasAll);
    const all_s = (clock.now_ms - OUTAGE_MS) / 1_000;
    console.info(`new phones, seed ${seed}: all ${PHONES} registered ${all_s.toFixed(0)} s after upstream's return`);
    expect(hasAll()).toBe(true);
    expect(all_s).toBeLessThan(SOON_S);
  },
);

test.each([1, 2, 3, 4, 5])("30 known phones of one make neither (seed %i)", (seed) => {
  const fleet = new Fleet({ branches: 1, phones: PHONES, pbx: PBX, seed, refreshAfter: 0.8 });
  const { clock, pbx } = fleet;
  fleet.boot(10_000);
  clock.run(30_000);
  expect(pbx.registered.size).toBe(PHONES);
  pbx.die();
  // Power returns to the phones once upstream is known to be down.
  clock.run(330_000);
  fleet.boot(1_000);
  clock.run(340_000);
  pbx.rise();
  const hasAll = () => pbx.registered.size === PHONES;
  clock.run(340_000 + 1_200_000, hasAll);
  const all_s = (clock.now_ms - 340_000) / 1_000;
  console.info(`known phones, seed ${seed}: all ${PHONES} registered ${all_s.toFixed(0)} s after upstream's return`);
  expect(hasAll()).toBe(true);
  expect(all_s).toBeLessThan(SOON_S);
});
