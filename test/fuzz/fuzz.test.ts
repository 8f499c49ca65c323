/** What fuzzing has found stays mended; and a short run, half of it with chance of its own, looks for more. */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { keysBelow } from "../../src/app/config/key-paths.ts";
import { SITE_SECTIONS } from "../../src/app/config/sections.ts";
import { chosenSeed } from "../support/chance.ts";
import { Campaign } from "./campaign.ts";
import { readCases, replay } from "./findings.ts";
import { SITES } from "./sites.ts";

const FINDINGS = fileURLToPath(new URL("findings", import.meta.url));
/** A test that measures would fail on a busy machine: `npm run fuzz` does. */
const NO_CLOCK = () => 0;
const SITE_COUNT = Object.keys(SITES).length;
const cases = readCases(FINDINGS);

/** It changes times only. */
const NOT_FUZZED = ["gateway_probe"];

test("each section of a site is in one of the sites that are fuzzed", () => {
  const tops = Object.values(SITE_SECTIONS).flatMap(({ keys }) => keysBelow(keys, ""));
  const written = Object.values(SITES).flatMap((text) => Object.keys(parse(text)));
  expect(tops.filter((top) => !written.includes(top) && !NOT_FUZZED.includes(top))).toEqual([]);
});

describe("findings", () => {
  test("there are some", () => {
    expect(cases.length).toBeGreaterThan(0);
  });

  test.each(cases)("$name", ({ site, seed, steps }) => {
    expect(replay(site, seed, steps, NO_CLOCK)).toEqual([]);
  });
});

describe("a short run", () => {
  const another = chosenSeed("a short run of the campaign");

  // The second one has found a transaction that nothing ended.
  test.each([1, 929_241_720, another])(
    "seed %i finds nothing",
    (seed) => {
      const campaign = new Campaign(seed, NO_CLOCK, { slow_ms: 1, episode: 2_000 });
      for (let episode = 0; episode < SITE_COUNT; episode++) campaign.runEpisode(episode);
      const found = campaign.findings.map(({ kind, site, detail }) => `${kind} at ${site}: ${detail}`);
      expect(found, `seed ${seed}`).toEqual([]);
      expect(campaign.messages).toBe(2_000 * SITE_COUNT);
      // That it reaches the rules behind the door, and not only the door.
      expect(campaign.signatures.size).toBeGreaterThan(300);
    },
    120_000,
  );
});
