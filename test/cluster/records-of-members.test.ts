/** Replicas within clusters: sealed datagrams, beats and states as they are, in a network that loses, doubles and reorders. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/cluster/ports.ts";
import { REPLICA_KINDS, Replica } from "../../src/cluster/replica.ts";
import { hashOf, Rng } from "../fuzz/rng.ts";
import { seedOf } from "../support/chance.ts";
import { ClusterNetwork, type ClusterNetworkOptions, type SimulatedMember } from "./support/cluster-network.ts";
import { aor, bindingOf } from "./support/replicas.ts";

const HEAL_MS = 35_000;
const HOUR_MS = 3_600_000;
const NAMES = ["r1", "r2", "r3", "r4", "r5"];

class Members {
  readonly network: ClusterNetwork;
  private readonly replicas = new Map<SimulatedMember, Replica>();

  constructor(options: ClusterNetworkOptions = {}) {
    const names = options.names ?? ["r1", "r2"];
    this.network = new ClusterNetwork({ ...options, names, onBoot: (member) => this.equip(member, names) });
    this.network.bootAll();
    this.network.run(1_500);
  }

  replica(name: string): Replica {
    const replica = this.replicas.get(this.network.member(name));
    if (replica === undefined) throw new Error(`${name} has no replica`);
    return replica;
  }

  put(name: string, key: string, value: Json, left_ms = HOUR_MS): void {
    this.replica(name).put(key, value, left_ms, this.network.now_ms);
  }

  remove(name: string, key: string): void {
    this.replica(name).remove(key, this.network.now_ms);
  }

  values(name: string, count: number): (Json | undefined)[] {
    return Array.from({ length: count }, (_, user) => this.replica(name).get(aor(user), this.network.now_ms));
  }

  /** All have the same; what that is. */
  common(count: number): (Json | undefined)[] {
    const [first = [], ...others] = this.network.names.map((name) => this.values(name, count));
    for (const one of others) expect(one).toEqual(first);
    return first;
  }

  private equip(member: SimulatedMember, names: readonly string[]): void {
    const { name, cluster, timers } = member;
    const rng = new Rng(hashOf(`${name} ${this.network.now_ms}`));
    const replica = new Replica({
      name,
      others: names.filter((other) => other !== name),
      limit: 10_000,
      charactersLimit: 10_000_000,
      speaker: cluster,
      timers,
      random: { token: (length) => rng.token(length) },
      meter: { count: () => {} },
      onSynced: (now_ms, witness) => cluster.ready(now_ms, witness),
    });
    this.replicas.set(member, replica);
    cluster.attach(REPLICA_KINDS, replica);
    cluster.watch(replica);
    replica.start(this.network.now_ms);
  }
}

test.each([2, 5])(
  "a member that is started again has 2,000 records and is active within 1 s, of %i members",
  (count) => {
    const members = new Members({ names: NAMES.slice(0, count) });
    const { network } = members;
    for (let user = 0; user < 2_000; user += 1) members.put("r1", aor(user), bindingOf(String(user)));
    network.run(1_000);
    network.kill("r2");
    network.run(60_000);
    const from_ms = network.now_ms;
    const before = network.sent.length;
    const back = network.boot("r2");
    network.run(1_000);
    const active = back.heard.find(({ what }) => what === "state active");
    console.log(`of ${count}: active ${(active?.at_ms ?? Number.NaN) - from_ms} ms after its start`);
    expect(active).toBeDefined();
    expect(back.cluster.status().why).toMatch(/^its records are equal to those of r\d$/);
    expect(members.values("r2", 2_000)).toEqual(members.values("r1", 2_000));
    expect(Math.max(...network.sent.slice(before).map(({ wire }) => wire.length))).toBeLessThan(8_400);
  },
);

describe("equal within 35 s", () => {
  test("after a cut in one direction", () => {
    const members = new Members();
    const { network } = members;
    network.cutWay("r1", "r2");
    network.run(1_000);
    members.put("r1", aor(1), "r1's");
    members.put("r2", aor(2), "r2's");
    members.put("r1", aor(3), "r1's");
    members.put("r2", aor(3), "r2's");
    network.run(60_000);
    network.heal();
    network.run(HEAL_MS);
    expect(members.common(4)).toEqual([undefined, "r1's", "r2's", "r2's"]);
  });

  test("after a member has hung for a minute, with what was changed there before and elsewhere meanwhile", () => {
    const members = new Members({ names: NAMES.slice(0, 3) });
    const { network } = members;
    members.put("r2", aor(1), "before");
    network.hang("r2");
    members.put("r1", aor(2), "meanwhile");
    network.run(60_000);
    members.put("r3", aor(3), "meanwhile");
    network.resume("r2");
    network.run(HEAL_MS);
    expect(members.common(4)).toEqual([undefined, "before", "meanwhile", "meanwhile"]);
  });

  test.each([2, 3, 4, 5])("after kills, cuts, loss, doubling and disorder, of %i members", (count) => {
    const seed = seedOf(`records of ${count} members`);
    const rng = new Rng(seed);
    const names = NAMES.slice(0, count);
    const members = new Members({ names, seed, jitter_ms: 10, loss: 0.05, doubling: 0.05 });
    const { network } = members;
    const anyone = () => names[rng.below(count)] ?? "r1";
    const ever = new Set<Json | undefined>([undefined]);
    for (let step = 0; step < 150; step += 1) {
      const dice = rng.below(100);
      const name = anyone();
      if (dice < 60) {
        ever.add(`${step}`);
        members.put(name, aor(rng.below(30)), `${step}`);
      } else if (dice < 75) members.remove(name, aor(rng.below(30)));
      else if (dice < 82) network.cut(name, anyone());
      else if (dice < 86) network.cutWay(name, anyone());
      else if (dice < 92) network.heal();
      else network.boot(name);
      network.run(rng.below(2_000));
    }
    network.heal();
    network.run(HEAL_MS);
    for (const value of members.common(30)) expect(ever).toContain(value);
    for (const name of names) expect(network.cluster(name).state).toBe("active");
  });
});
