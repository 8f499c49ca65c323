/** Calls by members that have one address: each datagram comes to another of them, and one of them may die. */
import { describe, expect, test } from "vitest";
import { anycastScene, errors, finals, NUMBER, ownerOf, transactions } from "./support/anycast-scene.ts";

const SEEDS = Array.from({ length: 20 }, (_, index) => 1 + index);
const T1_ms = 500;

describe("three members that live", () => {
  test.each(SEEDS)("a call whose datagrams are dealt by seed %i is one call, up and over", async (seed) => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 500 });
    const invite = phone.invite(NUMBER);
    group.run(T1_ms / 2);
    ownerOf(group);
    for (let again = 0; again < 5; again++) phone.resend(invite);
    group.run(2_000);
    phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
    group.run(1_000);
    expect(finals(phone)).toEqual([200]);
    expect([transactions(pbx), pbx.requests("ACK").length, pbx.requests("BYE").length]).toEqual([1, 1, 1]);
    expect(phone.responses(200, "BYE")).toHaveLength(1);
    expect(errors(group)).toEqual([]);
  });

  test.each(SEEDS)("so is one that is cancelled, by seed %i", async (seed) => {
    const { group, phone, pbx } = await anycastScene(seed);
    pbx.answers("INVITE", { status: 180, after_ms: 50 });
    const invite = phone.invite(NUMBER);
    group.run(1_000);
    phone.cancel(invite);
    group.run(1_000);
    expect(finals(phone)).toEqual([487]);
    expect([transactions(pbx), pbx.requests("CANCEL").length, pbx.requests("ACK").length]).toEqual([1, 1, 1]);
    expect(errors(group)).toEqual([]);
  });

  test("many calls: each member has its share of them", async () => {
    const { group, phone, pbx } = await anycastScene(1);
    pbx.answers("INVITE", { status: 180, after_ms: 50 });
    for (let call = 0; call < 300; call++) phone.invite(NUMBER);
    group.run(400);
    const sizes = group.living.map(({ stories }) => stories.size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(300);
    for (const size of sizes) expect(size).toBeGreaterThan(70);
    expect([transactions(pbx), errors(group)]).toEqual([300, []]);
  });
});

describe("the member that makes a call dies while it rings", () => {
  const ENDS = ["answers", "rejects", "is cancelled"] as const;

  describe.each(ENDS)("and its callee %s", (end) => {
    test.each(SEEDS)("seed %i", async (seed) => {
      const { group, phone, pbx } = await anycastScene(seed);
      const final = { answers: 200, rejects: 486, "is cancelled": 487 }[end];
      const habit = end === "is cancelled" ? [] : [{ status: final, after_ms: 3_000 }];
      pbx.answers("INVITE", { status: 180, after_ms: 50 }, ...habit);
      const invite = phone.invite(NUMBER);
      group.run(1_000);
      group.kill(ownerOf(group).name);
      group.run(1_500);
      ownerOf(group);
      if (end === "is cancelled") phone.cancel(invite);
      group.run(3_000);
      expect(finals(phone)).toEqual([final]);
      expect([transactions(pbx), pbx.requests("CANCEL").length]).toEqual([1, end === "is cancelled" ? 1 : 0]);
      expect(pbx.requests("ACK")).toHaveLength(1);
      expect(errors(group)).toEqual([]);
    });
  });
});
