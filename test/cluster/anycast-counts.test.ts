/** How many calls each member has made and still makes, as all of them know it. */
import { describe, expect, test } from "vitest";
import { readBeat } from "../../src/cluster/member-facts.ts";
import type { AnycastGroup, AnycastNode } from "./support/anycast.ts";
import { anycastScene, finals, NUMBER, ownerOf } from "./support/anycast-scene.ts";

const SECOND_ms = 1_000;
const CALLS = 60;

const factsOf = ({ node }: AnycastNode, group: AnycastGroup) => node.facts(String, group.network.now_ms);

/** By member, what it says of itself, and what each other one knows of it. */
function countsOf(group: AnycastGroup) {
  return group.living.map((one) => {
    const others = group.living.filter((other) => other !== one);
    const known = others.map((other) => factsOf(other, group).members.find(({ name }) => name === one.name)?.calls);
    return [factsOf(one, group).calls, ...known];
  });
}

const sum = (group: AnycastGroup, what: "active" | "processed") =>
  group.living.reduce((total, one) => total + (factsOf(one, group).calls?.[what] ?? 0), 0);

async function calls(seed: number) {
  const scene = await anycastScene(seed);
  const { group, phone, pbx } = scene;
  pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 500 });
  for (let call = 0; call < CALLS; call++) phone.invite(NUMBER);
  group.run(2 * SECOND_ms);
  const endAll = () => {
    for (const { message } of phone.responses(200, "INVITE")) phone.inDialog("BYE", message, 2);
    group.run(2 * SECOND_ms);
  };
  return { ...scene, endAll };
}

test("all members know each one's; those that are up and those that have been are all calls", async () => {
  const { group, endAll } = await calls(1);
  expect([sum(group, "active"), sum(group, "processed")]).toEqual([CALLS, CALLS]);
  for (const [own, ...known] of countsOf(group)) {
    expect(known).toEqual([own, own]);
    expect(own?.active).toBeGreaterThan(10);
  }
  endAll();
  expect([sum(group, "active"), sum(group, "processed")]).toEqual([0, CALLS]);
  for (const [own, ...known] of countsOf(group)) expect(known).toEqual([own, own]);
});

test("a call whose BYE comes to another member than its INVITE is over at the one that has made it", async () => {
  const { group, endAll } = await calls(2);
  const [first] = group.living;
  first?.node.drain();
  group.run(SECOND_ms);
  expect(sum(group, "active")).toBe(CALLS);
  endAll();
  expect(sum(group, "active")).toBe(0);
  expect(group.living.map(({ site }) => site.core.dialogs.size)).toEqual([0, 0, 0]);
});

