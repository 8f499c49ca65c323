/** The member that makes a call is killed, drained or cut off at the moments at which that could cost the call, or double it. */
import { describe, expect, test } from "vitest";
import {
  anycastScene,
  errors,
  finals,
  hunted,
  NUMBER,
  ownerOf,
  PHONE,
  repeats,
  transactions,
} from "./support/anycast-scene.ts";

const SEEDS = Array.from({ length: 10 }, (_, index) => 101 + index);
const T2_ms = 4_000;
/** A dead member is known to be dead by then. */
const KNOWN_ms = 700;
const RING_ms = 4_000;
/** One that starts so soon after a death takes calls just before that death is known. */
const STARTS_ms = 300;

describe.each(SEEDS)("killed, seed %i:", (seed) => {
  test("before the first provisional response: another one goes on with the same INVITE", async () => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 900 }, { status: 200, after_ms: 2_000 });
    phone.invite(NUMBER);
    group.run(20);
    group.kill(ownerOf(group).name);
    group.run(4_000);
    expect([finals(phone), transactions(pbx), pbx.requests("ACK").length]).toEqual([[200], 1, 1]);
    expect(errors(group)).toEqual([]);
  });

  test("while another one starts, which doesn't know the call: one that does goes on with it", async () => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 });
    const name = group.names[seed % group.names.length] ?? "";
    group.kill(name);
    group.run(KNOWN_ms);
    const invite = phone.invite(NUMBER);
    group.run(1_000);
    const { name: owner } = ownerOf(group);
    group.kill(owner);
    group.run(STARTS_ms);
    await group.boot(name);
    group.run(KNOWN_ms);
    expect(ownerOf(group).name).not.toBe(name);
    phone.cancel(invite);
    group.run(1_000);
    expect([finals(phone), transactions(pbx), pbx.requests("CANCEL").length]).toEqual([[487], 1, 1]);
    expect(errors(group)).toEqual([]);
  });

  test("before it has the INVITE: the caller's repetition begins the call", async () => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 500 });
    const [name = ""] = group.living.map((one) => one.name);
    group.kill(name);
    group.network.choose = () => name;
    const invite = phone.invite(NUMBER);
    repeats(
      group,
      () => phone.resend(invite),
      () => phone.received.length > 0,
    );
    group.run(20);
    group.network.choose = (_wire, names) => names[names.length - 1];
    group.run(4_000);
    expect([finals(phone), transactions(pbx)]).toEqual([[200], 1]);
    expect(errors(group)).toEqual([]);
  });

  test("with two ringing: the one that loses is cancelled", async () => {
    const { group, gateway, one, other } = await hunted(seed);
    one.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 3_000 });
    other.answers("INVITE", { status: 180, after_ms: 50 });
    gateway.invite("sip:5550100@10.206.206.1");
    group.run(1_000);
    group.kill(ownerOf(group).name);
    group.run(4_000);
    expect([finals(gateway), transactions(one), transactions(other)]).toEqual([[200], 1, 1]);
    expect([one.requests("CANCEL").length, other.requests("CANCEL").length]).toEqual([0, 1]);
    expect(errors(group)).toEqual([]);
  });

  test("before the next phone's turn: that one rings, in time", async () => {
    const { group, gateway, one, other } = await hunted(seed, "strategy: serial, ring: 4s, ");
    one.answers("INVITE", { status: 180, after_ms: 50 });
    other.answers("INVITE", { status: 180, after_ms: 10 }, { status: 200, after_ms: 100 });
    gateway.invite("sip:5550100@10.206.206.1");
    group.run(1_000);
    group.kill(ownerOf(group).name);
    group.run(RING_ms);
    expect([finals(gateway), transactions(one), transactions(other)]).toEqual([[200], 1, 1]);
    expect([one.requests("CANCEL").length, other.requests("CANCEL").length]).toEqual([1, 0]);
    expect(errors(group)).toEqual([]);
  });

  test("together with the one that goes on with its call: the third one does", async () => {
    const { group, phone, pbx } = await anycastScene(seed, 5);
    pbx.answers("INVITE", { status: 180, after_ms: 50 });
    const invite = phone.invite(NUMBER);
    group.run(1_000);
    group.kill(ownerOf(group).name);
    group.run(KNOWN_ms);
    group.kill(ownerOf(group).name);
    group.run(KNOWN_ms);
    ownerOf(group);
    phone.cancel(invite);
    group.run(1_000);
    expect([finals(phone), transactions(pbx), pbx.requests("CANCEL").length]).toEqual([[487], 1, 1]);
    expect(errors(group)).toEqual([]);
  });
});

