/** The line upstream flaps: no call is lost, no phone loses its registration, and upstream's state doesn't flap along. */
import { describe, expect, it } from "vitest";
import { CUTS, type Cut, FlappingSite } from "../support/flapping.ts";

const FLAPS = 30;
/** Calls that wait for fr_timer, or for a 200 that is repeated. */
const LAST_CALL_ms = 40_000;

const WAYS: readonly (readonly [string, (index: number) => Cut])[] = [
  ...CUTS.map((cut) => [cut, () => cut] as const),
  ["each in its turn", (index) => CUTS[index % CUTS.length] ?? "silent drop"],
];
const TIMES = [
  [2_500, 2_500],
  [5_000, 5_000],
] as const;
const cases = WAYS.flatMap(([name, how]) => TIMES.map(([down_ms, up_ms]) => ({ name, how, down_ms, up_ms })));

function expectAllWell(flapping: FlappingSite): void {
  const { calls, phones } = flapping;
  const unanswered = [...calls].filter(([, { answer }]) => answer === undefined).map(([callId]) => callId);
  expect(unanswered).toEqual([]);
  expect([...calls.values()].flatMap(({ failures }) => failures)).toEqual([]);
  expect(flapping.doubled).toEqual([]);
  expect(phones.flatMap(({ failures }) => failures)).toEqual([]);
  expect(Math.min(...phones.map(({ leastLeft_ms }) => leastLeft_ms))).toBeGreaterThan(0);
}

/** How often calls have turned away from upstream, and back. */
function turns(edges: readonly string[]): number {
  return edges.filter((edge) => edge === "suspect down" || edge === "recovering up").length;
}

describe("30 flaps of the line upstream, with the default timers", () => {
  it.each(cases)("$name, away for $down_ms ms and back for $up_ms ms", ({ how, down_ms, up_ms }) => {
    const flapping = new FlappingSite();
    const before = flapping.edges.length;
    flapping.flap(FLAPS, how, down_ms, up_ms);
    const edges = flapping.edges.slice(before);
    flapping.stopCalling();
    flapping.site.run(LAST_CALL_ms);
    expectAllWell(flapping);
    // A flap is up-suspect-up, or down-recovering-down; and up-suspect-up once more where a call's fr_timer ends when
    // the line has just come back, and the probe says so.
    expect(edges.length).toBeLessThanOrEqual(4 * FLAPS);
    // Shorter than the hold, none of them lets calls go up in between.
    expect(turns(edges)).toBeLessThanOrEqual(1);
  });

  it("then the line is calm: calls go up again after the hold, which is ten minutes at the most", () => {
    const flapping = new FlappingSite();
    flapping.flap(FLAPS, () => "process dead", 5_000, 5_000);
    expect(flapping.edges.at(-1)).not.toBe("recovering up");
    flapping.site.run(5_000 + 2_000 + 600_000);
    expect(flapping.edges.at(-1)).toBe("recovering up");
    const { now_ms } = flapping.site.simulation;
    flapping.site.run(10_000);
    flapping.stopCalling();
    flapping.site.run(LAST_CALL_ms);
    expectAllWell(flapping);
    const after = [...flapping.calls.values()].filter(({ at_ms }) => at_ms > now_ms);
    expect(after.map(({ answer }) => answer?.by)).toEqual(after.map(() => "upstream"));
  });
});

describe("30 flaps with a hold so short that calls go up in between each time", () => {
  const upstream = ", hold: 1s, hold_max: 1s, probe: {down_interval: 1s}";

  it.each(WAYS)("%s", (_, how) => {
    const flapping = new FlappingSite("", upstream);
    const before = flapping.edges.length;
    flapping.flap(FLAPS, how, 8_000, 8_000);
    const edges = flapping.edges.slice(before);
    flapping.stopCalling();
    flapping.site.run(LAST_CALL_ms);
    expectAllWell(flapping);
    expect(edges.length).toBe(4 * FLAPS);
    expect(turns(edges)).toBe(2 * FLAPS);
    const up = [...flapping.calls.values()].filter(({ answer }) => answer?.by === "upstream");
    expect(up.length).toBeGreaterThan(FLAPS);
  });
});
