/**
 * Whole clusters of two to five members under chance: members that are killed, hang, drain, join, and are cut from each other in both
 * directions or in one, while datagrams are lost, doubled, late and out of order. After it all live, all have the same records, and each
 * does what it was last told to do. `BRANCHLINE_LONG=1`: ten thousand such stories.
 */
import { expect, test } from "vitest";
import type { OwnState } from "../../src/cluster/member-machine.ts";
import { REPLICA_KINDS, Replica } from "../../src/cluster/replica.ts";
import { Rng } from "../fuzz/rng.ts";
import { seedOf } from "../support/chance.ts";
import { ClusterNetwork, type SimulatedMember } from "./support/cluster-network.ts";

const NAMES = ["r1", "r2", "r3", "r4", "r5"];
const STORIES = process.env["BRANCHLINE_LONG"] === "1" ? 10_000 : 100;
const STEPS = 40;
const KEYS = 40;
/** After a heal all are equal, and complete. */
const HEAL_MS = 35_000;
const HOUR_MS = 3_600_000;
const PLENTY = 100_000;
/** Alive, compared, and no longer alone. */
const COMPLETE_MS = 1_100;

class Story {
  readonly network: ClusterNetwork;
  readonly names: readonly string[];
  readonly rng: Rng;
  readonly replicas = new Map<string, Replica>();
  /** By key: all that was ever put, and whether it was ever removed. */
  readonly puts = new Map<string, string[]>();
  readonly removed = new Set<string>();
  /** By key, while it was put once: the process that did, as long as it lives. */
  readonly only = new Map<string, SimulatedMember>();
  /** What each process was last told to do. */
  readonly told = new Map<string, "drain" | "join">();
  private readonly hanging = new Set<string>();
  private count = 0;

  constructor(seed: number) {
    this.rng = new Rng(seed);
    this.names = NAMES.slice(0, 2 + this.rng.below(4));
    this.network = new ClusterNetwork({
      names: this.names,
      seed,
      loss: this.rng.pick([0, 0, 0.02, 0.2]),
      doubling: this.rng.pick([0, 0.2]),
      jitter_ms: this.rng.pick([0, 30]),
      onBoot: (member) => this.equip(member),
    });
    this.network.bootAll();
  }

  step(): void {
    const { network, rng, names } = this;
    const name = rng.pick(names);
    const other = rng.pick(names);
    const { cluster, isUp } = network.member(name);
    const runs = isUp && !this.hanging.has(name);
    const dice = rng.below(100);
    if (dice < 35 && runs) this.put(name, `aor ${rng.below(KEYS)}`);
    else if (dice < 42 && runs) this.remove(name, `aor ${rng.below(KEYS)}`);
    else if (dice < 50) network.kill(name);
    else if (dice < 62) this.boot(name);
    else if (dice < 68 && name !== other) network.cut(name, other);
    else if (dice < 72 && name !== other) network.cutWay(name, other);
    else if (dice < 80) network.heal();
    else if (dice < 85 && runs) this.hang(name);
    else if (dice < 90) this.resume(name);
    else if (dice < 95 && runs && cluster.drain(network.now_ms)) this.told.set(name, "drain");
    else if (runs && cluster.join(network.now_ms)) this.told.set(name, "join");
    network.run(rng.pick([0, 5, 120, 700, 3_000]));
  }

  /** Nothing is in the way any longer. */
  heal(): void {
    this.network.heal();
    this.network.lose(0);
    for (const name of this.names) {
      this.resume(name);
      if (!this.network.member(name).isUp) this.boot(name);
    }
  }

  /** What a member of this name does by the words it was told. */
  expectedState(name: string): OwnState {
    return this.told.get(name) === "drain" ? "draining" : "active";
  }

  valueAt(name: string, key: string): unknown {
    return this.replicas.get(name)?.get(key, this.network.now_ms);
  }

  /** Keys that were put once, by a process that lives, and never removed. */
  get unquestioned(): string[] {
    return [...this.only].flatMap(([key, { isUp }]) =>
      isUp && this.puts.get(key)?.length === 1 && !this.removed.has(key) ? [key] : [],
    );
  }

