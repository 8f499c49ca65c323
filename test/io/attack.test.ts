/** What rogue phones and strangers do with real connections and names; each of it once worked. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NodeDns } from "../../src/io/node/dns.ts";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { DnsServer } from "../support/dns-server.ts";
import { message } from "../transport/framing-lab.ts";
import { Peer, PeerServer, StreamLab, settle, until } from "./stream-lab.ts";

const net = new Subnet(88);
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

test("eight strangers who have spoken once don't keep another one out, and he has no more than they", async () => {
  const lab = await office();
  const hosts = [201, 202, 203, 204, 205, 206, 207, 208].map((last) => net.host(last));
  const eight = await Promise.all(hosts.flatMap((from) => Array.from({ length: 8 }, () => speaks(from))));
  await until("all of them", () => lab.messages.length === 64);
  const others = await Promise.all(Array.from({ length: 8 }, () => speaks(net.host(209))));
  await until("the ends", () => eight.filter(({ hasEnded }) => hasEnded).length === 7);
  await until("a refusal", () => others.filter(({ hasEnded }) => hasEnded).length === 1);
  expect(lab.connections).toBe(64);
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

test("questions to a DNS that is dead don't use up the descriptors, and all are answered in the end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "branchline-dns-"));
  defer(() => rmSync(folder, { recursive: true }));
  const server = await DnsServer.open();
  defer(() => server.close());
  server.manner = "silent";
  const files = { hosts: join(folder, "hosts"), resolvConf: join(folder, "resolv.conf") };
  const answers: number[] = [];
  const dns = new NodeDns(() => answers.push(1), [server.address], files);
  defer(() => dns.close());
  for (let index = 0; index < 1_000; index++) dns.query({ type: "A", name: `n${index}.example` });
  await until("the first questions", () => server.asked.length >= 128);
  await settle();
  expect(new Set(server.asked).size).toBe(128);
  server.manner = "answer";
  await new Promise((resolve) => setTimeout(resolve, 1_600)); // the silent tries
  await until("the rest", () => answers.length === 1_000);
});