describe.each([1, 2, 3])("seed %i:", (seed) => {
  const states = ({ site }: AnycastNode, now_ms: number) =>
    site.callLog.all.map((call) => [call.stateAt(now_ms), call.decisive?.given_to]);

  /** One call rings. */
  async function ringing() {
    const scene = await anycastScene(seed);
    const { group, phone, pbx } = scene;
    pbx.answers("INVITE", { status: 180, after_ms: 50 });
    const invite = phone.invite(NUMBER);
    group.run(SECOND_ms);
    const owner = ownerOf(group);
    const active = (one: AnycastNode) => factsOf(one, group).calls?.active;
    return { ...scene, invite, owner, active };
  }

  test("a call that a member gives away in a drain leaves its count, and it knows which one has the call", async () => {
    const { group, phone, invite, owner, active } = await ringing();
    expect(active(owner)).toBe(1);
    owner.node.drain();
    group.run(SECOND_ms);
    const next = ownerOf(group);
    expect([active(owner), active(next), sum(group, "active")]).toEqual([0, 1, 1]);
    expect(states(owner, group.network.now_ms)).toEqual([["given", next.name]]);
    expect(states(next, group.network.now_ms)).toEqual([["calling", undefined]]);
    phone.cancel(invite);
    group.run(SECOND_ms);
    expect(finals(phone)).toEqual([487]);
    expect([states(owner, 0), sum(group, "active")]).toEqual([[["given", next.name]], 0]);
    expect(states(next, 0)).toEqual([["failed", undefined]]);
  });

  test("a call whose first INVITE was challenged is given away as any other, and hasn't failed", async () => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 407, extra: ['Proxy-Authenticate: Digest realm="x", nonce="y"'] });
    phone.request("INVITE", NUMBER, [], "challenged");
    group.run(SECOND_ms);
    pbx.answers("INVITE", { status: 180, after_ms: 50 });
    const invite = phone.request("INVITE", NUMBER, ['Proxy-Authorization: Digest username="201"'], "challenged", 2);
    group.run(SECOND_ms);
    const owner = ownerOf(group);
    owner.node.drain();
    group.run(SECOND_ms);
    const next = ownerOf(group);
    expect(states(owner, group.network.now_ms)).toEqual([["given", next.name]]);
    owner.node.join();
    next.node.drain();
    group.run(SECOND_ms);
    const last = ownerOf(group);
    phone.cancel(invite);
    group.run(SECOND_ms);
    expect(states(last, group.network.now_ms)).toEqual([["failed", undefined]]);
    if (last !== owner) expect(states(owner, group.network.now_ms)).toEqual([["given", next.name]]);
  });

  test("a call that others have gone on with behind a cut leaves the count of the member that was cut off", async () => {
    const { group, owner, active } = await ringing();
    group.unplug(owner.name);
    group.run(3 * SECOND_ms);
    expect(active(owner)).toBe(1);
    const [next] = group.owners.filter((one) => one !== owner);
    group.plug(owner.name);
    group.run(2 * SECOND_ms);
    expect(sum(group, "active")).toBe(1);
    const [kept] = group.owners;
    const other = kept === owner ? next : owner;
    expect(other && states(other, group.network.now_ms)).toEqual([["given", kept?.name]]);
  });

  test("a call whose BYE came while its member was cut off leaves that one's count once it is heard again", async () => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 100 });
    phone.invite(NUMBER);
    group.run(SECOND_ms);
    const [owner] = group.living.filter((one) => factsOf(one, group).calls?.active === 1);
    if (owner === undefined) throw new Error("nobody has the call");
    group.unplug(owner.name);
    group.run(2 * SECOND_ms);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    group.run(SECOND_ms);
    expect([pbx.requests("BYE").length, factsOf(owner, group).calls?.active]).toEqual([1, 1]);
    group.plug(owner.name);
    group.run(SECOND_ms);
    expect([factsOf(owner, group).calls?.active, owner.site.core.dialogs.size]).toEqual([0, 0]);
    expect(states(owner, group.network.now_ms)).toEqual([["ended", undefined]]);
  });
});

test.each([[[1]], [[1, 2, 3]], [[1, -2]], [[1, "2"]], [[1.5, 2]], [["1", 2]], [{ 0: 1, 1: 2 }], [7], [null]])(
  "%j is no such count",
  (calls) => {
    expect(readBeat({ calls }).calls).toBeUndefined();
  },
);

test("two numbers are", () => {
  expect(readBeat({ calls: [3, 40] }).calls).toEqual([3, 40]);
});

test("a message that is too long to be sent on to the member that has its call is counted where it came, and handled there", async () => {
  const { group, phone, pbx } = await anycastScene(3);
  const untold = () => group.living.map((one) => factsOf(one, group).untold?.too_long ?? 0);
  pbx.answers("INVITE", { status: 486, after_ms: 50 });
  phone.invite(NUMBER);
  group.run(SECOND_ms);
  expect(untold()).toEqual([0, 0, 0]);
  const long = Array.from({ length: 13 }, (_, number) => `X-Long-${number}: ${"x".repeat(1_000)}`);
  for (let call = 0; call < 12; call++) phone.invite(NUMBER, long);
  group.run(SECOND_ms);
  expect(untold().every((count) => count > 0)).toBe(true);
  expect(finals(phone)).toEqual(Array(13).fill(486));
});