  put(name: string, key: string): void {
    this.count += 1;
    const value = `${this.count} by ${name}`;
    this.puts.set(key, [...(this.puts.get(key) ?? []), value]);
    this.only.set(key, this.network.member(name));
    this.replicas.get(name)?.put(key, value, HOUR_MS, this.network.now_ms);
  }

  boot(name: string): void {
    this.hanging.delete(name);
    this.told.delete(name);
    this.network.boot(name);
  }

  private remove(name: string, key: string): void {
    this.removed.add(key);
    this.replicas.get(name)?.remove(key, this.network.now_ms);
  }

  private hang(name: string): void {
    this.hanging.add(name);
    this.network.hang(name);
  }

  private resume(name: string): void {
    if (!this.hanging.delete(name) || !this.network.member(name).isUp) return;
    this.network.resume(name);
  }

  private equip({ name, cluster, timers }: SimulatedMember): void {
    const replica = new Replica({
      name,
      others: this.names.filter((one) => one !== name),
      limit: PLENTY,
      charactersLimit: PLENTY * 100,
      speaker: cluster,
      timers,
      random: { token: (length) => this.rng.token(length) },
      meter: { count() {} },
      onSynced: (now_ms, witness) => cluster.ready(now_ms, witness),
    });
    this.replicas.set(name, replica);
    cluster.attach(REPLICA_KINDS, replica);
    cluster.watch(replica);
    cluster.watch({ onState: (state, now_ms) => state === "syncing" && replica.start(now_ms) });
  }
}

/** @throws where the members aren't as they should be */
function play(seed: number): void {
  const story = new Story(seed);
  const { network, names } = story;
  for (let step = 0; step < STEPS; step++) story.step();
  story.heal();
  network.run(HEAL_MS);
  for (const name of names) {
    const others = names.filter((one) => one !== name);
    expect([name, network.cluster(name).live()]).toEqual([name, others]);
    expect([name, network.cluster(name).state]).toEqual([name, story.expectedState(name)]);
    for (const other of others) {
      expect([name, other, network.cluster(name).stateOf(other)]).toEqual([name, other, story.expectedState(other)]);
    }
    expect(network.member(name).lines.filter(({ level }) => level === "error")).toEqual([]);
  }
  for (const [key, values] of story.puts) {
    const [first, ...others] = names.map((name) => story.valueAt(name, key));
    for (const other of others) expect([key, other]).toEqual([key, first]);
    if (first !== undefined) expect(values).toContain(first);
  }
  for (const key of story.unquestioned)
    expect([key, story.valueAt("r1", key)]).toEqual([key, story.puts.get(key)?.[0]]);
}

test("whatever befalls a cluster, it is whole and of one mind 35 s after the last trouble", {
  timeout: 3_600_000,
}, () => {
  const first = seedOf("whole clusters");
  for (let index = 0; index < STORIES; index++) {
    const seed = first + index;
    try {
      play(seed);
    } catch (error) {
      throw new Error(`BRANCHLINE_SEED=${seed} plays it first: ${error instanceof Error ? error.message : error}`);
    }
  }
});

test("a member that is started anew has all records within a second, before it is active", () => {
  const story = new Story(7);
  const { network, names } = story;
  network.lose(0);
  network.run(2 * COMPLETE_MS);
  for (let index = 0; index < 500; index++) story.put(names[index % names.length] ?? "", `aor ${index}`);
  network.run(COMPLETE_MS);
  const booted_ms = network.now_ms;
  let missing: number | undefined;
  story.boot("r2");
  network.cluster("r2").watch({
    onState: (state) => {
      if (state !== "active") return;
      missing = 0;
      for (const key of story.puts.keys()) if (story.valueAt("r2", key) === undefined) missing += 1;
    },
  });
  network.run(COMPLETE_MS);
  expect(missing).toBe(0);
  const { since_ms, why } = network.cluster("r2").status();
  console.log(`500 records after ${since_ms - booted_ms} ms: ${why}`);
  expect(since_ms - booted_ms).toBeLessThan(1_000);
  expect(why).toMatch(/^its records are equal to those of r\d$/);
});
