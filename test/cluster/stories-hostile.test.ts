/** Stories of a member that is faulty, of another version, or hostile: none of them costs what the others are worth. */
import { describe, expect, test } from "vitest";
import { HeardStories } from "../../src/cluster/heard-stories.ts";
import type { Part } from "../../src/cluster/ports.ts";
import { isStoryPart } from "../../src/cluster/story-parts.ts";
import { header } from "../sip/message.ts";
import { PBX, PHONE } from "../support/site.ts";
import { StoryPair } from "./support/story-pair.ts";

const CALLS = 3;

// biome-ignore lint/suspicious/noExplicitAny: what a member says may be anything.
type Anything = any;

/** Calls that ring at the PBX. @param spoil changes what the first one's story begins with */
function ringing(spoil: (story: Anything) => void = () => {}, calls = CALLS) {
  const pair = new StoryPair();
  pair.linkFate = ([kind, value]: Part) => {
    if (kind === "story" && (value as Anything).i === "1") spoil(value);
    return true;
  };
  const phone = pair.a.site.actor("201", PHONE);
  const pbx = pair.a.site.actor("pbx", PBX).answers("INVITE", { status: 180 });
  pair.simulation.run(1_000);
  const invites = Array.from({ length: calls }, (_, index) => phone.invite(`sip:90${index}@198.51.100.10`));
  pair.simulation.run(1_000);
  const run = (duration_ms: number) => pair.simulation.run(duration_ms);
  const take = (part: Part) => pair.b.site.engine.run((now_ms) => pair.b.stories.take("a", part, now_ms));
  return { pair, phone, pbx, invites, run, take };
}

const first = (change: (opening: Anything) => void) => (story: Anything) => {
  if (story.o !== undefined) change(story.o);
};

describe("a story that can't be read", () => {
  test.each<[string, (story: Anything) => void]>([
    ["has a listener that is no text", first((o) => (o.listeners = [5]))],
    ["has a plan that is none", first((o) => (o.decision = { plan: [null] }))],
    ["has no plan", first((o) => (o.decision = {}))],
    ["has no source", first((o) => (o.source = {}))],
    ["has a source that is no address", first((o) => (o.source.address = "x\r\ny"))],
    ["has another message", first((o) => (o.wire = "OPTIONS sip:a SIP/2.0\r\n\r\n"))],
    [
      "has a text that is no octets",
      first((o) => (o.wire = o.wire.replace("Max-Forwards", "X: \u010d\u010aMax-Forwards"))),
    ],
    ["has a tag that is no octets", first((o) => (o.tag = "\u010d\u010a"))],
    ["has findings that are none", (story) => (story.e.found = [["flows", 5]])],
    ["has an input that is none", (story) => (story.e.input = story.n === 0 ? undefined : ["located", 0, 7])],
  ])("%s: the other calls are gone on with", (_what, spoil) => {
    const { pair, phone, pbx, invites, run } = ringing(spoil);
    pair.kill();
    run(2_000);
    expect(pair.b.stories.size).toBe(CALLS - 1);
    expect(pair.b.site.events.filter(({ event }) => event === "event_failed")).toEqual([]);
    for (const invite of invites.slice(1)) phone.cancel(invite);
    run(1_000);
    expect(pbx.requests("CANCEL")).toHaveLength(CALLS - 1);
    expect(pair.b.site.core.transactions.pending.size).toBe(0);
  });

  test("begins where it can't: nothing of it is taken", () => {
    const { pair, take } = ringing();
    const count = pair.b.stories.heard.size;
    take(["story", { b: "x", i: "9", n: 1, o: {}, e: { at_ms: 0, found: [] } }]);
    expect(pair.b.stories.heard.size).toBe(count);
    expect(isStoryPart({ b: "x", i: "9", n: 1, o: {} })).toBe(false);
  });

  test("names for people may have any characters", () => {
    const { pair, run } = ringing(first((o) => (o.decision.why = "gateway Po\u010dernice")));
    pair.kill();
    run(2_000);
    expect(pair.b.stories.size).toBe(CALLS);
  });
});

describe("what is heard has limits", () => {
  const event = (text: string): Anything => ({ at_ms: 0, found: [["branch", text]] });

  test("stories that are only listed: as many as are asked for in one round", () => {
    const { pair, take } = ringing();
    const { heard } = pair.b.stories;
    const before = heard.size;
    for (let list = 0; list < 10; list++) {
      const s = Array.from({ length: 100 }, (_, index) => [`${list}.${index}`, 1]);
      take(["stories", { b: "x", s, all: false }] as Part);
    }
    expect(heard.size - before).toBe(40);
  });

  test("stories that are only begun", () => {
    const heard = new HeardStories(100, 1_000_000);
    for (let count = 0; count < 1_000; count++) heard.begin("a", "x", String(count));
    expect(heard.size).toBe(100);
  });

  test("what they hold, whatever that is", () => {
    const { pair, take } = ringing();
    const { heard } = pair.b.stories;
    for (let count = 0; count < 40; count++) {
      take(["story", { b: "x", i: "9", n: count, e: event("y".repeat(15_000)) }]);
    }
    const characters = heard["characters"];
    expect(characters).toBeGreaterThan(600_000);
    heard.forget(heard.find("x", "9") as Anything);
    expect(heard["characters"]).toBeLessThan(characters - 600_000);
  });

  test("an event far ahead of the others isn't taken, and is asked for in its turn", () => {
    const { pair, take } = ringing();
    const asked = pair.parts.length;
    take(["story", { b: "x", i: "9", n: 2_000, e: event("y") }]);
    expect(pair.b.stories.heard.find("x", "9")?.events).toHaveLength(0);
    expect(pair.parts.slice(asked)).toEqual([["story-lacks", { b: "x", i: "9", n: 0 }]]);
  });
});

describe("times of a story", () => {
  test.each<[string, (story: Anything) => void]>([
    ["a call of the future", (story) => (story.a = story.a === undefined ? undefined : -1e308)],
    ["a call of long ago", (story) => (story.a = story.a === undefined ? undefined : 1e308)],
    ["events of the future", (story) => (story.e.at_ms = 1e308)],
    ["events of long ago", (story) => (story.e.at_ms = -1e308)],
  ])("%s: it ends as any other", (_what, spoil) => {
    const { pair, run } = ringing(spoil);
    pair.kill();
    run(400_000);
    expect(pair.b.stories.size).toBe(0);
    expect(pair.b.site.core.transactions.unanswered.size).toBe(0);
    expect(pair.b.site.core.transactions.pending.size).toBe(0);
  });
});

describe("a call of which the caller has sent the INVITE to both", () => {
  test("is made once", () => {
    const { pair, phone, pbx, run } = ringing();
    const wire = pair.a.stories["tales"].values().next().value?.opening.wire ?? "";
    const [heard] = pair.b.stories.heard.of("a");
    if (heard === undefined) throw new Error("no story");
    pair.kill("a", 0, 60_000);
    // As if its story weren't there yet.
    heard.opening && pair.b.stories.heard["byRequest"].delete(heard.opening.key);
    phone.send(wire);
    run(1_000);
    const before = pair.b.site.core.transactions.pending.size;
    pair.learnDeath("a");
    run(1_000);
    expect(pair.b.site.core.transactions.pending.size).toBe(before + CALLS - 1);
    expect(pair.b.site.events.filter(({ event }) => event === "call_not_carried_on")).toEqual([]);
    expect(new Set(pbx.requests("INVITE").map(({ message }) => header(message, "via"))).size).toBe(CALLS + 1);
  });
});
