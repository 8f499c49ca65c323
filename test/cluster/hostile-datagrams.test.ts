/** Datagrams of strangers, and of the members themselves at the wrong time: nothing of them gets in. */

import { describe, expect, test } from "vitest";
import { partText, seal } from "../../src/cluster/envelope.ts";
import type { Part } from "../../src/cluster/ports.ts";
import { HELLO } from "../../src/cluster/session.ts";
import { Rng } from "../fuzz/rng.ts";
import { seedOf } from "../support/chance.ts";
import fc from "../support/properties.ts";
import { ClusterNetwork, Notebook, type SentDatagram, signBy } from "./support/cluster-network.ts";

const BEAT_MS = 100;
/** Four beats are missing, half a beat more, and the way. */
const SURELY_DEAD_MS = 460;
/** Each side may send so many datagrams besides beats, while a stranger asks for as many as possible. */
const HELLOS_PER_SECOND = 10;

interface Pair {
  readonly network: ClusterNetwork;
  /** What r2 and r1 have been told, by `story`. */
  readonly notes: Notebook;
}

function live(seed = 1): Pair {
  const notes = new Notebook();
  const network = new ClusterNetwork({ seed, onBoot: ({ cluster }) => cluster.attach(["story"], notes) });
  network.bootAll();
  network.run(2 * BEAT_MS);
  return { network, notes };
}

function deaths(network: ClusterNetwork, name: string): number {
  return network.member(name).heard.filter(({ what }) => what.startsWith("dead")).length;
}

/** All of these once more. */
function replay(network: ClusterNetwork, datagrams: readonly SentDatagram[]): void {
  for (const { to, wire } of datagrams) network.inject(to, wire);
}

