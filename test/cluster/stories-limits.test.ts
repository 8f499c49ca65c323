/** Many calls in the making, long ones, and those of a member that never comes back: each is told as far as there is room, and none is kept for ever. */
import { describe, expect, test } from "vitest";
import { HeardStories } from "../../src/cluster/heard-stories.ts";
import { LISTED_MAX } from "../../src/cluster/story-voice.ts";
import { statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML } from "../support/site.ts";
import { StoryPair } from "./support/story-pair.ts";

/** More than one list has. */
const MANY = 2 * LISTED_MAX + 100;
const NUMBER = "sip:900@198.51.100.10";

/** A phone and a PBX that rings, and a pair of routers between them. */
function ringing(calls: number, yaml?: string) {
  const pair = new StoryPair(yaml);
  const phone = pair.a.site.actor("201", PHONE);
  const pbx = pair.a.site.actor("pbx", PBX).answers("INVITE", { status: 180 });
  const run = (duration_ms: number) => pair.simulation.run(duration_ms);
  run(1_000);
  const invites = Array.from({ length: calls }, () => phone.invite(NUMBER));
  run(100);
  return { pair, phone, pbx, run, invites };
}

const whole = (pair: StoryPair) => pair.b.stories.heard.of("a").filter(({ whole: events }) => events === 2).length;
const untold = ({ a }: StoryPair) =>
  a.site.events.filter(({ event }) => event === "call_untold").map(({ fields }) => fields?.["why"]);
const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);

describe(`${MANY} calls ring`, () => {
  test("the other member learns of each, although all of its parts were lost", () => {
    const pair = ringing(0).pair;
    pair.linkFate = ([kind]) => kind !== "story";
    const phone = pair.a.site.actor("201", PHONE);
    pair.a.site.actor("pbx", PBX).answers("INVITE", { status: 180 });
    for (let index = 0; index < MANY; index++) phone.invite(NUMBER);
    pair.simulation.run(1_000);
    pair.linkFate = () => true;
    // 40 are asked for in each round.
    pair.simulation.run((MANY / 40) * 500 + 5_000);
    expect(pair.a.stories.size).toBe(MANY);
    expect(whole(pair)).toBe(MANY);
  });

  test("it learns that calls have ended, although the end was lost, and forgets them", () => {
    const { pair, run, invites, phone } = ringing(MANY);
    expect(whole(pair)).toBe(MANY);
    pair.linkFate = ([kind]) => kind === "stories";
    // The first one and the last one of the first list, and one of the last.
    const gone = [0, LISTED_MAX - 1, MANY - 1];
    for (const index of gone) phone.cancel(invites[index] as (typeof invites)[number]);
    run(45_000);
    expect(pair.a.stories.size).toBe(MANY - gone.length);
    expect(pair.b.stories.heard.size).toBe(MANY - gone.length);
  });

  test("all of them are given away", () => {
    const { pair, run } = ringing(MANY);
    pair.a.site.engine.run((now_ms) => pair.a.stories.handOver(now_ms));
    run(100);
    expect(pair.b.stories.heard.of("a").filter(({ given }) => given !== undefined)).toHaveLength(MANY);
    pair.move("b");
    run(1_000);
    expect(pair.b.stories.size).toBe(MANY);
  });
});

describe("a member that never comes back", () => {
  test("leaves nothing of its calls once they have ended", () => {
    const { pair, phone, run, invites } = ringing(10);
    pair.kill();
    run(2_000);
    const { carrying } = pair.b.stories as unknown as { carrying: { size: number } };
    expect([pair.b.stories.size, carrying.size]).toEqual([10, 10]);
    for (const invite of invites) phone.cancel(invite);
    run(120_000);
    expect(finals(phone).filter((status) => status === 487)).toHaveLength(10);
    expect([pair.b.stories.size, carrying.size, pair.b.stories.heard.size]).toEqual([0, 0, 0]);
    expect(pair.b.stories.teller.places.size).toBe(0);
  });
});

describe("a call with more events than a story has", () => {
  test("goes on as if it had none, the log says that nobody is told, and it leaves nothing", () => {
    const group =
      "hunt_groups: {default: {members: [sip:200@10.222.237.30, sip:201@10.222.237.31], strategy: serial, ring: 30s}}\n";
    const { pair, run } = ringing(0, SITE_YAML.replace(/hunt_groups.*\n/, group));
    const { site } = pair.a;
    const gateway = site.actor("gateway", GATEWAY);
    const rings = Array.from({ length: 600 }, (_, count) => ({ status: 182 + (count % 2), after_ms: 10 * count }));
    site
      .actor("200", { address: "10.222.237.30", port: 5060 })
      .answers("INVITE", ...rings, { status: 486, after_ms: 7_000 });
    const second = site.actor("201", { address: "10.222.237.31", port: 5060 }).answers("INVITE", { status: 180 });
    const invite = gateway.invite("sip:5550100@10.222.237.1");
    run(8_000);
    expect(pair.a.stories.size).toBe(0);
    expect(untold(pair)).toEqual(["it has more than 500 events"]);
    expect(pair.b.stories.heard.size).toBe(0);
    expect(second.requests("INVITE")).toHaveLength(1);
    gateway.cancel(invite);
    run(60_000);
    expect(second.requests("CANCEL")).toHaveLength(1);
    expect(finals(gateway)).toEqual([200, 486]);
    expect(pair.a.stories.teller.places.size).toBe(0);
    expect(site.core.transactions.size).toBe(0);
  });
});

describe("what there is no room for", () => {
  test("an INVITE that no datagram holds goes on, and the log says once that nobody is told", () => {
    const { pair, phone, pbx, run } = ringing(0);
    phone.invite(NUMBER, [`X-Long: ${"x".repeat(14_000)}`]);
    run(100);
    expect(pbx.requests("INVITE")).toHaveLength(1);
    phone.invite(NUMBER, [`X-Long: ${"x".repeat(14_000)}`]);
    run(100);
    expect(pair.a.stories.size).toBe(0);
    expect(untold(pair)).toEqual(["its INVITE is too long for a datagram"]);
  });

  test("stories that are over make room without a word, others are counted", () => {
    const heard = new HeardStories(10, 1_000_000);
    for (let count = 0; count < 15; count++) heard.begin("a", "x", String(count)).isOver = count < 5;
    expect([heard.size, heard.hits]).toEqual([10, 0]);
    heard.begin("a", "x", "15");
    expect([heard.size, heard.hits]).toEqual([10, 1]);
  });
});
