/** A member that one doesn't hear and another does is there: only the way between two is cut. */
import { describe, expect, test } from "vitest";
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

  test("two are cut from each other, and one of them is started anew: they reach each other by the third again", () => {
    const network = live();
    network.cut("r1", "r2");
    network.run(20 * BEAT_MS);
    network.kill("r2");
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
  });

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
