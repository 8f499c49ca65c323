/** A member that one doesn't hear and another does is there: only the way between two is cut. */
import { describe, expect, test } from "vitest";
import { Rng } from "../fuzz/rng.ts";
import { seedOf } from "../support/chance.ts";
import { ClusterNetwork, type ClusterNetworkOptions } from "./support/cluster-network.ts";

const BEAT_MS = 100;
/** Four beats are missing; then others say within a beat that they don't hear it either. */
const GONE_AFTER_MS = 450 + 2 * BEAT_MS;

/** The members that have been told that another one is gone, in order. */
const gone: string[] = [];

function live(options: ClusterNetworkOptions = {}): ClusterNetwork {
  gone.length = 0;
  const network = new ClusterNetwork({
    names: ["r1", "r2", "r3"],
    ...options,
    onBoot: ({ name, cluster }) => cluster.watch({ onGone: (member) => void gone.push(`${name}: ${member}`) }),
  });
  network.bootAll();
  for (const name of network.names) network.cluster(name).ready(network.now_ms);
  network.run(15 * BEAT_MS);
  return network;
}

describe("of three members", () => {
  test("two that are cut from each other reach each other by the third, and know what the other does", () => {
    const network = live();
    network.cut("r1", "r2");
    network.run(50 * BEAT_MS);
    const r1 = network.cluster("r1");
    expect([r1.live(), r1.isReached("r2"), r1.wayTo("r2"), r1.stateOf("r2")]).toEqual([["r3"], true, "r3", "active"]);
    expect(gone).toEqual([]);
    network.heal();
    network.run(10 * BEAT_MS);
    expect(r1.wayTo("r2")).toBe("r2");
    expect(gone).toEqual([]);
  });

  test("what one does that is cut from this one is the third one's word, not its own last one", () => {
    const network = live();
    network.cut("r1", "r2");
    network.run(20 * BEAT_MS);
    network.cluster("r2").drain(network.now_ms);
    network.run(3 * BEAT_MS);
    const stateAt = (name: string) => network.cluster(name).stateOf("r2");
    expect([stateAt("r1"), stateAt("r3")]).toEqual(["draining", "draining"]);
    network.cluster("r2").empty(network.now_ms);
    network.run(3 * BEAT_MS);
    expect(stateAt("r1")).toBe("drained");
    network.cut("r2", "r3");
    network.run(20 * BEAT_MS);
    expect(stateAt("r1")).toBeUndefined();
  });

  test("one that is killed is gone to both, once, soon after its beats are missing", () => {
    const network = live();
    network.kill("r2");
    network.run(GONE_AFTER_MS);
    expect([...gone].sort()).toEqual(["r1: r2", "r3: r2"]);
    expect(network.cluster("r1").wayTo("r2")).toBeUndefined();
    network.run(50 * BEAT_MS);
    expect(gone).toHaveLength(2);
  });

  test("one that is cut from the first and then killed is gone to the first, too", () => {
    const network = live();
    network.cut("r1", "r2");
    network.run(20 * BEAT_MS);
    network.kill("r2");
    network.run(GONE_AFTER_MS);
    expect([...gone].sort()).toEqual(["r1: r2", "r3: r2"]);
  });

  test("who was cut from a dead one before its end is known to all, and forgotten once it hears that one again", () => {
    const network = live();
    const heardOut = (by: string) => ["r1", "r3"].map((listener) => network.cluster(by).hasHeardOut(listener, "r2"));
    network.kill("r2");
    network.run(GONE_AFTER_MS);
    expect([heardOut("r1"), heardOut("r3")]).toEqual([
      [true, true],
      [true, true],
    ]);
    network.boot("r2");
    network.run(10 * BEAT_MS);
    network.cut("r1", "r2");
    network.run(20 * BEAT_MS);
    network.kill("r2");
    network.run(GONE_AFTER_MS);
    expect([heardOut("r1"), heardOut("r3")]).toEqual([
      [false, true],
      [false, true],
    ]);
    network.heal();
    network.boot("r2");
    network.run(10 * BEAT_MS);
    expect([heardOut("r1"), heardOut("r3")]).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  const ENDS = {
    "killed behind a cut": (network: ClusterNetwork) => {
      network.cut("r1", "r2");
      network.run(20 * BEAT_MS);
      network.kill("r2");
    },
    "stopped before it": (network: ClusterNetwork) => {
      network.cluster("r2").stop(network.now_ms);
      network.run(BEAT_MS);
      network.cut("r1", "r2");
    },
  };

  test.each(Object.entries(ENDS))(
    "one that was %s is started anew there: the third one brings both together",
    (_how, end) => {
      const network = live();
      end(network);
      network.run(GONE_AFTER_MS);
      network.boot("r2");
      network.cluster("r2").ready(network.now_ms);
      network.run(20 * BEAT_MS);
      const seen = (by: string, name: string) => {
        const cluster = network.cluster(by);
        return [cluster.isReached(name), cluster.wayTo(name), cluster.stateOf(name), cluster.hasHeardOut(by, name)];
      };
      expect([seen("r1", "r2"), seen("r2", "r1")]).toEqual(Array(2).fill([true, "r3", "active", false]));
      const told = gone.length;
      network.heal();
      network.run(10 * BEAT_MS);
      expect([seen("r1", "r2"), seen("r2", "r1")]).toEqual([
        [true, "r2", "active", true],
        [true, "r1", "active", true],
      ]);
      expect(gone.slice(told)).toEqual([]);
    },
  );

  test("one that says farewell isn't believed to live by the word of one that hasn't heard that yet", () => {
    const network = live();
    network.cut("r2", "r3");
    network.cluster("r2").stop(network.now_ms);
    network.run(2 * BEAT_MS);
    expect(["r1", "r3"].map((name) => network.cluster(name).isReached("r2"))).toEqual([false, true]);
  });

  test("without the one that has heard it, it is gone", () => {
    const network = live();
    network.cut("r1", "r2");
    network.run(20 * BEAT_MS);
    network.kill("r3");
    network.run(GONE_AFTER_MS);
    expect(gone.filter((what) => what.startsWith("r1"))).toEqual(["r1: r3", "r1: r2"]);
  });

  test("one that says farewell, and one that is started anew, are gone at once, whoever has heard them", () => {
    const network = live();
    network.cluster("r2").stop(network.now_ms);
    network.run(2);
    expect([...gone].sort()).toEqual(["r1: r2", "r3: r2"]);
    network.boot("r3");
    network.run(BEAT_MS);
    expect(gone.filter((what) => what === "r1: r3")).toHaveLength(1);
  });
});

test("of two members, neither says whom it hears, and one that is dead is gone at the same moment", () => {
  const network = live({ names: ["r1", "r2"] });
  expect(network.sent.some(({ wire }) => wire.includes("hears"))).toBe(false);
  network.kill("r2");
  network.run(450 + 1);
  expect(gone).toEqual(["r1: r2"]);
});

/** Longer than any of them needs to hear of it. */
const SETTLED_MS = 40 * BEAT_MS;

/** @returns what members believe of each other that isn't so */
function errorsOfDay(seed: number): string[] {
  const rng = new Rng(seed);
  const names = ["r1", "r2", "r3", "r4"];
  const network = live({ names, seed, jitter_ms: rng.pick([0, 30]) });
  const up = new Set(names);
  const cuts = new Set<string>();
  const isNear = (one: string, other: string) => up.has(one) && up.has(other) && !cuts.has([one, other].sort().join());
  const errors: string[] = [];
  for (let step = 0; step < 20; step++) {
    const [one, other] = [rng.pick(names), rng.pick(names)];
    const deed = rng.pick(["cut", "heal", "kill", "stop", "boot"] as const);
    if (deed === "cut" && one !== other) {
      network.cut(one, other);
      cuts.add([one, other].sort().join());
    } else if (deed === "heal") {
      network.heal();
      cuts.clear();
    } else if (deed === "boot") {
      network.boot(one);
      network.cluster(one).ready(network.now_ms);
      up.add(one);
    } else if (deed !== "cut" && up.delete(one)) {
      if (deed === "stop") network.cluster(one).stop(network.now_ms);
      network.kill(one);
    }
    network.run(SETTLED_MS);
    for (const from of up) {
      for (const to of names.filter((name) => name !== from)) {
        const isReached = isNear(from, to) || names.some((name) => isNear(from, name) && isNear(name, to));
        const cluster = network.cluster(from);
        const isRight = cluster.isReached(to) === isReached && (cluster.wayTo(to) !== undefined) === isReached;
        if (!isRight) errors.push(`seed ${seed}, step ${step}: ${deed} ${one} ${other}; ${from} to ${to}`);
      }
    }
  }
  return errors;
}

test("whatever is cut, ends and is started anew: members reach each other directly or by a third one, and nobody else", () => {
  const first = seedOf("hearsay");
  expect(Array.from({ length: 20 }, (_, day) => errorsOfDay(first + day)).flat()).toEqual([]);
});
