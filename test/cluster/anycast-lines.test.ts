/** A member whose own lines were cut while the others went on: what it makes of upstream once it is back. */
import { describe, expect, test } from "vitest";
import type { Address } from "../support/simulation.ts";
import type { AnycastGroup } from "./support/anycast.ts";
import { anycastScene, errors, finals, NUMBER, transactions } from "./support/anycast-scene.ts";

const SEEDS = [1, 2, 3];
const SECOND_ms = 1_000;
const CUT_ms = 20 * SECOND_ms;
const CALLS = 30;
const CUT = "node2";
const isPbx = ({ address }: Address) => address === "198.51.100.10";

const upstreamAt = (group: AnycastGroup, name = CUT) => group.node(name).site.peers.upstream[0]?.stateName;

/** All links of a member were down until now, and it has noticed. */
async function back(seed: number) {
  const scene = await anycastScene(seed);
  const { group, pbx } = scene;
  pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 100 });
  group.unplug(CUT);
  group.run(CUT_ms);
  expect([upstreamAt(group), upstreamAt(group, "node1")]).toEqual(["down", "up"]);
  return scene;
}

describe.each(SEEDS)("seed %i:", (seed) => {
  test("it believes the others that upstream is well, and sends its share of the calls there", async () => {
    const { group, phone, pbx, gateway, second } = await back(seed);
    group.plug(CUT);
    group.run(SECOND_ms);
    expect(upstreamAt(group)).toBe("up");
    for (let call = 0; call < CALLS; call++) phone.invite(NUMBER);
    group.run(2 * SECOND_ms);
    expect(finals(phone)).toEqual(Array(CALLS).fill(200));
    expect([pbx, gateway, second].map(transactions)).toEqual([CALLS, 0, 0]);
    expect(group.node(CUT).site.callLog.all.length).toBeGreaterThan(3);
    expect(errors(group)).toEqual([]);
  });

  test("while its own way to upstream is still cut, it believes nobody; once that is back, the others", async () => {
    const { group } = await back(seed);
    group.network.drops = (name, to) => name === CUT && isPbx(to);
    group.plug(CUT);
    for (let second = 0; second < 90; second++) {
      group.run(SECOND_ms);
      expect(upstreamAt(group)).toBe("down");
    }
    group.network.drops = () => false;
    group.run(7 * SECOND_ms);
    expect(upstreamAt(group)).toBe("up");
  });

  test("where upstream was away for all, each waits for its own hold", async () => {
    const { group } = await anycastScene(seed);
    group.network.swallows = (from, to) => isPbx(from) || isPbx(to);
    group.run(CUT_ms);
    group.network.swallows = () => false;
    group.run(30 * SECOND_ms);
    expect(group.names.map((name) => upstreamAt(group, name))).toEqual(Array(3).fill("recovering"));
  });

  test("a line that flaps is believed three times, and then for its hold", async () => {
    const { group } = await anycastScene(seed);
    const states: unknown[] = [];
    for (let cut = 0; cut < 5; cut++) {
      group.unplug(CUT);
      group.run(CUT_ms);
      group.plug(CUT);
      group.run(10 * SECOND_ms);
      states.push(upstreamAt(group));
    }
    expect(states).toEqual(["up", "up", "up", "recovering", "recovering"]);
  });
});
