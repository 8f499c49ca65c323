/** A member that is started takes calls once it knows what the others make: the next moment may be their last. */
import { describe, expect, test } from "vitest";
import { AnycastGroup } from "./support/anycast.ts";
import { anycastScene, errors, finals, NUMBER, repeats, transactions } from "./support/anycast-scene.ts";

const SEEDS = Array.from({ length: 10 }, (_, index) => 201 + index);
const CALLS = 30;
const SECOND_ms = 1_000;
const STEP_ms = 10;
/** A member that isn't ready by then takes calls all the same. */
const OVERDUE_ms = 10_000;

const stateOf = (group: AnycastGroup, name: string) => group.node(name).node.cluster.state;

/** Calls ring at all three, and the last one is killed. */
async function ringing(seed: number, calls = CALLS) {
  const scene = await anycastScene(seed);
  scene.pbx.answers("INVITE", { status: 180, after_ms: 50 });
  const invites = Array.from({ length: calls }, () => scene.phone.invite(NUMBER));
  scene.group.run(SECOND_ms);
  scene.group.kill("node3");
  scene.group.run(2 * SECOND_ms);
  return { ...scene, invites };
}

describe("what others tell it of their calls gets lost", () => {
  async function deaf(deaf_ms: number) {
    const scene = await ringing(1);
    const { group } = scene;
    group.loses = (_from, to, wire) => to === "node3" && wire.includes('["story",');
    group.network.after(deaf_ms, () => {
      group.loses = () => false;
    });
    await group.boot("node3");
    return scene;
  }

  test("it waits until that has come", async () => {
    const { group } = await deaf(4 * SECOND_ms);
    group.run(3 * SECOND_ms);
    expect([stateOf(group, "node3"), group.network.announced.has("node3")]).toEqual(["syncing", false]);
    group.run(3 * SECOND_ms);
    expect([stateOf(group, "node3"), group.network.announced.has("node3")]).toEqual(["active", true]);
    expect(group.node("node3").stories.heard.all.every(({ whole }) => whole > 0)).toBe(true);
  });

  test("but no longer than ten seconds: a member that takes no calls helps nobody", async () => {
    const { group } = await deaf(60 * SECOND_ms);
    group.run(OVERDUE_ms - SECOND_ms);
    expect(stateOf(group, "node3")).toBe("syncing");
    group.run(2 * SECOND_ms);
    expect(stateOf(group, "node3")).toBe("active");
  });

  test("those that tell of them die: it has nothing more to wait for", async () => {
    const { group } = await deaf(60 * SECOND_ms);
    group.run(SECOND_ms);
    for (const name of ["node1", "node2"]) group.kill(name);
    group.run(SECOND_ms);
    expect(stateOf(group, "node3")).toBe("active");
  });
});

test("three that start at once wait for nobody's calls", async () => {
  const group = await AnycastGroup.start(3, 1);
  group.run(SECOND_ms / 2);
  expect(group.names.map((name) => stateOf(group, name))).toEqual(["active", "active", "active"]);
});

test("one that starts while the others are dead answers what its first caller says again after 500 ms", async () => {
  const { group, phone, pbx } = await anycastScene(1);
  pbx.answers("INVITE", { status: 180, after_ms: 50 });
  for (const name of group.names) group.kill(name);
  group.run(2 * SECOND_ms);
  await group.boot("node1");
  // Where it is the only one, the route outlives its restart.
  group.network.announced.add("node1");
  const invite = phone.invite(NUMBER);
  repeats(
    group,
    () => phone.resend(invite),
    () => phone.received.length > 0,
  );
  group.run(SECOND_ms / 2 - 1);
  expect(phone.received).toEqual([]);
  group.run(100);
  expect([stateOf(group, "node1"), phone.responses(180).length, transactions(pbx)]).toEqual(["active", 1, 1]);
});

describe.each(SEEDS)("seed %i:", (seed) => {
  test("the others die as it takes calls: it goes on with theirs", async () => {
    const { group, phone, pbx, invites } = await ringing(seed);
    await group.boot("node3");
    while (stateOf(group, "node3") === "syncing") group.run(STEP_ms);
    for (const name of ["node1", "node2"]) group.kill(name);
    group.run(2 * SECOND_ms);
    for (const invite of invites) phone.cancel(invite);
    group.run(SECOND_ms);
    expect([transactions(pbx), new Set(finals(phone)), finals(phone).length]).toEqual([CALLS, new Set([487]), CALLS]);
    expect(pbx.requests("CANCEL")).toHaveLength(CALLS);
    expect(errors(group)).toEqual([]);
  });
});
