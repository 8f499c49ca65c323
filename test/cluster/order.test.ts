/** The member that makes a call, where each message may come to any: all find the same one, each has its share, and few calls move. */
import { describe, expect, test } from "vitest";
import { textHash } from "../../src/cluster/digests.ts";
import { orderOf, type Seat, seatOf } from "../../src/cluster/order.ts";
import { hashOf } from "../fuzz/rng.ts";

const CALLS = 30_000;
const callIds = Array.from({ length: CALLS }, (_, index) => `${index}-4711@10.204.204.11`);
const mac = (secret: string) => (text: string) => `${hashOf(`${secret} ${text}`)} ${hashOf(`${text} ${secret}`)}`;
const seats = (count: number, secret = "one"): Seat[] =>
  Array.from({ length: count }, (_, index) => seatOf(`node${index + 1}`, mac(secret)));

/** Found by trying: their FNV-1a of 32 bits is one, whatever is hashed behind it. */
const ALIKE = `
  call-3am-lNH call-6b1-XE9 call-kc6-aTr call-137d-kUR call-1gud-7O6 call-1o0g-MSx call-1w4q-M7n call-22z9-tC9
  call-2eeq-6MG call-2klo-8EN call-2m8o-Pb9 call-31p0-CSu call-3d4k-JG2 call-3hk7-4zZ call-3qou-kzR call-432r-MQz
  call-4335-K18 call-4pq1-btK call-4ymj-raN call-5bzs-SWU call-5fxy-wMW call-638t-4EQ call-6wpx-jl8 call-75mj-6sy`
  .trim()
  .split(/\s+/);

/** How many calls each member has. */
function shares(all: readonly Seat[]): number[] {
  const counts = new Map(all.map(({ name }) => [name, 0]));
  for (const callId of callIds) {
    const [first = ""] = orderOf(callId, all);
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return [...counts.values()];
}

describe("the order of members", () => {
  test("is of all of them, and the same in whatever order they stand", () => {
    const all = seats(5);
    for (const callId of callIds.slice(0, 200)) {
      const order = orderOf(callId, all);
      expect([...order].sort()).toEqual(all.map(({ name }) => name));
      expect(orderOf(callId, [...all].reverse())).toEqual(order);
    }
  });

  test.each([2, 3, 5, 8])("gives each of %d its share of the calls, within a tenth", (count) => {
    for (const share of shares(seats(count))) expect(Math.abs(share / (CALLS / count) - 1)).toBeLessThan(0.1);
  });

  test("gives each of 3 a third of similar Call-IDs, within 2 percent of all", () => {
    for (const share of shares(seats(3))) expect(Math.abs(share / CALLS - 1 / 3)).toBeLessThan(0.02);
  });

  test("of Call-IDs that are alike to a hash without a secret is no more alike than that of others", () => {
    expect(new Set(ALIKE.map((callId) => textHash(callId, 0x5bd1e995))).size).toBe(1);
    for (const secret of ["one", "two", "three"]) {
      const firsts = new Set(ALIKE.map((callId) => orderOf(callId, seats(3, secret))[0]));
      expect([...firsts].sort()).toEqual(["node1", "node2", "node3"]);
    }
  });

  test("without one member is the same without it: its calls go to those that come next", () => {
    const all = seats(4);
    for (const callId of callIds.slice(0, 1_000)) {
      const order = orderOf(callId, all);
      for (const gone of order) {
        const rest = all.filter(({ name }) => name !== gone);
        expect(orderOf(callId, rest)).toEqual(order.filter((name) => name !== gone));
      }
    }
  });

  test("is another one by another secret", () => {
    const [one, other] = [seats(3), seats(3, "two")];
    const same = callIds.filter((callId) => orderOf(callId, one)[0] === orderOf(callId, other)[0]);
    expect(same.length / CALLS).toBeLessThan(0.5);
  });
});
