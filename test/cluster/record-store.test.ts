/** The table of records: digests that follow each change, times, and room. */

import { describe, expect, test } from "vitest";
import { BUCKETS, bucketOf, Digests, MARK_DIGITS, markOf } from "../../src/cluster/digests.ts";
import { type Change, RecordStore } from "../../src/cluster/record-store.ts";
import fc from "../support/properties.ts";

const KEYS = Array.from({ length: 40 }, (_, user) => `aor ${user}@example.com`);

function changeOf(count: number, value: string | undefined, ends_ms: number, kept_ms = ends_ms): Change {
  const version = { count, member: "r1", boot: "a" };
  return { version, value, characters: value === undefined ? 0 : value.length + 2, ends_ms, kept_ms };
}

/** What the digests of these records are, by adding them up. */
function digestsOf(store: RecordStore): string {
  const digests = new Digests();
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    for (const { key, version } of store.inBucket(bucket)) {
      expect(bucketOf(key)).toBe(bucket);
      digests.toggle(bucket, markOf(key, version));
    }
  }
  return digests.text;
}

const step = fc.record({
  key: fc.constantFrom(...KEYS),
  value: fc.option(fc.string({ maxLength: 30 }), { nil: undefined }),
  holds_ms: fc.integer({ min: 0, max: 5_000 }),
  kept_ms: fc.integer({ min: 0, max: 9_000 }),
  later_ms: fc.oneof(fc.integer({ min: 0, max: 1_500 }), fc.constant(60_000)),
});

describe("digests", () => {
  test("after any changes and any time they are the sum of what there is, and no more is there than its time and its room allow", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), fc.integer({ min: 5, max: 60 }), (steps, limit) => {
        const store = new RecordStore(limit, 1_000);
        let now_ms = 1_000_000;
        for (const [count, { key, value, holds_ms, kept_ms, later_ms }] of steps.entries()) {
          store.set(key, changeOf(count, value, now_ms + holds_ms, now_ms + kept_ms));
          now_ms += later_ms;
          store.expire(now_ms);
          const all = Array.from({ length: BUCKETS }, (_, bucket) => store.inBucket(bucket)).flat();
          expect(store.digests.text).toBe(digestsOf(store));
          expect(all.length).toBe(store.size + store.remembered);
          expect(all.length).toBeLessThanOrEqual(limit);
          expect(store.characters).toBeLessThanOrEqual(1_000);
          const characters = all.map((one) => one.key.length + (one.value === undefined ? 0 : `"${one.value}"`.length));
          expect(store.characters).toBe(characters.reduce((sum, one) => sum + one, 0));
          expect(store.remembered).toBe(all.filter((one) => one.value === undefined).length);
          for (const one of all) expect(one.kept_ms).toBeGreaterThan(now_ms - 1_000);
        }
        store.expire(now_ms + 10_000);
        expect([store.size, store.characters, store.digests.text]).toEqual([0, 0, "0".repeat(BUCKETS * MARK_DIGITS)]);
      }),
      { numRuns: 200 },
    );
  });

  test("differ in the buckets of the records that differ, and in no other", () => {
    const [one, other] = [new RecordStore(100, 10_000), new RecordStore(100, 10_000)];
    for (const key of KEYS) for (const store of [one, other]) store.set(key, changeOf(1, "same", 1_000));
    expect(one.digests.differing(other.digests.text)).toEqual([]);
    const changed = KEYS.slice(0, 5);
    for (const key of changed) one.set(key, changeOf(2, "new", 1_000));
    const expected = [...new Set(changed.map(bucketOf))].sort((a, b) => a - b);
    expect(one.digests.differing(other.digests.text)).toEqual(expected);
    expect(other.digests.differing(one.digests.text)).toEqual(expected);
  });

  test("tell versions apart that differ in one character, and spread keys that do over the buckets", () => {
    const marks = new Set<string>();
    const filled = new Map<number, number>();
    for (let user = 0; user < 2_000; user += 1) {
      const key = `aor ${user}@example.com`;
      filled.set(bucketOf(key), (filled.get(bucketOf(key)) ?? 0) + 1);
      for (const count of [1, 2, 3, 10]) {
        for (const member of ["r1", "r2"]) {
          for (const boot of ["a", "b"]) marks.add(markOf(key, { count, member, boot }).join());
        }
      }
    }
    expect(marks.size).toBe(2_000 * 4 * 2 * 2);
    expect(filled.size).toBe(BUCKETS);
    expect(Math.max(...filled.values())).toBeLessThan(2 * (2_000 / BUCKETS));
  });

  test.each([undefined, null, 7, "", "x".repeat(BUCKETS * MARK_DIGITS), "0".repeat(BUCKETS * MARK_DIGITS + 1)])(
    "%s is none",
    (text) => {
      expect(new Digests().differing(text)).toBeUndefined();
    },
  );
});

describe("time", () => {
  test("a record whose time is over keeps its version, and costs but its key, until no earlier one can hold", () => {
    const store = new RecordStore(10, 1_000);
    store.set("aor a", changeOf(1, "value", 60_000));
    store.set("aor a", changeOf(2, "value", 10_000));
    store.expire(11_000);
    expect(store.get("aor a")).toMatchObject({ value: undefined, version: { count: 2 }, kept_ms: 60_000 });
    expect([store.characters, store.size, store.remembered]).toEqual(["aor a".length, 0, 1]);
    store.expire(61_000);
    expect([store.size, store.characters, store.remembered]).toEqual([0, 0, 0]);
  });

  test("a million seconds without a look are no work", () => {
    const store = new RecordStore(10, 1_000);
    store.set("aor a", changeOf(1, "value", 5_000));
    store.expire(1e15);
    expect(store.size).toBe(0);
  });
});

describe("room", () => {
  test("a removal that is but remembered makes room for a record, the oldest first, and never for another removal", () => {
    const store = new RecordStore(2, 1_000);
    store.set("aor a", changeOf(1, undefined, 60_000));
    store.set("aor b", changeOf(2, undefined, 60_000));
    expect(store.set("aor c", changeOf(3, undefined, 60_000))).toBeUndefined();
    expect(store.set("aor d", changeOf(4, "value", 60_000))).toBeDefined();
    expect([store.get("aor a"), store.get("aor b")?.version.count, store.hits]).toEqual([undefined, 2, 0]);
    store.set("aor b", changeOf(5, "value", 60_000));
    expect(store.set("aor e", changeOf(6, "value", 60_000))).toBeUndefined();
    expect([store.size, store.remembered, store.hits]).toEqual([2, 0, 1]);
  });

  test("characters have a limit of their own: a longer value stays out, a shorter one and a removal come in", () => {
    const store = new RecordStore(10, 40);
    expect(store.set("aor a", changeOf(1, "x".repeat(30), 60_000))).toBeDefined();
    expect(store.set("aor a", changeOf(2, "x".repeat(40), 60_000))).toBeUndefined();
    expect(store.get("aor a")?.version.count).toBe(1);
    expect(store.set("aor b", changeOf(3, "x", 60_000))).toBeUndefined();
    expect(store.set("aor a", changeOf(4, "x", 60_000))).toBeDefined();
    expect(store.set("aor a", changeOf(5, undefined, 60_000))).toBeDefined();
    expect(store.characters).toBe("aor a".length);
  });
});
