/** Fetching what another member has: at its start, after a cut, after a loss, one request at a time. */
import { describe, expect, test } from "vitest";
import { OVERDUE_ms } from "../../src/cluster/own-state.ts";
import { COMPARE_ms } from "../../src/cluster/replica.ts";
import { aor, bindingOf, type Datagram, ReplicaNet, type Seat } from "./support/replicas.ts";

/** The next comparison comes within 30 s, and is over in less than the rest. */
const HEAL_ms = 35_000;
const NAMES = ["r1", "r2", "r3", "r4", "r5"];

function started(count: number, options = {}): ReplicaNet {
  const net = new ReplicaNet(NAMES.slice(0, count), options);
  net.startAll();
  net.run(2_000);
  return net;
}

function fill(seat: Seat, count: number, first = 0): void {
  for (let user = first; user < first + count; user += 1) seat.put(aor(user), bindingOf(String(user)));
}

function values(seat: Seat, count: number): unknown[] {
  return Array.from({ length: count }, (_, user) => seat.get(aor(user)));
}

function kindsOf({ parts }: Datagram): string[] {
  return parts.map(([kind]) => kind);
}

describe("a member that starts", () => {
  test.each([2, 5])(
    "has 2,000 records within 1 s, of %i members, in one request at a time and answers of 8,000 octets",
    (count) => {
      const net = started(count);
      fill(net.seat("r1"), 2_000);
      net.run(1_000);
      net.kill("r2");
      net.run(60_000);
      const before = net.sent.length;
      const from_ms = net.now_ms;
      const back = net.start("r2");
      net.run(1_000);
      const took_ms = (back.synced?.at_ms ?? Number.POSITIVE_INFINITY) - from_ms;
      const sent = net.sent.slice(before);
      const answers = sent.filter((one) => kindsOf(one).includes("entries"));
      const octets = answers.reduce((sum, one) => sum + one.octets, 0);
      console.log(`of ${count}: complete after ${took_ms} ms, ${answers.length} answers with ${octets} octets`);
      expect(took_ms).toBeLessThan(1_000);
      expect(values(back, 2_000)).toEqual(values(net.seat("r1"), 2_000));
      expect(back.heard).toHaveLength(2_000);
      expect(Math.max(...sent.map((one) => one.octets))).toBeLessThan(8_200);
      let open = 0;
      for (const one of sent) {
        if (one.from === "r2" && /digests|want/.test(kindsOf(one).join())) open += 1;
        if (one.to === "r2" && /differ|entries/.test(kindsOf(one).join())) open -= 1;
        expect(open).toBeLessThanOrEqual(1);
      }
    },
  );

  test("is complete as soon as it has what a complete member has, and not before", () => {
    const net = started(2);
    fill(net.seat("r1"), 200);
    net.run(1_000);
    net.kill("r2");
    const back = net.start("r2");
    while (back.synced === undefined && net.now_ms < 10_000) net.run(1);
    // A round trip later: once more it has asked whether anything differs.
    expect(back.synced).toEqual({ at_ms: (back.heard[199]?.at_ms ?? 0) + 2, witness: "r1" });
    expect(values(back, 200)).not.toContain(undefined);
  });

  test("is complete after 1 s when it hears none", () => {
    const net = new ReplicaNet(["r1", "r2"]);
    const alone = net.start("r1");
    net.run(999);
    expect(alone.synced).toBeUndefined();
    net.run(1);
    expect(alone.synced).toEqual({ at_ms: 1_000, witness: undefined });
  });

  test("needn't wait when all others have started with it and have been compared with", () => {
    const net = new ReplicaNet(["r1", "r2", "r3"]);
    net.startAll();
    net.run(300);
    expect(net.up.every((seat) => seat.synced !== undefined)).toBe(true);
  });

  test("isn't complete by comparing with one that has just started too, while another one has it all", () => {
    const net = started(3);
    fill(net.seat("r3"), 500);
    net.run(500);
    net.kill("r1");
    net.kill("r2");
    net.run(1_000);
    net.cut("r1", "r3");
    net.cut("r2", "r3");
    net.start("r1");
    net.start("r2");
    net.run(500);
    expect(net.seat("r1").synced).toBeUndefined();
    net.healAll();
    net.run(400);
    for (const name of ["r1", "r2"]) {
      expect(net.seat(name).synced).toBeDefined();
      expect(values(net.seat(name), 500)).not.toContain(undefined);
    }
  });

  test("is complete in the end beside a member that lives and answers nothing", () => {
    const net = new ReplicaNet(["r1", "r2"]);
    const one = net.start("r1");
    one.live.add("r2");
    one.replica.onAlive("r2", 0);
    net.run(4_000);
    expect(one.synced).toBeUndefined();
    net.run(2_000);
    expect(one.synced?.witness).toBeUndefined();
    expect(one.synced).toBeDefined();
    const asked = net.sent.length;
    net.run(COMPARE_ms);
    expect(net.sent.length).toBeGreaterThan(asked);
  });

  test("takes changes that come meanwhile for what they are", () => {
    const net = started(2, { delay_ms: 20 });
    fill(net.seat("r1"), 1_000);
    net.run(1_000);
    net.kill("r2");
    net.start("r2");
    for (let at_ms = 0; at_ms < 2_000; at_ms += 5) {
      net.after(at_ms, () => net.seat("r1").put(aor(at_ms % 1_000), `changed at ${at_ms}`));
    }
    net.run(5_000);
    expect(values(net.seat("r2"), 1_000)).toEqual(values(net.seat("r1"), 1_000));
    expect(net.seat("r2").synced).toBeDefined();
  });
});

