/** Two members are cut from each other, and then one of them dies: the third one has heard the last of its calls, and goes on with them. */
import { describe, expect, test } from "vitest";
import type { AnycastGroup } from "./support/anycast.ts";
import { anycastScene, errors, finals, hunted, NUMBER, ownerOf, transactions } from "./support/anycast-scene.ts";

const SEEDS = Array.from({ length: 3 }, (_, index) => 301 + index);
const SECOND_ms = 1_000;
/** Each of those that don't make the call in turn. */
const OTHERS = [0, 1];
const CASES = SEEDS.flatMap((seed) => OTHERS.map((other) => ({ seed, other })));

/** The member that makes the call is cut from one of the others. @returns its name */
function cutOwner(group: AnycastGroup, other: number): string {
  const { name } = ownerOf(group);
  const others = group.living.filter((one) => one.name !== name);
  group.cut(name, others[other]?.name ?? "");
  return name;
}

describe.each(CASES)("seed $seed, cut from the other member $other:", ({ seed, other }) => {
  test("a call that has been answered since isn't gone on with", async () => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 4_000 });
    phone.invite(NUMBER);
    group.run(SECOND_ms);
    const owner = cutOwner(group, other);
    group.run(5 * SECOND_ms);
    group.kill(owner);
    group.run(5 * SECOND_ms);
    expect(group.owners).toEqual([]);
    expect([finals(phone), transactions(pbx), pbx.requests("CANCEL").length]).toEqual([[200], 1, 0]);
    expect(errors(group)).toEqual([]);
  });

  test("a call that has gone on to the next phone since is cancelled there", async () => {
    const { group, gateway, one, other: next } = await hunted(seed, "strategy: serial, ring: 4s, ");
    for (const phone of [one, next]) {
      phone.answers("INVITE", { status: 180, after_ms: 50 });
      phone.repeatsAnswers = true;
    }
    const invite = gateway.invite("sip:5550100@10.206.206.1");
    group.run(SECOND_ms);
    const owner = cutOwner(group, other);
    group.run(5 * SECOND_ms);
    expect(transactions(next)).toBe(1);
    group.kill(owner);
    group.run(1_500);
    ownerOf(group);
    gateway.cancel(invite);
    group.run(SECOND_ms);
    expect([finals(gateway), transactions(one), transactions(next)]).toEqual([[487], 1, 1]);
    // The member that goes on with the call doesn't know that the first phone has answered its CANCEL.
    const cancelled = [one, next].map((phone) => phone.requests("CANCEL").length > 0);
    expect(cancelled).toEqual([true, true]);
    expect(errors(group)).toEqual([]);
  });
});

describe.each(CASES)("seed $seed, the other member $other:", ({ seed, other }) => {
  /** A call that rings, and is answered so long after it has begun. */
  async function answeredAfter(after_ms: number, count = 3) {
    const scene = await anycastScene(seed, count);
    scene.pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms });
    scene.phone.invite(NUMBER);
    scene.group.run(SECOND_ms);
    return scene;
  }

  test.each([
    ["at once", 300, 300],
    ["later", 2_000, 2_000],
    ["after the line", 2_000, 5_000],
  ])(
    "a call that was answered behind a cut isn't gone on with when its member is back: %s",
    async (_when, healed_ms, back_ms) => {
      const { group, phone, pbx } = await answeredAfter(4_000);
      const owner = cutOwner(group, other);
      group.run(5 * SECOND_ms);
      group.kill(owner);
      group.network.after(healed_ms, () => group.heal());
      group.run(back_ms);
      await group.boot(owner);
      group.run(5 * SECOND_ms);
      expect(group.owners).toEqual([]);
      expect([finals(phone), transactions(pbx), pbx.requests("CANCEL").length]).toEqual([[200], 1, 0]);
      expect(errors(group)).toEqual([]);
    },
  );

  test("a call that its heir has brought to its end behind a cut isn't gone on with when its first member is back", async () => {
    const { group, phone, pbx } = await answeredAfter(6_000, 5);
    const { name: owner, stories } = ownerOf(group);
    const [call = ""] = [...stories["tales"].values()].map(({ callId }) => callId);
    const [one = "", two = ""] = stories["parts"].placement.heirs(call);
    group.cut(one, two);
    if (other === 1) group.run(SECOND_ms);
    group.kill(owner);
    group.run(7 * SECOND_ms);
    expect(finals(phone)).toEqual([200]);
    group.heal();
    group.run(SECOND_ms);
    await group.boot(owner);
    group.run(5 * SECOND_ms);
    expect(group.owners).toEqual([]);
    expect([finals(phone), transactions(pbx), pbx.requests("CANCEL").length]).toEqual([[200], 1, 0]);
    expect(errors(group)).toEqual([]);
  });
});

