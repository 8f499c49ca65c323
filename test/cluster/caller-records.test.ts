/** `answer: auto`: a caller that doesn't follow redirects is relayed by whichever router its next call comes to. */
import { expect, test } from "vitest";
import { HOUR_ms, RecordRouter } from "./support/record-routers.ts";
import { ReplicaNet } from "./support/replicas.ts";

const CALLER = "phone@pbx.example.com";

test("a caller that one router has found out is known to the other one, and to a router that comes back", () => {
  const net = new ReplicaNet(["r1", "r2"]);
  const [one, other] = [new RecordRouter(net, "r1").start(), new RecordRouter(net, "r2").start()];
  net.run(2_000);
  one.callers.add(CALLER);
  net.run(5);
  expect([...other.callers.keys()]).toEqual([CALLER]);
  net.kill("r1");
  net.run(1_000);
  const again = new RecordRouter(net, "r1").start();
  net.run(1_000);
  expect([...again.callers.keys()]).toEqual([CALLER]);
});

test("one that couldn't have come in a message is passed over", () => {
  const net = new ReplicaNet(["r1", "r2"]);
  const [one, other] = [new RecordRouter(net, "r1").start(), new RecordRouter(net, "r2").start()];
  net.run(2_000);
  for (const caller of ["a\r\nb", "x".repeat(600)]) one.seat?.replica.put(`caller ${caller}`, {}, HOUR_ms, net.now_ms);
  net.run(5);
  expect(other.callers.size).toBe(0);
});