describe("what was lost", () => {
  test.each([2, 3, 5])("a change that one of %i members never got is there within 35 s", (count) => {
    const net = started(count);
    fill(net.seat("r1"), 300);
    net.run(1_000);
    net.loss = 1;
    net.seat("r1").put(aor(7), "new");
    net.seat("r1").remove(aor(8));
    net.run(1);
    net.loss = 0;
    net.run(HEAL_ms);
    for (const seat of net.up) expect([seat.get(aor(7)), seat.get(aor(8))]).toEqual(["new", undefined]);
  });

  test("and only what differs is sent again", () => {
    const net = started(2);
    fill(net.seat("r1"), 2_000);
    net.run(1_000);
    net.loss = 1;
    net.seat("r1").put(aor(7), "new");
    net.run(1);
    net.loss = 0;
    const before = net.sent.length;
    net.run(HEAL_ms);
    const octets = net.sent.slice(before).reduce((sum, one) => sum + one.octets, 0);
    console.log(`one record of 2,000: ${octets} octets within ${HEAL_ms} ms`);
    expect(net.seat("r2").get(aor(7))).toBe("new");
    expect(octets).toBeLessThan(12_000);
  });

  test("members that have the same say no more than their digests, each 30 s", () => {
    const net = started(5);
    fill(net.seat("r1"), 500);
    net.run(5_000);
    const before = net.sent.length;
    net.run(10 * COMPARE_ms);
    const sent = net.sent.slice(before);
    expect(sent.flatMap(kindsOf).sort()).toEqual([...Array(200).fill("differ"), ...Array(200).fill("digests")].sort());
    const together = sent.reduce((sum, { octets }) => sum + octets, 0);
    console.log(`${(together / 10 / 5 / 4).toFixed()} octets for a comparison`);
  });

  test.each([1, 2, 3])(
    "with a fifth of the datagrams lost, equal within 35 s, and complete in time at a start (seed %i)",
    (seed) => {
      const net = started(3, { loss: 0.2, jitter_ms: 5, seed });
      fill(net.seat("r1"), 300);
      fill(net.seat("r3"), 300, 300);
      net.run(1_000);
      net.kill("r2");
      net.start("r2");
      net.run(HEAL_ms);
      for (const seat of net.up) {
        expect(values(seat, 600)).toEqual(values(net.seat("r1"), 600));
        expect(seat.synced).toBeDefined();
      }
      expect(values(net.seat("r1"), 600)).not.toContain(undefined);
    },
  );

  test("where datagrams of more than one packet never arrive, a change does, and a start is complete in time", () => {
    const net = started(2, { longest_octets: 1_350 });
    fill(net.seat("r1"), 500);
    net.run(1_000);
    expect(values(net.seat("r2"), 500)).not.toContain(undefined);
    net.kill("r2");
    const from_ms = net.now_ms;
    const back = net.start("r2");
    net.run(OVERDUE_ms);
    expect(values(back, 500)).not.toContain(undefined);
    expect(back.synced?.witness).toBe("r1");
    console.log(`by short datagrams alone: complete after ${((back.synced?.at_ms ?? 0) - from_ms).toFixed()} ms`);
  });
});

