/** What members with one address must do, in numbers, in virtual time: the same as over real routes in `peers/`, with the same names. */
import { describe, expect, test } from "vitest";
import { Rng } from "../fuzz/rng.ts";
import type { Address } from "../support/simulation.ts";
import { finals, hunted, PHONE, transactions } from "./support/anycast-scene.ts";
import { type End, Traffic } from "./support/anycast-traffic.ts";

const RUNS = [1, 2, 3];
const ENDS: readonly End[] = ["answered", "rejected", "cancelled"];
/** Until nothing of a call is repeated any more. */
const OVER_ms = 34_000;
const isPhone = ({ address }: Address) => address === PHONE.address;

describe.each(RUNS)("run %i:", (run) => {
  test.each(["answered", "cancelled"] as const)(
    "A1: 200 calls are %s, nothing is sent again, and each member has its third",
    async (end) => {
      const traffic = await Traffic.start(run);
      const { group } = traffic;
      traffic.place({ count: 200, each_ms: 50, end, end_ms: 500, hold_ms: 500 });
      group.run(15_000);
      const counts = [...group.network.counts.values()];
      const all = counts.reduce((sum, count) => sum + count, 0);
      expect(await traffic.count()).toMatchObject({ whole: 200, doubled: 0, resent: 0 });
      expect(all).toBeGreaterThanOrEqual(1_200);
      for (const count of counts) expect(Math.abs((100 * count) / all - 100 / 3)).toBeLessThan(2);
    },
  );

  test("A2: each member in turn leaves, joins, leaves, is stopped and started while 300 calls come: none is lost, nor any packet", async () => {
    const traffic = await Traffic.start(run);
    const { group } = traffic;
    group.follows_ms = 600;
    traffic.place({ count: 300, each_ms: 85, end: "answered", end_ms: 500, hold_ms: 1_000 });
    for (const name of group.names) {
      group.run(500);
      group.node(name).node.drain();
      group.run(1_500);
      group.node(name).node.join();
      // One that has just joined drains for longer, until routers with OSPF are told again.
      group.run(2_500);
      group.node(name).node.drain();
      group.run(2_500);
      expect([name, group.node(name).state]).toEqual([name, "drained"]);
      await group.stop(name);
      group.run(300);
      await group.boot(name);
      group.run(1_000);
      expect([name, group.node(name).state]).toEqual([name, "active"]);
    }
    group.run(10_000);
    expect(await traffic.count()).toMatchObject({ whole: 300, doubled: 0, resent: 0 });
    expect(group.network.missed).toBe(0);
  });

  test.each(ENDS)("A3: a member is killed while 80 calls ring: all 200 are %s", async (end) => {
    const traffic = await Traffic.start(run);
    const { group } = traffic;
    traffic.place({ count: 200, each_ms: 50, end, end_ms: 4_000, hold_ms: 1_000 });
    group.run(6_000);
    expect(traffic.ringing).toBeGreaterThanOrEqual(80);
    group.kill(group.names[run - 1] ?? "");
    group.run(10_000 + OVER_ms);
    expect(await traffic.count()).toMatchObject({ whole: 200, doubled: 0 });
  });

  test("A4: a member is killed between INVITE and the first provisional response: 60 calls end as without", async () => {
    const traffic = await Traffic.start(run);
    const { group } = traffic;
    traffic.place({ count: 60, each_ms: 0, end: "answered", ring_ms: 900, end_ms: 2_000, hold_ms: 500 });
    group.run(20);
    group.kill(group.names[run - 1] ?? "");
    group.run(OVER_ms);
    expect(await traffic.count()).toMatchObject({ whole: 60, doubled: 0 });
    expect((await traffic.count()).late_ms).toBeLessThan(1_000);
  });

  test("A4: with two phones ringing: the one that loses each of 30 calls is cancelled", async () => {
    const { group, gateway, one, other } = await hunted(run);
    one.answers("INVITE", { status: 180, after_ms: 50 }, { status: 200, after_ms: 3_000 });
    other.answers("INVITE", { status: 180, after_ms: 50 });
    for (let call = 0; call < 30; call++) gateway.invite("sip:5550100@10.206.206.1");
    group.run(1_000);
    group.kill(group.names[run - 1] ?? "");
    group.run(3_000);
    expect([finals(gateway).length, transactions(one), transactions(other)]).toEqual([30, 30, 30]);
    expect(new Set(finals(gateway))).toEqual(new Set([200]));
    expect([one.requests("CANCEL").length, other.requests("CANCEL").length]).toEqual([0, 30]);
  });

  test("A4: before serial failover: 30 calls go on to the next phone in time", async () => {
    const { group, gateway, one, other } = await hunted(run, "strategy: serial, ring: 4s, ");
    one.answers("INVITE", { status: 180, after_ms: 50 });
    other.answers("INVITE", { status: 180, after_ms: 10 }, { status: 200, after_ms: 100 });
    for (let call = 0; call < 30; call++) gateway.invite("sip:5550100@10.206.206.1");
    group.run(1_000);
    group.kill(group.names[run - 1] ?? "");
    group.run(4_000);
    expect([finals(gateway).length, transactions(one), transactions(other)]).toEqual([30, 30, 30]);
    expect(new Set(finals(gateway))).toEqual(new Set([200]));
    expect([one.requests("CANCEL").length, other.requests("CANCEL").length]).toEqual([30, 0]);
  });

  test("A5: no provisional response arrives at the caller: 60 calls are 60", async () => {
    const traffic = await Traffic.start(run);
    const { group } = traffic;
    group.network.swallows = (_from, to, wire) => isPhone(to) && wire.startsWith("SIP/2.0 1");
    traffic.place({ count: 60, each_ms: 100, end: "answered", end_ms: 8_000, hold_ms: 1_000 });
    group.run(6_000 + OVER_ms);
    expect(await traffic.count()).toMatchObject({ whole: 60, doubled: 0 });
  });

  test("A6: the caller's line loses one packet of ten both ways: of 300 calls at least 299 are answered, and none is two", async () => {
    const traffic = await Traffic.start(run);
    const { group } = traffic;
    const rng = new Rng(run + 1_000);
    group.network.swallows = (from, to) => (isPhone(from) || isPhone(to)) && rng.chance(0.1);
    traffic.place({ count: 300, each_ms: 50, end: "answered", end_ms: 1_000, hold_ms: 1_000 });
    group.run(15_000 + 2 * OVER_ms);
    const { whole, doubled } = await traffic.count();
    expect(whole).toBeGreaterThanOrEqual(299);
    expect(doubled).toBe(0);
  });
});
