/** Records and questions as members send them: what isn't whole is left out, and nothing of it throws. */

import { describe, expect, test } from "vitest";
import type { Json, Part } from "../../src/cluster/ports.ts";
import { isKey, LEFT_MAX_ms, octetsOf, readEntry } from "../../src/cluster/record-wire.ts";
import { REPLICA_KINDS } from "../../src/cluster/replica.ts";
import { KEY_CHARACTERS_MAX, VALUE_OCTETS_MAX } from "../../src/cluster/replicated.ts";
import { COUNT_MAX } from "../../src/cluster/versions.ts";
import fc from "../support/properties.ts";
import { aor, ReplicaNet } from "./support/replicas.ts";

const WHOLE: readonly Json[] = ["aor 201@example.com", 7, "r2", "k3f9", 1_000, 2_000, { relay: false }];

/** With other elements at some places. */
function entry(changes: Readonly<Record<number, Json>>): Json {
  return WHOLE.map((one, at) => (at in changes ? (changes[at] ?? null) : one));
}

function nested(depth: number): Json {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

describe("an entry", () => {
  test("is read with all it has", () => {
    expect(readEntry(WHOLE)).toEqual({
      key: "aor 201@example.com",
      version: { count: 7, member: "r2", boot: "k3f9" },
      left_ms: 1_000,
      kept_ms: 2_000,
      value: { relay: false },
      characters: 15,
    });
  });

  test("without a value, or with one whose time is over, is a removal", () => {
    for (const one of [WHOLE.slice(0, 6), entry({ 4: 0 })]) {
      expect(readEntry(one)).toMatchObject({ value: undefined, left_ms: 0, kept_ms: 2_000, characters: 0 });
    }
  });

  test("of a newer version may have more at its end", () => {
    expect(readEntry([...WHOLE, "more"])).toEqual(readEntry(WHOLE));
  });

  test("holds for a day at the most", () => {
    expect(readEntry(entry({ 4: 1e12, 5: 1e15 }))).toMatchObject({ left_ms: LEFT_MAX_ms, kept_ms: LEFT_MAX_ms });
  });

  test.each<[string, Json]>([
    ["no list", { 0: "aor 201@example.com" }],
    ["no key", entry({ 0: 7 })],
    ["a key without a kind", entry({ 0: "201@example.com" })],
    ["a key of a kind that isn't a word", entry({ 0: "__proto__ x" })],
    ["a long key", entry({ 0: `aor ${"x".repeat(KEY_CHARACTERS_MAX)}` })],
    ["a key with many octets", entry({ 0: `aor ${"\u20ac".repeat(KEY_CHARACTERS_MAX / 5)}` })],
    ["a count that is none", entry({ 1: 1.5 })],
    ["a negative count", entry({ 1: -1 })],
    ["a count beyond all", entry({ 1: COUNT_MAX + 1 })],
    ["a count as text", entry({ 1: "7" })],
    ["no member", entry({ 2: "" })],
    ["a member that can't be", entry({ 2: "R2" })],
    ["a boot that can't be", entry({ 3: "a b" })],
    ["a long boot", entry({ 3: "a".repeat(17) })],
    ["a negative time", entry({ 4: -1 })],
    ["a time as text", entry({ 5: "2000" })],
    ["nothing left", entry({ 4: 0, 5: 0 })],
    ["a long value", entry({ 6: "x".repeat(VALUE_OCTETS_MAX) })],
    ["a value with many octets", entry({ 6: "\u20ac".repeat(VALUE_OCTETS_MAX / 5) })],
    ["a deep value", entry({ 6: nested(20) })],
    ["a prototype in its value", entry({ 6: JSON.parse('{"bindings":[{"__proto__":{"cseq":1}}]}') as Json })],
  ])("with %s is none", (_, data) => {
    expect(readEntry(data)).toBeUndefined();
  });
});

test("octets are counted as on the wire", () => {
  for (const value of ["abc", "\u00fc", "\u20ac", { a: ["\ud83d\ude00", 1, null] }, "\n"]) {
    const escaped = JSON.stringify(value).replace(/[^\0-\xff]/g, (one) => `\\u${one.charCodeAt(0).toString(16)}`);
    expect(octetsOf(value)).toBe(escaped.length);
  }
});

test("keys are a kind, a space, and something", () => {
  expect(["aor a", "lease-x b c", "aor", "aor ", " a", "Aor a", "a\nb c"].map(isKey)).toEqual([
    ...[true, true, false, false, false, false, false],
  ]);
});

describe("parts that a member may send", () => {
  const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
  const shaped = fc.record(
    {
      request: fc.oneof(fc.integer({ min: 0, max: 5 }), json),
      digests: fc.oneof(fc.constant("0".repeat(1_024)), json),
      buckets: fc.oneof(fc.array(fc.integer({ min: -1, max: 65 })), json),
      complete: json,
      after: fc.oneof(fc.string(), json),
      most: fc.oneof(fc.integer(), json),
      have: fc.oneof(fc.string(), json),
      list: fc.oneof(fc.array(fc.oneof(json, fc.constant(WHOLE as Json))), json),
      more: fc.oneof(fc.tuple(fc.integer({ min: 0, max: 63 }), fc.string()), json),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Json>;
  const part = fc.tuple(fc.constantFrom(...REPLICA_KINDS, "other"), fc.oneof(shaped, json));

  test("never throw, never put in what isn't whole, and leave two members able to agree", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const net = new ReplicaNet(["r1", "r2"]);
        net.startAll();
        net.seat("r2").put(aor(1), 1);
        net.run(50);
        for (const [kind, value] of parts) {
          const wire = JSON.parse(JSON.stringify([kind, value])) as Part;
          net.seat("r1").replica.take("r2", wire, net.now_ms);
          net.run(3);
        }
        net.run(35_000);
        expect(net.seat("r1").get(aor(1))).toBe(1);
        expect(net.seat("r1").synced).toBeDefined();
        expect(net.seat("r1").replica.table.size).toBeLessThanOrEqual(2);
        for (const { octets } of net.sent) expect(octets).toBeLessThan(9_000);
      }),
      { numRuns: 300 },
    );
  });

  test("a question for all there is, however it is put, is answered by 8,000 octets", () => {
    const net = new ReplicaNet(["r1", "r2"]);
    net.startAll();
    for (let user = 0; user < 500; user += 1) net.seat("r1").put(aor(user), "x".repeat(200));
    net.run(2_000);
    const before = net.sent.length;
    const buckets = Array.from({ length: 64 }, (_, bucket) => bucket);
    for (const most of [0, 1, 1e9]) {
      const want: Json = { request: 1, buckets, after: "", most, have: "" };
      net.seat("r1").replica.take("r2", ["want", want], net.now_ms);
    }
    const octets = net.sent.slice(before).map((one) => one.octets);
    expect(octets).toHaveLength(3);
    expect(octets.map((one) => one < 1_100)).toEqual([true, true, false]);
    expect(Math.max(...octets)).toBeLessThan(8_100);
  });
});

