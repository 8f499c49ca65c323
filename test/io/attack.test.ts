/** What rogue phones and strangers do with real connections and names; each of it once worked. */
import { describe, expect, test } from "vitest";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { message } from "../transport/framing-lab.ts";
import { Peer, PeerServer, StreamLab, settle, until } from "./stream-lab.ts";

const net = new Subnet(51);
const US = net.at(1);
const UPSTREAM = net.at(2);
const ROGUES = [17, 18, 19, 21, 22, 23].map((last) => net.host(last));
const PHONE = net.host(30);
const REQUEST = message({ lines: ["l: 3"], body: "abc" });

cleanUpAfterEach();

async function office() {
  const lab = await StreamLab.open(US);
  for (const address of [...ROGUES, PHONE, UPSTREAM.host]) lab.known.add(address);
  lab.peers.add(UPSTREAM.host);
  return lab;
}

async function speaks(from: string): Promise<Peer> {
  const peer = await Peer.connect(US, from);
  peer.send(REQUEST);
  return peer;
}

describe("all places", () => {
  test("taken by six addresses that go on talking: a phone gets in, and the one that has most pays", async () => {
    const lab = await office();
    const rogues = await Promise.all(ROGUES.flatMap((from) => Array.from({ length: 128 }, () => speaks(from))));
    await until("all of them", () => lab.messages.length === 768 && lab.connections === 768);
    const phone = await speaks(PHONE);
    await until("the phone's request", () => lab.messages.at(-1)?.source.address === PHONE);
    await until("one end", () => rogues.filter(({ hasEnded }) => hasEnded).length === 1);
    await speaks(ROGUES[0] ?? "");
    await settle();
    expect(phone.hasEnded).toBe(false);
    expect(lab.connections).toBe(768);
  });

  test("taken by connections that phones made us open: phones and upstream have theirs all the same", async () => {
    const lab = await office();
    const strangers = await PeerServer.open({ ...net.at(40), port: 6_000 });
    const upstream = await PeerServer.open(UPSTREAM);
    for (let index = 0; index < 768; index++) {
      // Another name each time is another connection.
      lab.streams.send(lab.flowTo({ ...net.at(40), port: 6_000 }, { name: `n${index}` }), REQUEST);
      if (index % 48 === 47) await until("they stand", () => strangers.peers.length === index + 1);
    }
    expect(lab.connections).toBe(768);
    const phone = await speaks(PHONE);
    await until("the phone's request", () => lab.messages.length === 1);
    lab.streams.send(lab.flowTo(UPSTREAM), REQUEST);
    await until("upstream's", () => upstream.peers[0]?.received === REQUEST);
    expect(phone.hasEnded).toBe(false);
  });
});

test("10,000 pings at once, and answers that nobody reads, cost no memory", async () => {
  const lab = await office();
  const phone = await speaks(PHONE);
  await until("the request", () => lab.messages.length === 1);
  phone.send("\r\n\r\n".repeat(10_000));
  await settle();
  expect(phone.received.length).toBeGreaterThan(0);
  expect(phone.received.length).toBeLessThan(1_000);
});
