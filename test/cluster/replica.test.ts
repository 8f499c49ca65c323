/** A replicated map: changes as they come, versions, removals and times. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/cluster/ports.ts";
import { aor, bindingOf, ReplicaNet, type Seat } from "./support/replicas.ts";

/** The next comparison comes within 30 s, and is over in less than the rest. */
const HEAL_ms = 35_000;
const NAMES = ["r1", "r2", "r3", "r4", "r5"];

function started(count: number, options = {}): ReplicaNet {
  const net = new ReplicaNet(NAMES.slice(0, count), options);
  net.startAll();
  net.run(2_000);
  return net;
}

function contents(seat: Seat, keys: readonly string[]): Record<string, Json | undefined> {
  return Object.fromEntries(keys.map((key) => [key, seat.get(key)]));
}

describe("changes", () => {
  test.each([2, 3, 4, 5])("a change of one of %i members is at all others as soon as a datagram is", (count) => {
    const net = started(count);
    net.seat("r1").put(aor(201), bindingOf("201"));
    net.run(1);
    for (const seat of net.up) expect(seat.get(aor(201))).toEqual(bindingOf("201"));
    for (const seat of net.up.slice(1)) {
      expect(seat.heard).toEqual([
        { key: aor(201), value: bindingOf("201"), left_ms: 3_600_000, from: "r1", at_ms: net.now_ms },
      ]);
    }
    expect(net.seat("r1").heard).toEqual([]);
  });

  test("several changes of one event go in one datagram, and the last of a key counts", () => {
    const net = started(2);
    const before = net.sent.length;
    net.seat("r1").put(aor(201), 1);
    net.seat("r1").put(aor(202), 2);
    net.seat("r1").put(aor(201), 3);
    net.seat("r1").remove(aor(202));
    net.run(1);
    expect(net.sent.length - before).toBe(1);
    expect(net.seat("r2").heard.map(({ key, value }) => [key, value])).toEqual([
      [aor(201), 3],
      [aor(202), undefined],
    ]);
  });

  test("a burst is told in datagrams of one packet, some of them at a time, and is there within 200 ms", () => {
    const net = started(2);
    const before = net.sent.length;
    for (let user = 0; user < 2_000; user += 1) net.seat("r1").put(aor(user), bindingOf(String(user)));
    net.run(200);
    const sent = net.sent.slice(before);
    expect(net.seat("r2").heard).toHaveLength(2_000);
    expect(Math.max(...sent.map(({ octets }) => octets))).toBeLessThan(1_300);
    for (const at_ms of new Set(sent.map((one) => one.at_ms))) {
      expect(sent.filter((one) => one.at_ms === at_ms).length).toBeLessThanOrEqual(24);
    }
  });

  test("a change that comes after a later one is passed over", () => {
    const net = started(2);
    const [one, other] = [net.seat("r1"), net.seat("r2")];
    one.put(aor(201), "early");
    net.run(10);
    const early = net.sent[net.sent.length - 1]?.parts[0] ?? ["changes", []];
    other.put(aor(201), "late");
    net.run(10);
    other.replica.take("r1", early, net.now_ms);
    expect([one.get(aor(201)), other.get(aor(201))]).toEqual(["late", "late"]);
    expect(other.heard).toHaveLength(1);
  });

  test("an owner may put what it has merged while it is told", () => {
    const net = new ReplicaNet(["r1", "r2"]);
    net.startAll();
    const one = net.seat("r1");
    one.replica.own("set", {
      apply: (key, value, left_ms, _from, now_ms) => {
        const merged = [...new Set([...(value as number[]), 1])].sort();
        if (merged.length > (value as number[]).length) one.replica.put(key, merged, left_ms, now_ms);
      },
    });
    net.run(2_000);
    net.seat("r2").put("set a", [2, 3]);
    net.run(10);
    expect(net.up.map((seat) => seat.get("set a"))).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  test("a kind that nobody owns here is kept, and goes to a member that lacks it", () => {
    const net = started(3);
    net.kill("r3");
    net.seat("r1").put("future 1", { field: "of a newer version" });
    net.run(1_000);
    net.kill("r1");
    net.start("r3");
    net.run(1_000);
    expect(net.seat("r3").get("future 1")).toEqual({ field: "of a newer version" });
  });
});

describe("versions", () => {
  test("of two changes that knew nothing of each other the one that had heard more counts, else that of the greater name", () => {
    const net = started(2);
    net.cut("r1", "r2");
    net.run(1_000);
    net.seat("r1").put(aor(201), "r1's");
    net.seat("r2").put(aor(201), "r2's");
    net.seat("r1").put(aor(202), "r1's");
    net.seat("r1").put(aor(202), "r1's later one");
    net.seat("r1").put(aor(202), "r1's last one");
    net.seat("r2").put(aor(202), "r2's");
    net.heal("r1", "r2");
    net.run(1_000);
    for (const seat of net.up) {
      expect(contents(seat, [aor(201), aor(202)])).toEqual({ [aor(201)]: "r2's", [aor(202)]: "r1's last one" });
    }
  });

  test("a restarted member's first change gives way to what the others have counted further; its owner hears of that, and may merge", () => {
    const net = started(2);
    for (let count = 0; count < 50; count += 1) {
      net.seat("r1").put(aor(201), count);
      net.seat("r1").put("set a", [count]);
    }
    net.run(10);
    net.kill("r2");
    net.run(1_000);
    const back = net.start("r2");
    back.replica.own("set", {
      apply: (key, value, left_ms, _from, now_ms) =>
        void back.replica.put(key, [...(value as number[]), "new"], left_ms, now_ms),
    });
    back.put(aor(201), "new");
    back.put("set a", ["new"]);
    net.run(1_000);
    for (const seat of net.up)
      expect(contents(seat, [aor(201), "set a"])).toEqual({ [aor(201)]: 49, "set a": [49, "new"] });
    expect(back.heard.map(({ key, value }) => [key, value])).toEqual([[aor(201), 49]]);
  });

  test("two members that start at once and change the same key agree, and stop telling each other", () => {
    const net = new ReplicaNet(["r1", "r2"]);
    net.start("r1", (seat) => seat.put(aor(201), "r1's"));
    net.start("r2", (seat) => seat.put(aor(201), "r2's"));
    net.run(5_000);
    const sent = net.sent.length;
    net.run(20_000);
    expect(net.sent.length).toBe(sent);
    expect(net.seat("r1").get(aor(201))).toBe(net.seat("r2").get(aor(201)));
  });

  test("two starts of a member never make the same version", () => {
    const net = new ReplicaNet(["r1", "r2"]);
    net.start("r2");
    for (const value of ["first", "second"]) {
      net.start("r1", (seat) => seat.put(aor(201), value));
      net.run(1_000);
      net.kill("r1");
      net.run(1_000);
    }
    expect(net.seat("r2").get(aor(201))).toBe("second");
  });

  test("what was loaded from disk gives way to any other version", () => {
    const net = started(2);
    net.seat("r1").put(aor(201), "now");
    net.seat("r1").put(aor(202), "now");
    net.seat("r1").remove(aor(202));
    net.run(10);
    net.kill("r2");
    const back = net.start("r2", (seat) => {
      for (const user of [201, 202, 203]) seat.replica.load(aor(user), "of old", 60_000, net.now_ms);
    });
    net.run(1_000);
    const expected = { [aor(201)]: "now", [aor(202)]: undefined, [aor(203)]: "of old" };
    for (const seat of net.up) expect(contents(seat, Object.keys(expected))).toEqual(expected);
    expect(back.heard.map(({ key, value }) => [key, value]).sort()).toEqual([
      [aor(201), "now"],
      [aor(202), undefined],
    ]);
  });

  test.each([
    [2_000_000, 1_000_000, "r1's disk"],
    [1_000_000, 2_000_000, "r2's disk"],
    [9_999_999, 10_000_000, "r2's disk"],
  ])(
    "of what both have loaded, that of the disk which was written later counts: %i and %i",
    (one_ms, other_ms, later) => {
      const net = new ReplicaNet(["r1", "r2"]);
      for (const [name, savedAt_ms] of [
        ["r1", one_ms],
        ["r2", other_ms],
      ] as const) {
        net.start(name, ({ replica }) => {
          replica.savedAt_ms = savedAt_ms;
          replica.load(aor(201), `${name}'s disk`, 60_000, net.now_ms);
        });
      }
      net.run(2_000);
      expect(net.up.map((seat) => seat.get(aor(201)))).toEqual([later, later]);
      net.seat("r1").put(aor(201), "now");
      net.run(10);
      expect(net.up.map((seat) => seat.get(aor(201)))).toEqual(["now", "now"]);
    },
  );

  test("a count far ahead isn't believed, and own changes go on counting", () => {
    const net = started(2);
    const [one, other] = [net.seat("r1"), net.seat("r2")];
    const mad: Json = [aor(201), 2 ** 52, "r2", "mad", 60_000, 60_000, "mad"];
    one.replica.take("r2", ["changes", [mad]], net.now_ms);
    expect([one.get(aor(201)), one.dropped]).toEqual([undefined, ["record_ahead"]]);
    one.put(aor(201), "sane");
    net.run(10);
    other.put(aor(201), "sane too");
    net.run(10);
    expect(net.up.map((seat) => seat.get(aor(201)))).toEqual(["sane too", "sane too"]);
  });

  test("counts far ahead, again and again, use up none of those that there are", () => {
    const net = started(1);
    const one = net.seat("r1");
    for (let user = 0; user < 10_000; user += 1) {
      one.replica.take("r2", ["changes", [[aor(user), 2 ** 52, "r2", "mad", 60_000, 60_000, "mad"]]], net.now_ms);
    }
    net.run(60_000);
    one.replica.take(
      "r2",
      ["changes", [[aor(1), 2 ** 32 + 1_000_000, "r2", "sane", 60_000, 60_000, "sane"]]],
      net.now_ms,
    );
    expect(one.get(aor(1))).toBe("sane");
    one.replica.take("r2", ["changes", [[aor(2), 2 ** 33 + 2 ** 32, "r2", "mad", 60_000, 60_000, "mad"]]], net.now_ms);
    expect(one.get(aor(2))).toBeUndefined();
  });

  test("a member that really is far ahead is believed after some minutes", () => {
    const net = started(2);
    const one = net.seat("r1");
    const ahead = (user: number): Json => [aor(user), 2 ** 34 + user, "r2", "old", 60_000, 60_000, "far"];
    for (let user = 0; user < 10; user += 1) {
      net.run(60_000);
      one.replica.take("r2", ["changes", [ahead(user)]], net.now_ms);
    }
    expect([one.get(aor(0)), one.get(aor(9))]).toEqual([undefined, "far"]);
  });
});

describe("removals and times", () => {
  test("a removal isn't undone by a member that was away", () => {
    const net = started(2);
    net.seat("r1").put(aor(201), 1);
    net.run(10);
    net.cut("r1", "r2");
    net.run(1_000);
    net.seat("r1").remove(aor(201));
    net.run(600_000);
    net.heal("r1", "r2");
    net.run(1_000);
    expect(net.up.map((seat) => seat.get(aor(201)))).toEqual([undefined, undefined]);
    expect(net.seat("r1").heard).toEqual([]);
  });

  test("nor by one that knows of an earlier version which held for longer", () => {
    const net = started(2);
    net.seat("r1").put(aor(201), "for an hour", 3_600_000);
    net.run(10);
    net.cut("r1", "r2");
    net.run(1_000);
    net.seat("r1").put(aor(201), "for a minute", 60_000);
    net.run(600_000);
    net.heal("r1", "r2");
    net.run(1_000);
    expect(net.up.map((seat) => seat.get(aor(201)))).toEqual([undefined, undefined]);
  });

  test("nor by one whose earlier version had come too late to count, and held for longer", () => {
    const net = started(2);
    const one = net.seat("r1");
    one.put(aor(202), 1);
    one.put(aor(201), "for a minute", 60_000);
    const earlier: Json = [aor(201), 1, "r3", "a", 3_600_000, 3_600_000, "for an hour"];
    one.replica.take("r3", ["changes", [earlier]], net.now_ms);
    expect(one.get(aor(201))).toBe("for a minute");
    net.run(120_000);
    one.replica.take("r3", ["changes", [earlier]], net.now_ms);
    expect([one.get(aor(201)), one.heard]).toEqual([undefined, []]);
  });

  test("a removal that a third member hasn't heard of is remembered for it", () => {
    const net = started(3);
    net.seat("r1").put(aor(201), 1);
    net.run(10);
    net.kill("r3");
    net.seat("r1").remove(aor(201));
    net.run(1_000);
    net.kill("r1");
    net.start("r3", (seat) => seat.replica.load(aor(201), 1, 3_500_000, net.now_ms));
    net.run(2_000);
    expect(net.up.map((seat) => seat.get(aor(201)))).toEqual([undefined, undefined]);
  });

  test("once its time is over a record is gone everywhere, and so is what remembered it", () => {
    const net = started(3);
    net.seat("r1").put(aor(201), 1, 60_000);
    net.seat("r2").put(aor(202), 1, 60_000);
    net.run(10);
    net.seat("r3").remove(aor(202));
    net.run(59_000);
    expect(net.up.map((seat) => seat.get(aor(201)))).toEqual([1, 1, 1]);
    net.run(1_000);
    expect(net.up.map((seat) => seat.get(aor(201)))).toEqual([undefined, undefined, undefined]);
    net.run(HEAL_ms);
    for (const { replica } of net.up) expect(replica.table).toMatchObject({ size: 0, remembered: 0, characters: 0 });
  });
});
