/** Messages that aren't whole yet, on many connections: together they may take a part of the memory, and no more. */
import { expect, test } from "vitest";
import { PLENTY } from "../../src/base/limits.ts";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { message } from "../transport/framing-lab.ts";
import { Peer, StreamLab, until } from "./stream-lab.ts";

const net = new Subnet(51);
const US = net.at(1);
const [PHONE, OTHER] = [net.host(17), net.host(18)];
const REQUEST = message({ lines: ["l: 3"], body: "abc" });
const HALF = `${message({ lines: ["l: 60000"], body: "" })}${"x".repeat(40_000)}`;

cleanUpAfterEach();

test("when they take too much, the longest of the address that has most ends, and others' messages come through", async () => {
  const lab = await StreamLab.open(US, undefined, { ...PLENTY, connectionCharacters: 100_000 });
  lab.known.add(PHONE).add(OTHER);
  const other = await Peer.connect(US, OTHER);
  other.send(REQUEST + REQUEST.slice(0, 20));
  const greedy = [await Peer.connect(US, PHONE), await Peer.connect(US, PHONE), await Peer.connect(US, PHONE)];
  for (const one of greedy) one.send(HALF);
  await until("one of them to end", () => greedy.some(({ hasEnded }) => hasEnded));
  expect(greedy.filter(({ hasEnded }) => hasEnded)).toHaveLength(1);
  expect(lab.streams.hits).toBe(1);
  other.send(REQUEST.slice(20));
  await until("both requests", () => lab.messages.length === 2);
  expect(lab.messages.map(({ wire }) => wire)).toEqual([REQUEST, REQUEST]);
  for (const one of greedy) if (!one.hasEnded) one.send("x".repeat(20_000));
  await until("the long ones", () => lab.messages.length === 4);
});