describe("what a member puts itself", () => {
  test("is refused when it couldn't be sent, and is counted", () => {
    const net = new ReplicaNet(["r1", "r2"]);
    const one = net.start("r1");
    one.put(aor(1), "before");
    expect(one.put(aor(1), "x".repeat(VALUE_OCTETS_MAX))).toBe(false);
    expect(one.put("no-kind", 1)).toBe(false);
    expect([one.get(aor(1)), one.dropped]).toEqual(["before", ["record_too_long", "record_too_long"]]);
    expect(one.put(aor(1), "x".repeat(VALUE_OCTETS_MAX - 2))).toBe(true);
  });

  test("goes alone when it is long, in a datagram that may be sent", () => {
    const net = new ReplicaNet(["r1", "r2"]);
    net.startAll();
    net.run(2_000);
    const before = net.sent.length;
    const key = `aor ${"\u20ac".repeat(100)}`;
    net.seat("r1").put(aor(1), 1);
    net.seat("r1").put(key, "x".repeat(VALUE_OCTETS_MAX - 2));
    net.seat("r1").put(aor(2), 2);
    net.run(10);
    expect(net.sent.length - before).toBe(3);
    expect(net.seat("r2").heard.map((one) => one.key)).toEqual([aor(1), key, aor(2)]);
  });
});
