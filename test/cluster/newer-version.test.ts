/** Two versions live together during an upgrade: what the older one doesn't know of a record is kept by it, and passed over. */
import { expect, test } from "vitest";
import type { Json } from "../../src/cluster/ports.ts";
import { HOUR_ms, RecordRouter } from "./support/record-routers.ts";
import { ReplicaNet } from "./support/replicas.ts";

const RECORD = "aor 201@x";
/** A kind of records that this version doesn't have. */
const NEWER_KIND = "voicemail 201@x";
const NEWER_VALUE = { waiting: 3, since: "2031-01-01" };

/** The same record as a newer version writes it: fields more in the record, and in each of its bindings. */
function asNewer(value: Json | undefined): Json {
  const { bindings, ...rest } = value as { readonly bindings: readonly Readonly<Record<string, Json>>[] };
  return { ...rest, bindings: bindings.map((one) => ({ ...one, battery: { percent: 80 } })), codecs: ["opus", "g722"] };
}

test("the older router knows the phone of a record with newer fields, and gives the newer one all of them back when that has lost them", () => {
  const net = new ReplicaNet(["r1", "r2"]);
  const [newer, older] = [new RecordRouter(net, "r1").start(), new RecordRouter(net, "r2").start()];
  net.run(2_000);
  newer.register("201@x", 21);
  net.run(10);
  const seat = net.seat("r1");
  const written = asNewer(seat.get(RECORD));
  seat.put(RECORD, written, HOUR_ms);
  seat.put(NEWER_KIND, NEWER_VALUE, HOUR_ms);
  net.run(10);
  expect(older.contacts).toEqual({ "201@x": ["sip:21@10.222.237.21"] });
  net.kill("r1");
  net.run(1_000);

  const again = new RecordRouter(net, "r1").start();
  net.run(2_000);
  expect(net.seat("r1").get(RECORD)).toEqual(written);
  expect(net.seat("r1").get(NEWER_KIND)).toEqual(NEWER_VALUE);
  expect(again.contacts).toEqual(older.contacts);
  expect([...net.seat("r1").dropped, ...net.seat("r2").dropped]).toEqual([]);
});
