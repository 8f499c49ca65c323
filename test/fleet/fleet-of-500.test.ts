/**
 * 500 engines of 50 phones each, and one PBX that bears 300 REGISTERs a second and falls over above. Beside it the fixed pace of
 * former versions, for a tenth of all that. The whole company takes three minutes of a processor: BRANCHLINE_LONG=1.
 */
import { expect, it } from "vitest";
import { OUTAGE_AT_ms, returnOf, told, withFixedPace } from "../support/fleet/return.ts";

const BEARS = 300;
const COMPANY = {
  branches: 500,
  phones: 50,
  seed: Number(process.env["BRANCHLINE_SEED"] ?? 1),
  pbx: { bears: BEARS, backlog_ms: 2_000, restart_ms: 60_000, expires_s: 300 },
};
const NAME = `500 branches of 50 phones, a PBX that bears ${BEARS} REGISTERs a second (seed ${COMPANY.seed})`;

const IS_LONG = process.env["BRANCHLINE_LONG"] === "1";
const TENTH = { ...COMPANY, branches: 50, pbx: { ...COMPANY.pbx, bears: BEARS / 10 } };

it.runIf(IS_LONG)(
  "all 25,000 phones are registered again, and the PBX is never over its limit by more than 10 %",
  {
    timeout: 900_000,
  },
  () => {
    const result = returnOf(COMPANY, 900);
    console.info(told(NAME, result));
    expect(result).toMatchObject({ registered: 25_000, falls: 0, unanswered: 0 });
    expect(result.peak).toBeLessThanOrEqual(1.1 * BEARS);
    expect(result.all_s).toBeLessThan(600);
  },
);

// By chance, few branches ask together more often than many do: the PBX can queue for two seconds.
it("a tenth of the company never fells a tenth of the PBX", { timeout: 300_000 }, () => {
  const result = returnOf(TENTH, 900);
  console.info(told("50 branches, a PBX that bears 30", result));
  expect(result).toMatchObject({ registered: 2_500, falls: 0, unanswered: 0 });
  expect(result.all_s).toBeLessThan(600);
});

it("nor do branches of ten phones that have all been started anew in the outage, so that upstream doesn't know their Contacts", {
  timeout: 300_000,
}, () => {
  const result = returnOf({ ...TENTH, phones: 10 }, 900, (fleet) =>
    fleet.restartPhones(OUTAGE_AT_ms + 300_000, 60_000),
  );
  console.info(told("50 branches, a PBX that bears 30, ten phones each, started anew", result));
  expect(result).toMatchObject({ registered: 500, falls: 0, unanswered: 0 });
  expect(result.all_s).toBeLessThan(300);
});

it("with the fixed pace a tenth of the company fells a tenth of the PBX again and again", { timeout: 300_000 }, () => {
  const result = returnOf(TENTH, 900, withFixedPace);
  console.info(told("50 branches, a PBX that bears 30, five phones a second from each branch", result));
  expect(result.falls).toBeGreaterThan(1);
  expect(result.all_s).toBeUndefined();
});