describe("strangers", () => {
  test("ten thousand forged and malformed datagrams a second: nothing in, nothing out, each counted", () => {
    const { network, notes } = live();
    const rng = new Rng(seedOf("forged datagrams"));
    const forged = seal({ from: "r2", to: "r1", boot: "aaaaaaaaaa", heard: undefined, seq: 1 }, [], signBy("guess"));
    const real = network.sent.find(({ to }) => to === "r1")?.wire ?? "";
    const { length } = network.sent;
    for (let round = 0; round < 100; round++) {
      for (let one = 0; one < 100; one++) {
        const place = rng.below(real.length);
        const character = String.fromCharCode((real.charCodeAt(place) + 1 + rng.below(250)) % 256);
        const spoiled = real.slice(0, place) + character + real.slice(place + 1);
        network.inject("r1", rng.pick([forged, spoiled, spoiled.slice(0, rng.below(200)), rng.token(40)]));
      }
      network.run(10);
    }
    const { dropped } = network.cluster("r1").status();
    expect(Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(10_000);
    expect(notes.parts).toEqual([]);
    expect([deaths(network, "r1"), deaths(network, "r2")]).toEqual([0, 0]);
    // Beats alone: ten a second from each side.
    expect(network.sent.length - length).toBeLessThanOrEqual(2 * 10 + 2);
    const lines = network.member("r1").lines.filter(({ event }) => event === "cluster_dropped");
    expect(new Set(lines.map(({ fields }) => fields["reason"])).size).toBe(lines.length);
  });
});

describe("the door of the port", () => {
  const ADDRESSES = { r1: { address: "10.0.0.1", port: 5059 }, r2: { address: "10.0.0.2", port: 5059 } };
  const R2 = ADDRESSES.r2;
  const forged = seal({ from: "r2", to: "r1", boot: "aaaaaaaaaa", heard: undefined, seq: 1 }, [], signBy("guess"));

  /** Counts what is hashed at r1. */
  function guarded() {
    const members = Object.entries(ADDRESSES).map(([name, at]) => ({ name, ...at }));
    const network = new ClusterNetwork({ settings: () => ({ members }) });
    network.bootAll();
    network.run(2 * BEAT_MS);
    const { cluster } = network.member("r1");
    const dropped = () => cluster.status().dropped;
    return { network, cluster, dropped };
  }

  test.each([
    ["another address", { address: "10.0.0.3", port: 5059 }],
    ["another port", { address: "10.0.0.2", port: 5060 }],
    ["our own address", ADDRESSES.r1],
  ])("what comes from %s isn't hashed, whatever it says", (_, source) => {
    const { network, cluster, dropped } = guarded();
    const fresh = network.sent.filter(({ to }) => to === "r1").map(({ wire }) => wire);
    for (const wire of [forged, ...fresh, "text"]) cluster.receive(wire, network.now_ms, source);
    expect(dropped()).toMatchObject({ other_address: fresh.length + 2, forged: 0, replayed: 0 });
  });

  test("what comes from the member's address, by IPv6 with its interface too, is looked at", () => {
    const { network, cluster, dropped } = guarded();
    cluster.receive(forged, network.now_ms, R2);
    cluster.receive(forged, network.now_ms, { ...R2, address: "10.0.0.2%eth0" });
    expect(dropped()).toMatchObject({ other_address: 0, forged: 2 });
  });

  test.each([
    ["forged", () => forged],
    [
      "of another life",
      (_: ClusterNetwork, seq: number) =>
        seal({ from: "r2", to: "r1", boot: "a".repeat(10), heard: undefined, seq }, [], signBy("secret")),
    ],
    ["replayed", ({ sent }: ClusterNetwork) => sent.filter(({ to }) => to === "r1").at(-2)?.wire ?? ""],
  ] as const)(
    "what is %s from there is hashed some hundreds of times a second, and the member that is there goes on to be heard",
    (_, make) => {
      const { network, cluster, dropped } = guarded();
      for (let time_ms = 0; time_ms < 2_000; time_ms += 1) {
        for (let one = 1; one <= 10; one++) {
          cluster.receive(make(network, 10 * time_ms + one), network.now_ms, R2);
        }
        network.run(1);
      }
      const { too_many, forged: fakes, replayed, other_boot } = dropped();
      expect(fakes + other_boot).toBeLessThan(1_300);
      expect(too_many + replayed).toBeGreaterThan(18_000);
      expect(deaths(network, "r1")).toBe(0);
    },
  );
});

describe("a flood that is forged from the member's address and port", () => {
  const MEMBERS = [
    { name: "r1", address: "10.0.0.1", port: 5059 },
    { name: "r2", address: "10.0.0.2", port: 5059 },
  ];
  const forged = seal({ from: "r2", to: "r1", boot: "aaaaaaaaaa", heard: undefined, seq: 1 }, [], signBy("guess"));

  /** How long r1 doesn't hear an r2 that has been started again; chance says when forged datagrams come. */
  function unheard_ms(seed: number, forged_per_s: number, most_ms: number): number {
    const rng = new Rng(seed);
    const network = new ClusterNetwork({ seed, settings: () => ({ members: MEMBERS }) });
    const { cluster } = network.boot("r1");
    network.boot("r2");
    const live = (isOver: () => boolean) => {
      for (let time_ms = 0; time_ms < most_ms; time_ms++) {
        if (isOver()) return time_ms;
        network.run(1);
        const times = Array.from({ length: 20 }, (_, place) => place / 20).filter(
          () => rng.below(20_000) < forged_per_s,
        );
        for (const fraction of times) cluster.receive(forged, network.now_ms + fraction, MEMBERS[1]);
      }
      return most_ms;
    };
    live(() => network.now_ms > 2_000);
    network.kill("r2");
    live(() => !cluster.isAlive("r2"));
    network.boot("r2");
    return live(() => cluster.isAlive("r2"));
  }

  test.each([
    [1_000, 3_000],
    [3_000, 10_000],
  ])(
    "of %i datagrams a second keeps no member that is started again from being heard within %i ms",
    (per_s, most_ms) => {
      for (const seed of [1, 2, 3, 4, 5, 6])
        expect(unheard_ms(seed, per_s, 60_000), `seed ${seed}`).toBeLessThan(most_ms);
    },
  );
});

describe("replays", () => {
  test("hellos of earlier lives, said again and again, keep no two members from each other", () => {
    const { network } = live();
    for (let restart = 0; restart < 12; restart++) {
      network.boot(restart % 2 === 0 ? "r1" : "r2");
      network.run(500);
    }
    const kept = ["r1", "r2"].map((name) => {
      const asking = network.sent.filter(({ to, wire }) => to === name && wire.includes('"ask":"'));
      return [...new Map(asking.map((one) => [/"ask":"(\w+)"/.exec(one.wire)?.[1], one])).values()].slice(0, 4);
    });
    expect(kept.map(({ length }) => length)).toEqual([4, 4]);
    const flood = (duration_ms: number) => {
      for (let time_ms = 0; time_ms < duration_ms; time_ms += 1) {
        for (const some of kept) replay(network, some);
        network.run(1);
      }
    };
    flood(500);
    network.boot("r1");
    flood(2_000);
    expect([network.cluster("r1").isAlive("r2"), network.cluster("r2").isAlive("r1")]).toEqual([true, true]);
  });

  test("each datagram of a live pair counts once, however often it comes", () => {
    const { network, notes } = live();
    for (let index = 0; index < 50; index++) network.cluster("r1").tell("r2", [["story", index]]);
    network.run(10);
    const { sent } = network;
    for (let again = 0; again < 5; again++) replay(network, sent.slice());
    network.run(1_000);
    expect(notes.values).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect([deaths(network, "r1"), deaths(network, "r2")]).toEqual([0, 0]);
  });

  test("a datagram is new within a window of 64, in whatever order they come, and never behind it", () => {
    const { network, notes } = live();
    const { sent } = network;
    network.cut("r1", "r2");
    for (let index = 0; index < 200; index++) network.cluster("r1").tell("r2", [["story", index]]);
    network.heal();
    const late = sent.slice(-200).reverse();
    for (const { wire } of late) network.inject("r2", wire);
    expect(notes.values).toEqual(Array.from({ length: 64 }, (_, index) => 199 - index));
  });

  test("after a cut the same life proves itself again, and what it said before the cut stays said", () => {
    const { network, notes } = live();
    network.cluster("r1").tell("r2", [["story", "before"]]);
    network.run(10);
    network.cut("r1", "r2");
    network.run(2 * SURELY_DEAD_MS);
    network.heal();
    network.run(2 * BEAT_MS);
    expect(network.cluster("r2").isAlive("r1")).toBe(true);
    replay(network, network.sent.slice());
    expect(notes.values).toEqual(["before"]);
  });

  test("all that a life which is over has ever said, kept and said again, displaces nothing", () => {
    const { network, notes } = live();
    network.cluster("r2").tell("r1", [["story", "of the first life"]]);
    network.run(1_000);
    const first = network.sent.slice();
    network.boot("r2");
    network.run(1_000);
    const before = [deaths(network, "r1"), notes.parts.length];
    const { length } = network.sent;
    for (let time_ms = 0; time_ms < 1_000; time_ms += 10) {
      replay(network, first);
      network.run(10);
    }
    expect([deaths(network, "r1"), notes.parts.length]).toEqual(before);
    expect(deaths(network, "r2")).toBe(0);
    expect(network.sent.length - length).toBeLessThan(2 * 10 + 4 * (HELLOS_PER_SECOND + 4));
  });

  test("a datagram that was held back until its sender's life was over displaces nothing", () => {
    const { network } = live();
    // Of the second life of r2 nothing arrives but its first word, so that its datagrams are all new to r1.
    network.boot("r2");
    network.run(50);
    const from_ms = network.now_ms;
    network.cutWay("r2", "r1");
    network.run(1_000);
    const heldBack = network.sent.filter(({ at_ms, from }) => from === "r2" && at_ms > from_ms);
    network.heal();
    network.boot("r2");
    network.run(1_000);
    const before = deaths(network, "r1");
    replay(network, heldBack);
    network.run(2 * BEAT_MS);
    expect(network.cluster("r1").isAlive("r2")).toBe(true);
    expect(deaths(network, "r1")).toBe(before);
  });

  test("a dead member isn't brought to life by what it has said", () => {
    const { network } = live();
    network.run(1_000);
    network.kill("r2");
    network.run(SURELY_DEAD_MS);
    const kept = network.sent.filter(({ from }) => from === "r2");
    for (let time_ms = 0; time_ms < 1_000; time_ms += 10) {
      replay(network, kept);
      network.run(10);
      expect(network.cluster("r1").isAlive("r2")).toBe(false);
    }
  });

  test("a restart amid a flood of replays is taken up within two beats", () => {
    const { network } = live();
    network.run(1_000);
    const kept = network.sent.slice();
    network.boot("r2");
    for (let time_ms = 0; time_ms < 2 * BEAT_MS; time_ms += 10) {
      replay(network, kept);
      network.run(10);
    }
    expect(network.cluster("r1").isAlive("r2")).toBe(true);
    expect(network.cluster("r2").isAlive("r1")).toBe(true);
  });

  test("a member's word to itself, or to another member, is nothing to a third one", () => {
    const network = new ClusterNetwork({ names: ["r1", "r2", "r3"] });
    network.bootAll();
    network.run(1_000);
    const { dropped } = network.cluster("r3").status();
    const foreign = network.sent.filter(({ from, to }) => from !== "r3" && to !== "r3");
    for (const { wire } of foreign) network.inject("r3", wire);
    const after = network.cluster("r3").status().dropped;
    expect(after.other_receiver).toBeGreaterThan(dropped.other_receiver);
    expect({ ...after, other_receiver: 0 }).toEqual({ ...dropped, other_receiver: 0 });
  });
});

describe("a member that has the secret and misbehaves", () => {
  test("asks without end get at most ten answers a second", () => {
    const { network } = live();
    const { length } = network.sent;
    for (let count = 0; count < 10_000; count++) {
      const header = { from: "r2", to: "r1", boot: "aaaaaaaaaa", heard: undefined, seq: count };
      const answers = Array.from({ length: 100 }, (_, index) => `${count} ${index}`);
      network.inject("r1", seal(header, [partText([HELLO, { ask: `ask${count}`, answers }])], signBy("secret")));
      if (count % 10 === 0) network.run(1);
    }
    const own = network.sent.slice(length).filter(({ from }) => from === "r1");
    // A second's beats, and hellos.
    expect(own.length).toBeLessThanOrEqual(10 + HELLOS_PER_SECOND + 4 + 1);
    expect(Math.max(...own.map(({ wire }) => wire.length))).toBeLessThan(1_200);
    expect(network.cluster("r1").isAlive("r2")).toBe(true);
  });

  test("parts by which a bug is met cost a line of the log each hour, and neither their neighbours nor its life", () => {
    const { network, notes } = live();
    const cluster = network.cluster("r1");
    const fails = () => {
      throw new Error("a bug");
    };
    cluster.attach(["broken", "broken too"], { take: fails });
    const { length } = notes.parts;
    for (let beat = 0; beat < 100; beat++) {
      const parts: Part[] = [
        ["broken", beat],
        ["story", beat],
        ["broken too", beat],
      ];
      network.cluster("r2").tell("r1", parts);
      network.run(BEAT_MS);
    }
    expect(notes.parts.length - length).toBe(100);
    expect(network.member("r1").lines.filter(({ event }) => event === "event_failed")).toHaveLength(2);
    expect(deaths(network, "r1")).toBe(0);
  });
});

/** What happens next; each is followed by 0 to 300 ms. */
type Step = "boot r1" | "boot r2" | "kill r2" | "cut" | "oneway" | "heal" | "tell" | "replay";
const STEPS: readonly Step[] = ["boot r1", "boot r2", "kill r2", "cut", "oneway", "heal", "tell", "tell", "replay"];
const step = fc.record({ what: fc.constantFrom(...STEPS), wait_ms: fc.nat({ max: 300 }), choice: fc.nat() });

test("whatever members and a keeper of datagrams do: no part counts twice, no dead one lives, and peace makes all alive", () => {
  const seed = seedOf("members and replays");
  const property = fc.property(fc.array(step, { maxLength: 40 }), fc.nat(), (steps, networkSeed) => {
    const { network, notes } = live(networkSeed);
    let told = 0;
    let killed_ms = Number.POSITIVE_INFINITY;
    for (const { what, wait_ms, choice } of steps) {
      if (what === "boot r1") network.boot("r1");
      if (what === "boot r2") network.boot("r2");
      if (what === "kill r2") network.kill("r2");
      if (what === "kill r2") killed_ms = Math.min(killed_ms, network.now_ms);
      if (what === "boot r2") killed_ms = Number.POSITIVE_INFINITY;
      if (what === "cut") network.cut("r1", "r2");
      if (what === "oneway") network.cutWay("r1", "r2");
      if (what === "heal") network.heal();
      if (what === "tell") network.cluster("r1").tell("r2", [["story", ++told]]);
      if (what === "replay") {
        // A first arrival, however late, is no replay: it speaks for a life that the session still takes for its own.
        const arrived = network.sent.filter(({ isLost }) => !isLost);
        const first = choice % arrived.length;
        replay(network, arrived.slice(first, first + 100));
      }
      network.run(wait_ms);
      const isLongDead = network.now_ms - killed_ms > SURELY_DEAD_MS;
      if (isLongDead) expect(network.cluster("r1").isAlive("r2")).toBe(false);
    }
    expect(new Set(notes.values).size).toBe(notes.values.length);
    network.heal();
    if (!network.member("r2").isUp) network.boot("r2");
    network.run(2 * SURELY_DEAD_MS);
    expect(network.cluster("r1").isAlive("r2")).toBe(true);
    expect(network.cluster("r2").isAlive("r1")).toBe(true);
    const errors = [...network.member("r1").lines, ...network.member("r2").lines];
    expect(errors.filter(({ level }) => level === "error")).toEqual([]);
  });
  fc.assert(property, { seed, numRuns: 300 });
});