describe.each(SEEDS)("seed %i:", (seed) => {
  test("all provisional responses to the caller are lost: its INVITEs are one call", async () => {
    const { group, phone, pbx } = await anycastScene(seed);
    const { network } = group;
    pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 9_000 });
    const nodes = [...group.nodes.values()].map(({ site }) => site.simulation);
    for (const view of nodes) {
      const send = view.send.bind(view);
      view.send = (from, to, wire, onRefused) => {
        if (to.address !== PHONE.address || !wire.startsWith("SIP/2.0 1")) send(from, to, wire, onRefused);
      };
    }
    const invite = phone.invite(NUMBER);
    repeats(
      group,
      () => phone.resend(invite),
      () => phone.received.length > 0,
    );
    network.run(12_000);
    expect([finals(phone), transactions(pbx)]).toEqual([[200], 1]);
    expect(phone.responses(180)).toEqual([]);
  });

  test("the owner and another member are cut from each other: the call is one, and stays where it is", async () => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 });
    const invite = phone.invite(NUMBER);
    group.run(500);
    const owner = ownerOf(group);
    const [other] = group.living.filter((one) => one !== owner);
    group.cut(owner.name, other?.name ?? "");
    group.run(2_000);
    for (let again = 0; again < 5; again++) phone.resend(invite);
    group.run(T2_ms);
    expect(ownerOf(group)).toBe(owner);
    phone.cancel(invite);
    group.run(1_000);
    expect([finals(phone), transactions(pbx), pbx.requests("CANCEL").length]).toEqual([[487], 1, 1]);
  });

  test("each member in turn is drained and joins again while calls come and go: none is lost", async () => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 700 });
    const calls = 90;
    for (let call = 0; call < calls; call++) group.network.after(100 * call, () => phone.invite(NUMBER));
    for (const [index, { name, node }] of group.living.entries()) {
      group.network.after(3_000 * index + 500, () => node.drain());
      group.network.after(3_000 * index + 2_900, () => {
        expect([name, node.cluster.state]).toEqual([name, "drained"]);
        node.join();
      });
    }
    group.run(100 * calls + 3_000);
    expect([finals(phone).length, transactions(pbx)]).toEqual([calls, calls]);
    expect(new Set(finals(phone))).toEqual(new Set([200]));
    expect(errors(group)).toEqual([]);
  });
});

test.each(SEEDS)(
  "the last member is told to drain alone while a call rings: it makes the call to its end, seed %i",
  async (seed) => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 6_000 });
    for (const name of ["node2", "node3"]) group.kill(name);
    group.run(5_000);
    phone.invite(NUMBER);
    group.run(1_000);
    const { node, stories } = group.node("node1");
    // Its router has a static route, which no member withdraws.
    group.follows_ms = 60_000;
    expect(node.drain(true)).toBe(true);
    group.run(1_000);
    expect([node.cluster.state, stories.size]).toEqual(["draining", 1]);
    group.run(40_000);
    expect([finals(phone), pbx.requests("ACK").length, pbx.requests("CANCEL").length]).toEqual([[200], 1, 0]);
    expect([node.cluster.state, errors(group)]).toEqual(["drained", []]);
  },
);

test("of three that are told to drain at the same moment, one takes calls again", async () => {
  const { group } = await anycastScene(1);
  for (const { node } of group.living) node.drain();
  group.run(3_000);
  expect(group.living.map(({ node }) => node.cluster.state)).toEqual(["active", "drained", "drained"]);
  expect([...group.network.announced]).toEqual(["node1"]);
});

test("calls of a dead member are gone on with in the order in which they have begun, whichever has rung last", async () => {
  const { group, phone, pbx } = await anycastScene(7, 2);
  for (let call = 0; call < 8; call++) {
    pbx.answers("INVITE", { status: 180, after_ms: 1_000 - 120 * call });
    phone.invite(NUMBER);
    group.run(20);
  }
  group.run(2_000);
  const [dead, heir] = group.living;
  if (dead === undefined || heir === undefined) throw new Error("no member");
  const own = new Set(heir.site.callLog.all);
  group.kill(dead.name);
  group.run(2_000);
  const carried = heir.site.callLog.all.filter((call) => !own.has(call)).map(({ at_ms }) => at_ms);
  expect(carried.length).toBeGreaterThan(2);
  expect(carried).toEqual([...carried].sort((one, other) => one - other));
});
