/** Members in a network: which of them live, how soon that is known, and what this member does itself. */
import { describe, expect, test } from "vitest";
import { seedOf } from "../support/chance.ts";
import { ClusterNetwork, type ClusterNetworkOptions } from "./support/cluster-network.ts";

const BEAT_MS = 100;
/** Four beats are missing, and the next one isn't late but lost. */
const DEAD_AFTER_MS = 450;
const LATENCY_MS = 1;
const ALONE_MS = 1_000;
const OVERDUE_MS = 10_000;

/** All up, and each alive to the others. */
function live(options: ClusterNetworkOptions = {}): ClusterNetwork {
  const network = new ClusterNetwork(options);
  network.bootAll();
  network.run(2 * BEAT_MS);
  expect(areAlive(network)).toBe(true);
  return network;
}

function areAlive(network: ClusterNetwork): boolean {
  const { names } = network;
  return names.every((one) => names.every((other) => one === other || network.cluster(one).isAlive(other)));
}

/** What the member has been told since then, in order. */
function told(network: ClusterNetwork, name: string, since_ms: number): string[] {
  return network.member(name).heard.flatMap(({ at_ms, what }) => (at_ms > since_ms ? [what] : []));
}

describe("life", () => {
  test.each([2, 3, 5])("%d members that start together are alive to each other within a beat", (count) => {
    const network = new ClusterNetwork({ names: ["r1", "r2", "r3", "r4", "r5"].slice(0, count) });
    network.bootAll();
    network.run(BEAT_MS);
    expect(areAlive(network)).toBe(true);
  });

  test("a member that is killed is dead when four beats are missing, and not before", () => {
    const network = live();
    network.kill("r2");
    network.run(DEAD_AFTER_MS - BEAT_MS);
    expect(network.cluster("r1").isAlive("r2")).toBe(true);
    network.run(BEAT_MS + LATENCY_MS);
    expect(network.cluster("r1").isAlive("r2")).toBe(false);
    expect(network.cluster("r1").status().members[0]).toMatchObject({
      life: "dead",
      why: "four of its beats were missing",
    });
    expect(network.logged("r1")).toContain("warn cluster_member_dead");
  });

  test("three lost beats kill nobody", () => {
    const network = live();
    network.cut("r1", "r2");
    network.run(3 * BEAT_MS);
    network.heal();
    network.run(10 * BEAT_MS);
    expect(told(network, "r1", 2 * BEAT_MS).filter((what) => what.startsWith("dead"))).toEqual([]);
  });

  test("a restart is taken up within two beats, and the life before is told to be over first", () => {
    const network = live();
    const restarted_ms = network.now_ms;
    network.boot("r2");
    network.run(2 * BEAT_MS);
    expect(areAlive(network)).toBe(true);
    expect(told(network, "r1", restarted_ms)).toEqual(["dead r2", "alive r2"]);
    expect(network.logged("r1").filter((line) => line.endsWith("cluster_member_dead"))).toHaveLength(1);
  });

  test("a farewell is believed at once", () => {
    const network = live();
    network.cluster("r2").stop(network.now_ms);
    network.run(LATENCY_MS);
    expect(network.cluster("r1").status().members[0]).toMatchObject({ life: "left", why: "it has said that it stops" });
    expect(network.logged("r1")).toContain("info cluster_member_left");
    expect(told(network, "r1", 2 * BEAT_MS)).toEqual(["dead r2"]);
  });

  test("a stopped member says nothing and takes nothing, until it is started again", () => {
    const network = live();
    network.cluster("r2").stop(network.now_ms);
    const { length } = network.sent;
    network.cluster("r2").tellAll([["story", 1]]);
    expect(network.cluster("r2").live()).toEqual([]);
    network.run(10 * BEAT_MS);
    expect(network.sent.slice(length).every(({ from }) => from === "r1")).toBe(true);
    network.cluster("r2").start(network.now_ms);
    network.run(2 * BEAT_MS);
    expect(areAlive(network)).toBe(true);
  });

  test("a line that is cut in one direction is dead to both sides", () => {
    const network = live();
    network.cutWay("r1", "r2");
    network.run(2 * DEAD_AFTER_MS + BEAT_MS);
    expect(network.cluster("r2").isAlive("r1")).toBe(false);
    expect(network.cluster("r1").isAlive("r2")).toBe(false);
  });

  test("both sides of a split find back within two beats of healing", () => {
    const network = live({ names: ["r1", "r2", "r3"] });
    network.cut("r1", "r2");
    network.cut("r1", "r3");
    network.run(5_000);
    expect(network.cluster("r1").live()).toEqual([]);
    expect(network.cluster("r2").live()).toEqual(["r3"]);
    network.heal();
    network.run(2 * BEAT_MS);
    expect(areAlive(network)).toBe(true);
  });

  test("a line that flaps fills no log, and is counted", () => {
    const network = live();
    for (let count = 0; count < 200; count++) {
      network.cut("r1", "r2");
      network.run(DEAD_AFTER_MS + LATENCY_MS);
      network.heal();
      network.run(2 * BEAT_MS);
    }
    expect(network.cluster("r1").status().members[0]?.deaths).toBe(200);
    expect(network.member("r1").lines.length).toBeLessThan(30);
  });

  test("a hanging process is dead to the others; when it goes on it tells nobody dead that lives", () => {
    const network = live();
    network.hang("r2");
    network.run(3_000);
    expect(network.cluster("r1").isAlive("r2")).toBe(false);
    network.resume("r2");
    network.run(2 * BEAT_MS);
    expect(areAlive(network)).toBe(true);
    expect(told(network, "r2", 2 * BEAT_MS)).not.toContain("dead r1");
  });

  test("a line that loses every tenth datagram, delays, doubles and reorders them, keeps all alive nearly always", () => {
    const seed = seedOf("a bad line");
    const network = new ClusterNetwork({ seed, loss: 0.1, doubling: 0.1, jitter_ms: 40, names: ["r1", "r2", "r3"] });
    network.bootAll();
    network.run(120_000);
    const deaths = network.names.flatMap((name) => told(network, name, 0).filter((what) => what.startsWith("dead")));
    // One in ten thousand of 7,200 beats is the last of four that are lost, and both sides count it.
    expect(deaths.length).toBeLessThan(20);
    network.lose(0);
    network.run(2 * DEAD_AFTER_MS);
    expect(areAlive(network)).toBe(true);
    expect(network.cluster("r1").status().dropped).toMatchObject({ forged: 0, malformed: 0, too_long: 0 });
  });
});