describe("a cut", () => {
  test.each([2, 3, 4, 5])("with changes on both sides heals: %i members are equal within 35 s", (count) => {
    const net = started(count);
    fill(net.seat("r1"), 400);
    net.run(1_000);
    const [left, right] = [NAMES.slice(0, count >> 1), NAMES.slice(count >> 1, count)];
    for (const one of left) for (const other of right) net.cut(one, other);
    net.run(1_000);
    for (let user = 0; user < 400; user += 1) {
      const seat = net.seat(NAMES[user % count] ?? "r1");
      if (user % 5 === 0) seat.remove(aor(user));
      else if (user % 3 !== 0) seat.put(aor(user), `${seat.name}'s`);
      if (user % 7 === 0) net.seat(NAMES[(user + 1) % count] ?? "r1").put(aor(user), "another's");
    }
    net.run(120_000);
    net.healAll();
    net.run(HEAL_ms);
    const all = net.up.map((seat) => values(seat, 400));
    for (const one of all) expect(one).toEqual(all[0]);
    for (const seat of net.up) {
      const owned = Array.from({ length: 400 }, (_, user) => seat.owned.get(aor(user)));
      expect(owned).toEqual(all[0]);
    }
  });

  test("in the middle of a start ends the exchange, and the next member is asked", () => {
    const net = started(3);
    fill(net.seat("r1"), 2_000);
    net.run(1_000);
    net.kill("r3");
    net.cut("r2", "r3");
    net.start("r3");
    net.run(180);
    expect(net.seat("r3").heard.length).toBeLessThan(2_000);
    net.heal("r2", "r3");
    net.kill("r1");
    net.run(3_000);
    expect(net.seat("r3").heard).toHaveLength(2_000);
    expect(net.seat("r3").synced?.witness).toBe("r2");
  });

  test("a member that is killed and back before it was missed gets all", () => {
    const net = started(2);
    fill(net.seat("r1"), 2_000);
    net.run(1_000);
    net.kill("r2");
    net.start("r2");
    net.run(150);
    net.kill("r2");
    net.start("r2");
    net.run(1_500);
    expect(values(net.seat("r2"), 2_000)).not.toContain(undefined);
    expect(net.seat("r2").synced?.witness).toBe("r1");
  });
});

describe("no room", () => {
  test("a member whose table is full keeps what it has, counts what it refuses, and isn't asked for it again and again", () => {
    const net = new ReplicaNet(["r1", "r2"], { limit: 100 });
    net.start("r1");
    net.start("r2");
    net.cut("r1", "r2");
    fill(net.seat("r1"), 100);
    fill(net.seat("r2"), 100, 100);
    expect(net.seat("r1").put(aor("one more"), 1)).toBe(false);
    net.run(5_000);
    net.healAll();
    net.run(1_000);
    expect(net.seat("r1").replica.table).toMatchObject({ size: 100, limit: 100, hits: 101 });
    expect(values(net.seat("r1"), 100)).not.toContain(undefined);
    const before = net.sent.length;
    net.run(COMPARE_ms);
    expect(net.sent.slice(before).filter((one) => kindsOf(one).includes("digests")).length).toBeLessThanOrEqual(6);
  });
});
