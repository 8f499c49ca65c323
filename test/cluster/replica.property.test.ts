/**
 * Replicas under chance: members put, remove, die, come back, and are cut from each other while datagrams are lost and late. After it all
 * have the same, and nothing that nobody has put; then each change counts. A failure prints its seed: `BRANCHLINE_SEED=7` plays it alone.
 */
import { expect, test } from "vitest";
import type { StoredRecord } from "../../src/cluster/record-store.ts";
import { aor, ReplicaNet, type Seat } from "./support/replicas.ts";

/** After a heal all are equal within this time. */
const HEAL_ms = 35_000;
const KEYS = 60;
const STEPS = 80;
const NAMES = ["r1", "r2", "r3", "r4", "r5"];
const chosen = process.env["BRANCHLINE_SEED"];
const SEEDS = chosen === undefined ? Array.from({ length: 40 }, (_, at) => at + 1) : [Number(chosen)];

class Story {
  readonly net: ReplicaNet;
  private readonly names: readonly string[];
  /** All that was ever put under a key. */
  private readonly ever = new Map<string, Set<string>>();
  /** Of each member that has died, what it had on disk. */
  private readonly disks = new Map<string, StoredRecord[]>();
  private count = 0;

  constructor(seed: number) {
    this.names = NAMES.slice(0, 2 + (seed % 4));
    const loss = [0, 0.02, 0.1][seed % 3] ?? 0;
    this.net = new ReplicaNet(this.names, { seed, loss, delay_ms: 1, jitter_ms: seed % 2 === 0 ? 0 : 20 });
    this.net.startAll();
    this.net.run(1_500);
  }

  /** One that is up. */
  private get anyone(): Seat {
    const { up } = this.net;
    return up[this.net.below(up.length)] as Seat;
  }

  put(seat: Seat, key: string, left_ms = 3_600_000): string {
    this.count += 1;
    const value = `${this.count} by ${seat.name}`;
    this.ever.set(key, (this.ever.get(key) ?? new Set()).add(value));
    seat.put(key, value, left_ms);
    return value;
  }

  step(): void {
    const { net } = this;
    const dice = net.below(100);
    const [one, other] = [net.below(this.names.length), net.below(this.names.length)].map((at) => this.names[at] ?? "");
    const key = aor(net.below(KEYS));
    if (dice < 45) this.put(this.anyone, key, [20_000, 3_600_000][net.below(2)]);
    else if (dice < 50) for (let user = 0; user < KEYS; user += 1) this.put(this.anyone, aor(user));
    else if (dice < 65) this.anyone.remove(key);
    else if (dice < 78 && one !== other) net.cut(one ?? "", other ?? "");
    else if (dice < 86 && one !== other) net.heal(one ?? "", other ?? "");
    else if (dice < 93) this.kill(one ?? "");
    else this.startAgain();
    net.run(net.below([5, 300, 5_000][net.below(3)] ?? 5));
  }

  /** The last one stays. */
  private kill(name: string): void {
    const seat = this.net.up.find((up) => up.name === name);
    if (seat === undefined || this.net.up.length < 2) return;
    const { table } = seat.replica;
    const records = Array.from({ length: KEYS }, (_, user) => table.get(aor(user)));
    this.disks.set(
      name,
      records.flatMap((one) => (one === undefined ? [] : [{ ...one }])),
    );
    this.net.kill(name);
  }

  /** Those that are dead, half of them with what was on their disk. */
  startAgain(): void {
    for (const name of this.names) {
      if (this.net.up.some((up) => up.name === name)) continue;
      const disk = this.net.below(2) === 0 ? undefined : this.disks.get(name);
      this.net.start(name, (seat) => {
        for (const { key, value, ends_ms } of disk ?? []) {
          if (value === undefined || ends_ms <= this.net.now_ms) continue;
          seat.replica.load(key, value, ends_ms - this.net.now_ms, this.net.now_ms);
          seat.owned.set(key, value);
        }
      });
    }
  }

  /** What each member has, and what its owner believes, which doesn't count times. */
  check(): void {
    const [first, ...others] = this.net.up.map((seat) => this.contents(seat));
    for (const one of others) expect(one).toEqual(first);
    for (const seat of this.net.up) {
      for (const [key, value] of Object.entries(first ?? {})) {
        expect([...(this.ever.get(key) ?? [])]).toContain(value);
        expect(seat.owned.get(key)).toBe(value);
      }
      expect(seat.synced).toBeDefined();
      expect(seat.replica.table.characters).toBeLessThan(KEYS * 100);
      expect(seat.heard.filter(({ value }) => seat.own.has(value))).toEqual([]);
    }
  }

  contents(seat: Seat): Record<string, unknown> {
    const all = Array.from({ length: KEYS }, (_, user) => [aor(user), seat.get(aor(user))]);
    return Object.fromEntries(all.filter(([, value]) => value !== undefined));
  }
}

test.each(SEEDS)("seed %i: all are equal within 35 s of healing, and each change counts from then on", (seed) => {
  const story = new Story(seed);
  const { net } = story;
  for (let step = 0; step < STEPS; step += 1) story.step();
  net.healAll();
  story.startAgain();
  net.run(HEAL_ms);
  story.check();
  const expected: Record<string, unknown> = {};
  for (let user = 0; user < KEYS; user += 1) {
    const [one, next] = [net.up[user % net.up.length], net.up[(user + 1) % net.up.length]] as [Seat, Seat];
    const value = story.put(one, aor(user));
    if (user % 3 === 0) {
      net.run(HEAL_ms);
      next.remove(aor(user));
    } else expected[aor(user)] = value;
  }
  net.run(HEAL_ms);
  for (const seat of net.up) expect(story.contents(seat)).toEqual(expected);
});