test("one that is heard again before it dies is anybody's, as before", async () => {
  const { group, phone, pbx } = await anycastScene(1);
  pbx.answers("INVITE", { status: 180, after_ms: 50 });
  const invite = phone.invite(NUMBER);
  group.run(SECOND_ms);
  const owner = cutOwner(group, 0);
  group.run(5 * SECOND_ms);
  group.heal();
  group.run(2 * SECOND_ms);
  group.kill(owner);
  group.run(2 * SECOND_ms);
  ownerOf(group);
  phone.cancel(invite);
  group.run(SECOND_ms);
  expect([finals(phone), transactions(pbx), pbx.requests("CANCEL").length]).toEqual([[487], 1, 1]);
});

test.each(SEEDS)("seed %i: a member that drains behind a cut gets no more calls by the third one", async (seed) => {
  const { group, phone, pbx } = await anycastScene(seed);
  pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 100 });
  group.cut("node1", "node3");
  group.run(2 * SECOND_ms);
  group.node("node1").node.drain();
  group.run(SECOND_ms);
  const passed: string[] = [];
  group.loses = (from, to, wire) => {
    const isCall = wire.includes('["sip",') && wire.includes('"wire":"INVITE ');
    if (to === "node1" && isCall) passed.push(`${from} to ${to}`);
    return false;
  };
  for (let call = 0; call < 20; call++) phone.invite(NUMBER);
  group.run(2 * SECOND_ms);
  expect(passed).toEqual([]);
  expect([finals(phone).length, transactions(pbx)]).toEqual([20, 20]);
  expect(errors(group)).toEqual([]);
});

test.each(SEEDS)("seed %i: a member that drains gives its calls to those that have heard them", async (seed) => {
  const { group, phone, pbx } = await anycastScene(seed);
  // No message of theirs brings them back to mind.
  pbx.answers("INVITE");
  group.cut("node1", "node3");
  group.run(2 * SECOND_ms);
  for (let call = 0; call < 20; call++) phone.invite(NUMBER);
  group.run(800);
  group.node("node1").node.drain();
  group.run(10 * SECOND_ms);
  expect([finals(phone).length, new Set(finals(phone))]).toEqual([20, new Set([302])]);
  expect(errors(group)).toEqual([]);
});

test.each(SEEDS)(
  "seed %i: one is started anew behind a cut, and each answer still comes to the member that has its call",
  async (seed) => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 1_500 });
    group.cut("node1", "node2");
    group.run(3 * SECOND_ms);
    group.kill("node2");
    group.run(3 * SECOND_ms);
    await group.boot("node2");
    // A call is looked for at other members for 32 s after a member has come or gone.
    group.run(60 * SECOND_ms);
    for (let call = 0; call < 40; call++) {
      phone.invite(NUMBER);
      group.run(100);
    }
    group.run(5 * SECOND_ms);
    expect(group.living.map(({ stories }) => stories.size)).toEqual([0, 0, 0]);
    expect([finals(phone).length, transactions(pbx), pbx.requests("CANCEL").length]).toEqual([40, 40, 0]);
    expect(errors(group)).toEqual([]);
  },
);
