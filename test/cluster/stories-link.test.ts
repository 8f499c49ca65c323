/** Stories on a link that loses and disorders, on a member that comes back, and with an alarm that is false. */
import { describe, expect, test } from "vitest";
import { memberMark } from "../../src/transaction/branch-id.ts";
import { cseqMethodOf, header, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { mulberry32 } from "../support/simulation.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML } from "../support/site.ts";
import { StoryPair } from "./support/story-pair.ts";
import { FR_ms, play, SCENES } from "./support/story-scenes.ts";

const NUMBER = "sip:900@198.51.100.10";
const NEVER_ms = 1e9;

const finals = (actor: Actor) => [
  ...new Set(
    actor.received
      .filter(({ message }) => statusOf(message) >= 200 && cseqMethodOf(message) === "INVITE")
      .map(({ message }) => statusOf(message)),
  ),
];
const branches = (actor: Actor) => new Set(actor.requests("INVITE").map(({ message }) => header(message, "via"))).size;

/** A phone and a PBX that rings, and a pair of routers between them. */
function ringing() {
  const pair = new StoryPair();
  const phone = pair.a.site.actor("201", PHONE);
  const pbx = pair.a.site.actor("pbx", PBX).answers("INVITE", { status: 180 });
  pair.simulation.run(1_000);
  const invite = phone.invite(NUMBER);
  pair.simulation.run(1_000);
  return { pair, phone, pbx, invite, run: (duration_ms: number) => pair.simulation.run(duration_ms) };
}

const troubles = (pair: StoryPair) =>
  [pair.a, pair.b].flatMap(({ site }) => site.events.filter(({ level }) => level === "error" || level === "warn"));

describe("the link", () => {
  const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

  test.each(SEEDS)(
    "loses a fifth and disorders the rest, seed %d: the other member comes to know the whole story",
    (seed) => {
      const chance = mulberry32(seed);
      const pair = new StoryPair();
      pair.linkFate = () => chance() > 0.2;
      pair.delay_ms = () => Math.floor(chance() * 30);
      const phone = pair.a.site.actor("201", PHONE);
      pair.a.site
        .actor("pbx", PBX)
        .answers("INVITE", { status: 100 }, { status: 183, after_ms: 40 }, { status: 180, after_ms: 80 });
      pair.simulation.run(1_000);
      const invite = phone.invite(NUMBER);
      pair.simulation.run(6_000);
      const [heard] = pair.b.stories.heard.of("a");
      expect(heard?.whole).toBe(4);
      expect(heard?.opening?.wire).toContain("INVITE sip:900");
      phone.cancel(invite);
      pair.simulation.run(6_000);
      expect(heard?.isOver).toBe(true);
    },
  );

  test.each(SEEDS)("is as bad when the member dies, seed %d: each caller gets one final response", (seed) => {
    const chance = mulberry32(seed);
    const scene = SCENES[seed % SCENES.length];
    if (scene === undefined) return;
    const kill_ms = Math.floor(chance() * 6_000);
    const long = { ...scene, duration_ms: scene.duration_ms + 20_000 };
    const how = (pair: StoryPair) => pair.kill();
    const link = (pair: StoryPair) => {
      pair.linkFate = () => chance() > 0.3;
      pair.delay_ms = () => Math.floor(chance() * 50);
    };
    const { pair, phone, gateway } = play(long, { at_ms: kill_ms, how }, link);
    const told = [...finals(phone), ...finals(gateway)];
    // Without a story the INVITE is gone: what is left is a callee's answer, which needs none. A caller that cancels waits for its 487.
    const isKnown = pair.b.stories.heard.of("a").some(({ opening }) => opening !== undefined);
    const isRinging = scene.silent === "at first" && kill_ms <= FR_ms;
    const least = (isKnown || !scene.name.startsWith("cancelled")) && !isRinging ? 1 : 0;
    expect(told.length, `${scene.name}, killed at ${kill_ms}`).toBeGreaterThanOrEqual(least);
    expect(told.length).toBeLessThanOrEqual(1);
    expect(troubles(pair).filter(({ event }) => event.endsWith("_failed"))).toEqual([]);
  });
});

describe("a member that comes back", () => {
  /** The other one dies, which makes the call, and then the caller cancels it. */
  function expectCancelled({ pair, phone, pbx, invite, run }: ReturnType<typeof ringing>): void {
    pair.kill("b");
    run(1_000);
    phone.cancel(invite);
    run(1_000);
    expect(finals(phone)).toEqual([487]);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
  }

  test("learns the calls that are in the making, and goes on with them when the other one dies", () => {
    const made = ringing();
    const { pair, pbx, run } = made;
    pair.kill("a");
    run(2_000);
    pair.restart("a");
    run(1_000);
    expect(pair.a.stories.heard.of("b").map(({ whole }) => whole)).toEqual([2]);
    expectCancelled(made);
    expect(branches(pbx)).toBe(1);
  });

  test("learns at once what the other one goes on with: that one may end a moment later", () => {
    const made = ringing();
    const { pair, run } = made;
    pair.kill("a");
    run(390);
    pair.restart("a");
    run(30);
    expect(pair.b.stories.size).toBe(1);
    expectCancelled(made);
  });
});

describe("a member that has been out of reach for a moment", () => {
  /** The line is cut, and a hundred calls ring that the other member hasn't heard of. */
  function withUnheardCalls(): StoryPair {
    const pair = new StoryPair();
    const phone = pair.a.site.actor("201", PHONE);
    pair.a.site.actor("pbx", PBX).answers("INVITE", { status: 180 });
    pair.simulation.run(1_000);
    pair.linkFate = () => false;
    for (let count = 0; count < 100; count++) phone.invite(NUMBER);
    pair.simulation.run(1_000);
    return pair;
  }

  test("learns all calls that have begun meanwhile as soon as it is heard again", () => {
    const pair = withUnheardCalls();
    expect(pair.b.stories.heard.size).toBe(0);
    pair.linkFate = () => true;
    // A datagram takes a moment each way.
    pair.delay_ms = () => 1;
    pair.learnLife("b");
    pair.simulation.run(20);
    expect(pair.b.stories.heard.of("a").map(({ whole }) => whole)).toEqual(Array(100).fill(2));
  });

  test("isn't sent more than 40 of their stories before it has had the first", () => {
    const pair = withUnheardCalls();
    pair.linkFate = ([kind]) => kind !== "story";
    pair.learnLife("b");
    const asked = pair.parts.length;
    pair.simulation.run(20);
    expect(pair.parts.slice(asked).filter(([kind]) => kind === "story-lacks")).toHaveLength(40);
  });
});

describe("a member that is started anew, and has the addresses before the other one gets them", () => {
  test("learns from that which calls it was making, and goes on with them", () => {
    const { pair, phone, pbx, invite, run } = ringing();
    pair.kill("a", NEVER_ms, NEVER_ms);
    run(100);
    pair.restart("a");
    pair.move("a");
    run(1_000);
    expect([pair.a.stories.size, pair.b.stories.size]).toEqual([1, 0]);
    phone.cancel(invite);
    run(1_000);
    expect(finals(phone)).toEqual([487]);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
    expect(branches(pbx)).toBe(1);
  });

  test("dies again before it has them: the other one goes on with them", () => {
    const { pair, phone, pbx, invite, run } = ringing();
    pair.kill("a", NEVER_ms, NEVER_ms);
    pair.restart("a");
    run(700);
    pair.kill("a", NEVER_ms, 0);
    pair.move("b");
    run(1_000);
    phone.cancel(invite);
    run(1_000);
    expect(finals(phone)).toEqual([487]);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
  });
});

describe("a false alarm", () => {
  test("the member that has the addresses keeps the call; what the other has gone on with ends without a word", () => {
    const { pair, phone, pbx, run } = ringing();
    pair.learnDeath("a");
    expect(pair.b.stories.size).toBe(1);
    pair.learnLife("a");
    run(1_000);
    expect([pair.a.stories.size, pair.b.stories.size]).toEqual([1, 0]);
    expect(pair.b.site.core.transactions.unanswered.size).toBe(0);
    pbx.answers("INVITE");
    run(200_000);
    expect(finals(phone)).toEqual([408]);
    expect(pbx.requests("CANCEL").length).toBe(1);
  });

  test("the addresses have moved: the one that has them keeps the call, the other lets it go", () => {
    const { pair, phone, pbx, invite, run } = ringing();
    pair.move("b");
    pair.learnDeath("a");
    pair.learnLife("a");
    run(1_000);
    expect([pair.a.stories.size, pair.b.stories.size]).toEqual([0, 1]);
    phone.cancel(invite);
    run(2_000);
    expect(finals(phone)).toEqual([487]);
    expect(new Set(pbx.requests("CANCEL").map(({ message }) => header(message, "via"))).size).toBe(1);
  });
});

test("both members go on with a call while they don't hear each other: the next phone gets the same INVITE from both", () => {
  const members = '{strategy: serial, ring: 4s, members: ["sip:201@10.222.237.21", "sip:202@10.222.237.22"]}';
  const pair = new StoryPair(SITE_YAML.replace(/hunt_groups.*/, `hunt_groups: {default: ${members}}`));
  const { site } = pair.a;
  const gateway = site.actor("gateway", GATEWAY);
  site.actor("201", PHONE).answers("INVITE", { status: 180 });
  const next = site.actor("202", PHONE_2).answers("INVITE");
  pair.simulation.run(1_000);
  gateway.invite("sip:5550100@10.222.237.1");
  pair.simulation.run(1_000);
  pair.linkFate = () => false;
  pair.learnDeath("a");
  pair.simulation.run(3_200);
  expect([next.requests("INVITE").length, branches(next)]).toEqual([2, 1]);
});

test("a call that a member has ended while nobody heard it: the other one has gone on with it, and lets it go, with all that rings", () => {
  const pair = new StoryPair();
  const phone = pair.a.site.actor("201", PHONE);
  const pbx = pair.a.site.actor("pbx", PBX).answers("INVITE", { status: 180 }, { status: 200, after_ms: 1_000 });
  pair.simulation.run(1_000);
  phone.invite(NUMBER);
  pair.simulation.run(500);
  pair.linkFate = () => false;
  pair.learnDeath("a");
  pair.simulation.run(1_000);
  expect([pair.a.stories.size, pair.b.stories.size]).toEqual([0, 1]);
  pair.move("b");
  pair.linkFate = () => true;
  pair.learnLife("a");
  pair.simulation.run(1_000);
  expect([pair.a.stories.size, pair.b.stories.size]).toEqual([0, 0]);
  pair.simulation.run(200_000);
  expect(finals(phone)).toEqual([200]);
  expect(pbx.requests("CANCEL")).toHaveLength(1);
});

describe("a member that gives its calls away", () => {
  test("the other goes on with them as soon as it has the addresses", () => {
    const { pair, phone, pbx, invite, run } = ringing();
    pair.a.site.engine.run((now_ms) => pair.a.stories.handOver(now_ms));
    run(100);
    expect([pair.a.stories.size, pair.b.stories.size]).toEqual([0, 0]);
    pair.move("b");
    run(500);
    expect([pair.a.stories.size, pair.b.stories.size]).toEqual([0, 1]);
    phone.cancel(invite);
    run(1_000);
    expect(finals(phone)).toEqual([487]);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
  });

  test("the addresses come back to it: it goes on with the calls that no other has taken", () => {
    const { pair, phone, pbx, invite, run } = ringing();
    pair.a.site.engine.run((now_ms) => pair.a.stories.handOver(now_ms));
    run(700);
    expect(pair.b.stories.heard.of("a").map(({ given }) => given)).toEqual([2]);
    pair.move("a");
    run(700);
    expect([pair.a.stories.size, pair.b.stories.size]).toEqual([1, 0]);
    expect(pair.b.stories.heard.of("a").map(({ given, whole, isOver }) => [given, whole, isOver])).toEqual([
      [undefined, 2, false],
    ]);
    phone.cancel(invite);
    run(1_000);
    expect(finals(phone)).toEqual([487]);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
    expect(branches(pbx)).toBe(1);
  });

  test("the addresses come back to it: what its caller has cancelled before stays so", () => {
    const pair = new StoryPair();
    const phone = pair.a.site.actor("201", PHONE);
    const pbx = pair.a.site.actor("pbx", PBX).answers("INVITE");
    pair.simulation.run(1_000);
    const invite = phone.invite(NUMBER);
    pair.simulation.run(300);
    phone.cancel(invite);
    pair.simulation.run(300);
    pair.a.site.engine.run((now_ms) => pair.a.stories.handOver(now_ms));
    pair.simulation.run(100);
    pair.move("a");
    pair.simulation.run(20_000);
    expect(finals(phone)).toEqual([487]);
    expect(branches(pbx)).toBe(1);
  });

  test("the addresses come back to it when the other has taken the calls: they stay there until that gives them away", () => {
    const { pair, phone, invite, run } = ringing();
    pair.move("b");
    pair.a.site.engine.run((now_ms) => pair.a.stories.handOver(now_ms));
    run(700);
    pair.move("a");
    expect([pair.a.stories.size, pair.b.stories.size]).toEqual([0, 1]);
    pair.b.site.engine.run((now_ms) => pair.b.stories.handOver(now_ms));
    run(700);
    expect([pair.a.stories.size, pair.b.stories.size]).toEqual([1, 0]);
    phone.cancel(invite);
    run(1_000);
    expect(finals(phone)).toEqual([487]);
  });

  test("each of the parts that say so may get lost", () => {
    const { pair, run } = ringing();
    pair.move("b");
    let lost = 3;
    pair.linkFate = ([kind]) => kind !== "stories" || lost-- <= 0;
    pair.a.site.engine.run((now_ms) => pair.a.stories.handOver(now_ms));
    run(3_000);
    expect([pair.a.stories.size, pair.b.stories.size]).toEqual([0, 1]);
  });
});

test("the marks of the two members begin differently: neither's branches are taken for the other's", () => {
  const { pair } = ringing();
  const { host, core } = pair.a.site.engine;
  const [a, b] = [memberMark(host.mac, "a"), memberMark(host.mac, "b")];
  const branch = core.branchIds.next("0");
  expect([core.branchIds.isOf(a, branch), core.branchIds.isOf(b, branch)]).toEqual([true, false]);
  expect(memberMark(pair.b.site.engine.host.mac, "a")).toBe(a);
});