describe("this member's state", () => {
  test("alone it is active after a second, and says why", () => {
    const network = new ClusterNetwork();
    network.boot("r1");
    network.run(ALONE_MS - 1);
    expect(network.cluster("r1").status()).toMatchObject({ state: "syncing", why: "it has started" });
    network.run(1);
    expect(network.cluster("r1").status()).toMatchObject({ state: "active", why: "no other member was heard" });
    expect(told(network, "r1", -1)).toEqual(["state syncing", "state active"]);
  });

  test("alone behind an anycast address it is active once a member that lived would be dead", () => {
    const network = new ClusterNetwork({ settings: () => ({ mode: "anycast" }) });
    network.boot("r1");
    network.run(DEAD_AFTER_MS - 1);
    expect(network.cluster("r1").state).toBe("syncing");
    network.run(1);
    expect(network.cluster("r1").status()).toMatchObject({ state: "active", why: "no other member was heard" });
  });

  test("behind an anycast address it waits longer for a member whose datagrams come, and which hasn't proved itself", () => {
    const network = new ClusterNetwork({ settings: () => ({ mode: "anycast" }) });
    network.boot("r2");
    network.run(ALONE_MS);
    expect(network.cluster("r2").state).toBe("active");
    network.cutWay("r1", "r2");
    network.boot("r1");
    network.run(ALONE_MS - 1);
    expect(network.cluster("r1").state).toBe("syncing");
    network.run(1);
    expect(network.cluster("r1").state).toBe("active");
  });

  test("with a member that lives it waits for its records", () => {
    const network = live();
    network.run(ALONE_MS);
    expect(network.cluster("r1").state).toBe("syncing");
    network.cluster("r1").ready(network.now_ms, "r2");
    const why = "its records are equal to those of r2";
    expect(network.cluster("r1").status()).toMatchObject({ state: "active", why, since_ms: network.now_ms });
    network.run(LATENCY_MS);
    expect(network.cluster("r2").stateOf("r1")).toBe("active");
  });

  test("when the member that it waits for dies, it is alone", () => {
    const network = live();
    network.kill("r2");
    network.run(LATENCY_MS + DEAD_AFTER_MS + ALONE_MS);
    expect(network.cluster("r1").status()).toMatchObject({ state: "active", why: "no other member was heard" });
  });

  test("records that are never equal keep no member from its calls for ever", () => {
    const network = live();
    network.run(OVERDUE_MS);
    expect(network.cluster("r1").status()).toMatchObject({
      state: "active",
      why: "its records weren't equal to another member's after 10 s",
    });
  });

  test("a member drains, is drained, and joins again as it is", () => {
    const network = live();
    const r1 = network.cluster("r1");
    r1.ready(network.now_ms, "r2");
    expect(r1.join(network.now_ms)).toBe(false);
    expect(r1.drain(network.now_ms)).toBe(true);
    expect(r1.drain(network.now_ms)).toBe(false);
    network.run(LATENCY_MS);
    expect(network.cluster("r2").stateOf("r1")).toBe("draining");
    expect(network.cluster("r2").isAlive("r1")).toBe(true);
    r1.empty(network.now_ms);
    expect(r1.status()).toMatchObject({ state: "drained", why: "nothing is left" });
    expect(r1.join(network.now_ms)).toBe(true);
    expect(r1.state).toBe("active");
  });

  test("a member that was told to drain while it was syncing joins as one that is syncing", () => {
    const network = live();
    const r1 = network.cluster("r1");
    r1.drain(network.now_ms);
    r1.join(network.now_ms);
    expect(r1.state).toBe("syncing");
    r1.ready(network.now_ms);
    expect(r1.status()).toMatchObject({ state: "active", why: "no other member has records" });
  });

  test("a restart begins with syncing", () => {
    const network = live();
    network.cluster("r2").ready(network.now_ms, "r1");
    network.boot("r2");
    expect(network.cluster("r2").state).toBe("syncing");
  });
});
