/** The phone that has called for help is called back by whichever router the gateway's call comes to. */
import { describe, expect, test } from "vitest";
import type { Callback } from "../../src/policy/emergency/callbacks.ts";
import { RecordRouter } from "./support/record-routers.ts";
import { ReplicaNet } from "./support/replicas.ts";

const HELD_ms = 1_800_000;

function pair(): { net: ReplicaNet; one: RecordRouter; other: RecordRouter } {
  const net = new ReplicaNet(["r1", "r2"]);
  const [one, other] = [new RecordRouter(net, "r1").start(), new RecordRouter(net, "r2").start()];
  net.run(2_000);
  return { net, one, other };
}

function calledBy(router: RecordRouter, place: number): Callback {
  const [, , listener] = router.listeners;
  if (listener === undefined) throw new Error("no listener");
  const address = `10.222.237.${place}`;
  const flow = { listener, address, port: 5060 };
  return {
    caller: "201@x",
    contact: `sip:1@${address}`,
    flow,
    gateway: "10.10.1.3",
    until_ms: router.net.now_ms + HELD_ms,
  };
}

const rungBy = ({ callbacks, net }: RecordRouter) =>
  callbacks.of("10.10.1.3", net.now_ms).map(({ flow, until_ms }) => [flow.address, Math.round(until_ms / 1_000)]);

describe("an emergency call at one router", () => {
  test("is called back by the other one too, for as long, the last caller first", () => {
    const { net, one, other } = pair();
    one.callbacks.remember(calledBy(one, 21));
    net.run(60_000);
    one.callbacks.remember(calledBy(one, 22));
    net.run(10);
    expect(rungBy(other)).toHaveLength(2);
    expect(rungBy(other)).toEqual(rungBy(one));
    net.run(HELD_ms - 30_000);
    expect(rungBy(other).map(([address]) => address)).toEqual(["10.222.237.22"]);
  });

  test("is known to a router that was off meanwhile", () => {
    const { net, one } = pair();
    net.kill("r2");
    one.callbacks.remember(calledBy(one, 21));
    net.run(60_000);
    const again = new RecordRouter(net, "r2").start();
    net.run(1_000);
    expect(rungBy(again)).toEqual(rungBy(one));
  });

  test("that one disk alone remembers is called back by both", () => {
    const net = new ReplicaNet(["r1", "r2"]);
    const one = new RecordRouter(net, "r1").start((router) => router.callbacks.remember(calledBy(router, 21)));
    const other = new RecordRouter(net, "r2").start();
    net.run(1_000);
    expect(rungBy(other)).toEqual(rungBy(one));
    expect(rungBy(one)).toHaveLength(1);
  });

  test("that comes while its router starts counts for more than an earlier one that the other router knows", () => {
    const { net, one } = pair();
    for (let time = 0; time < 10; time += 1) one.callbacks.remember(calledBy(one, 21));
    net.kill("r2");
    net.run(60_000);
    const again = new RecordRouter(net, "r2").start();
    again.callbacks.remember(calledBy(again, 21));
    net.run(5_000);
    expect(rungBy(one)).toEqual(rungBy(again));
    expect(Math.abs((rungBy(one)[0]?.[1] as number) - (net.now_ms + HELD_ms) / 1_000)).toBeLessThan(10);
  });

  test("is believed no more than a message when another member tells of it", () => {
    const { net, one, other } = pair();
    const place = { listener: "10.222.237.1 5060", address: "10.222.237.21", port: 5060 };
    const told = { ...place, caller: "", contact: "sip:1@10.222.237.21", gateway: "10.10.1.3", left_ms: HELD_ms };
    const tell = (key: string, value: object) =>
      one.seat?.replica.put(`callback ${key}`, value as typeof told, HELD_ms, net.now_ms);
    tell("10.10.1.3 10.222.237.22", told);
    tell("10.10.1.3 10.222.237.21", { ...told, contact: "sip:a\r\nb" });
    tell("10.10.1.4 10.222.237.21", { ...told, gateway: 7 });
    net.run(10);
    expect(rungBy(other)).toEqual([]);
    tell("10.10.1.3 10.222.237.21", { ...told, colour: "red" });
    net.run(10);
    expect(rungBy(other)).toHaveLength(1);
  });
});
