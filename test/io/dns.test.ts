/** NodeDns against a DNS server on a loopback socket, with hosts and resolv.conf files of its own. */
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NodeDns } from "../../src/io/node/dns.ts";
import { exchangeDns } from "../../src/io/node/dns-exchange.ts";
import type { Ask } from "../../src/transport/dns/lookup.ts";
import { encodeQuery } from "../../src/transport/dns/message.ts";
import { serverOf } from "../../src/transport/dns/servers.ts";
import type { Answer, Question } from "../../src/transport/locator.ts";
import { DnsServer, FORGED, type Manner } from "../support/dns-server.ts";

const HOST = "pbx.example.com";
let folder = "";
let server: DnsServer;
const closing: { close(): unknown }[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "branchline-dns-"));
  server = await openServer();
});

afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
  rmSync(folder, { recursive: true });
});

async function openServer(host?: string): Promise<DnsServer> {
  const opened = await DnsServer.open(host);
  closing.push(opened);
  return opened;
}

/** A resolver that asks `servers`, and what it says to a question. */
function resolver(servers: readonly string[] = [server.address]) {
  const waiting = new Map<string, (answer: Answer | undefined) => void>();
  const files = { hosts: join(folder, "hosts"), resolvConf: join(folder, "resolv.conf") };
  const told = ({ type, name }: Question, answer: Answer | undefined) => waiting.get(`${type} ${name}`)?.(answer);
  const dns = new NodeDns(told, servers, files);
  closing.push(dns);
  const ask = (type: Question["type"], name: string) =>
    new Promise<Answer | undefined>((resolve) => {
      waiting.set(`${type} ${name}`, resolve);
      dns.query({ type, name });
    });
  return { dns, ask };
}

describe("records", () => {
  test("A and AAAA with the shortest lifetime among them", async () => {
    server.zone.set(HOST, [
      { type: "A", address: "192.0.2.1", ttl_s: 90 },
      { type: "A", address: "192.0.2.2", ttl_s: 30 },
      { type: "AAAA", address: "2001:db8::7", ttl_s: 7 },
    ]);
    const { ask } = resolver();
    const found = await ask("A", HOST);
    expect([...(found?.records ?? [])].sort()).toEqual(["192.0.2.1", "192.0.2.2"]);
    expect(found?.lifetime_ms).toBe(30_000);
    expect(await ask("AAAA", HOST)).toEqual({ records: ["2001:db8::7"], lifetime_ms: 7_000 });
  });

  test("SRV, and the target that means: not here", async () => {
    server.zone.set(`_sip._udp.${HOST}`, [
      { type: "SRV", srv: [10, 60, 5070, "a.example.com"], ttl_s: 45 },
      { type: "SRV", srv: [20, 0, 5060, "."] },
    ]);
    const { ask } = resolver();
    const found = await ask("SRV", `_sip._udp.${HOST}`);
    expect(found?.lifetime_ms).toBe(45_000);
    expect(found?.records).toMatchObject([
      { priority: 10, weight: 60, port: 5070, target: "a.example.com" },
      { priority: 20, weight: 0, port: 5060, target: "" },
    ]);
  });

  test("NAPTR", async () => {
    server.zone.set(HOST, [{ type: "NAPTR", naptr: [50, 10, "SIP+D2T", `_sip._tcp.${HOST}`], ttl_s: 900 }]);
    const found = await resolver().ask("NAPTR", HOST);
    const flags = { flags: "s", service: "SIP+D2T", regexp: "", replacement: `_sip._tcp.${HOST}` };
    expect(found).toEqual({ records: [{ order: 50, preference: 10, ...flags }], lifetime_ms: 900_000 });
  });

  test("a name without such records, and no such name: nothing", async () => {
    server.zone.set(HOST, [{ type: "A", address: "192.0.2.1" }]);
    const { ask } = resolver();
    expect(await ask("NAPTR", HOST)).toEqual({ records: [], lifetime_ms: 0 });
    expect(await ask("A", "other.example.com")).toEqual({ records: [], lifetime_ms: 0 });
    server.soa = { name: "example.com", ttl_s: 600, minimum_s: 70 };
    expect(await ask("NAPTR", HOST)).toEqual({ records: [], lifetime_ms: 70_000 });
    expect(await ask("A", "other.example.com")).toEqual({ records: [], lifetime_ms: 70_000 });
  });

  test("over a CNAME", async () => {
    server.zone.set("www.example.com", [{ type: "CNAME", target: HOST, ttl_s: 20 }]);
    server.zone.set(HOST, [{ type: "A", address: "192.0.2.1" }]);
    expect(await resolver().ask("A", "www.example.com")).toEqual({ records: ["192.0.2.1"], lifetime_ms: 20_000 });
  });
});

describe("what goes over the wire", () => {
  beforeEach(() => {
    server.zone.set(HOST, [{ type: "A", address: "192.0.2.1" }]);
  });

  test("each query has a port, an id and a case of its own", async () => {
    const { ask } = resolver();
    for (let time = 0; time < 100; time++) await ask("A", HOST);
    expect(new Set(server.queries.map(({ port }) => port)).size).toBeGreaterThan(90);
    expect(new Set(server.queries.map(({ query }) => query.id.toString("hex"))).size).toBeGreaterThan(90);
    expect(new Set(server.queries.map(({ query }) => query.question.toString("latin1"))).size).toBeGreaterThan(90);
    expect(Math.min(...server.queries.map(({ port }) => port))).toBeGreaterThanOrEqual(32_768);
    expect(server.queries.every(({ query }) => query.isExtended)).toBe(true);
  });

  test("an answer that is too long comes by TCP, with all its 250 records", async () => {
    server.manner = "truncates";
    const addresses = Array.from({ length: 250 }, (_, index) => `192.0.2.${index}`);
    server.zone.set(
      HOST,
      addresses.map((address) => ({ type: "A", address }) as const),
    );
    const found = await resolver().ask("A", HOST);
    expect(found?.records).toEqual(addresses);
    expect([server.queries.length, server.byTcp]).toEqual([2, 1]);
  });

  test("a server that doesn't repeat the case is asked by TCP once, then in lower case", async () => {
    server.manner = "folds";
    const { ask } = resolver();
    for (let time = 0; time < 3; time++) expect((await ask("A", HOST))?.records).toEqual(["192.0.2.1"]);
    expect(server.queries.map(({ port }) => port === 0)).toEqual([false, true, false, false]);
  });

  test("and one that has no TCP either, too", async () => {
    server.manner = "folds";
    await server.closeTcp();
    expect((await resolver().ask("A", HOST))?.records).toEqual(["192.0.2.1"]);
    expect(server.queries).toHaveLength(2);
  });

  test("a server that says nothing by TCP is followed by the next one", async () => {
    const other = await openServer("127.0.0.2");
    other.zone.set(HOST, [{ type: "A", address: "192.0.2.2" }]);
    server.manner = "truncates";
    server.mannerByTcp = "silent";
    const found = await resolver([server.address, other.address]).ask("A", HOST);
    expect(found?.records).toEqual(["192.0.2.2"]);
  });

  test.each<Manner>(["old", "deaf"])("%s: a server that doesn't know EDNS0 is asked without", async (manner) => {
    server.manner = manner;
    const { ask } = resolver();
    for (let time = 0; time < 2; time++) expect((await ask("A", HOST))?.records).toEqual(["192.0.2.1"]);
    expect(server.queries.map(({ query }) => query.isExtended)).toEqual([true, false, false]);
  });

  test.each<Manner>(["forged id", "forged name", "forged port"])(
    "%s: the forger isn't heard, the server is",
    async (manner) => {
      server.manner = manner;
      const found = await resolver().ask("A", HOST);
      expect(found).toEqual({ records: ["192.0.2.1"], lifetime_ms: 60_000 });
      expect(found?.records).not.toContain(FORGED);
      expect(server.queries).toHaveLength(1);
    },
  );

  test("names in a circle are no answer", async () => {
    server.manner = "circle";
    expect(await resolver().ask("A", HOST)).toBeUndefined();
  });

  test("a server by IPv6, over UDP and TCP", async () => {
    const other = await openServer("::1");
    other.zone.set(HOST, [{ type: "A", address: "192.0.2.6" }]);
    const { ask } = resolver([other.address]);
    expect((await ask("A", HOST))?.records).toEqual(["192.0.2.6"]);
    other.manner = "truncates";
    expect((await ask("A", HOST))?.records).toEqual(["192.0.2.6"]);
    expect(other.byTcp).toBe(1);
  });

  test("a port that another program has is left to it", async () => {
    const other = createSocket("udp4");
    const port = await new Promise<number>((resolve) => other.bind(() => resolve(other.address().port)));
    closing.push(other);
    const ask: Ask = {
      by: "udp",
      server: serverOf(server.address),
      wire: encodeQuery({ id: 1, type: "A", name: "\x01a\0", isCased: false, isExtended: false }),
      patience_ms: 1_500,
    };
    // Chance chooses that port.
    const random = { token: () => "", fraction: () => (port - 32_768) / 28_232 };
    const wire = await new Promise<string>((resolve, reject) => {
      const onEnd = () => reject(new Error("no answer"));
      closing.push({ close: exchangeDns(ask, { onWire: resolve, onEnd }, random) });
    });
    expect(wire.slice(0, 2)).toBe("\0\x01");
    expect(server.queries[0]?.port).not.toBe(port);
  });
});

describe("servers that fail", () => {
  // How long these take is a matter of virtual time: test/transport/dns/lookup.test.ts.
  test.each<Manner>(["servfail", "refused", "garbage", "cut", "silent"])("%s: no answer", async (manner) => {
    server.zone.set(HOST, [{ type: "A", address: "192.0.2.1" }]);
    server.manner = manner;
    expect(await resolver().ask("A", HOST)).toBeUndefined();
  });

  test("a server that doesn't know NAPTR at all has none", async () => {
    server.manners.set("NAPTR", "notimp");
    expect(await resolver().ask("NAPTR", HOST)).toEqual({ records: [], lifetime_ms: 0 });
  });

  test.each<Manner>(["silent", "servfail", "garbage"])("%s: the next server is asked", async (manner) => {
    const other = await openServer("127.0.0.2");
    other.zone.set(HOST, [{ type: "A", address: "192.0.2.2" }]);
    server.manner = manner;
    const found = await resolver([server.address, other.address]).ask("A", HOST);
    expect(found?.records).toEqual(["192.0.2.2"]);
  });

  test("nobody listens there: it is known soon, and the port may open later", async () => {
    const { address } = server;
    await server.close();
    closing.splice(closing.indexOf(server), 1);
    const { ask } = resolver([address]);
    expect(await ask("A", HOST)).toBeUndefined();
    const [host, port] = address.split(":");
    const again = await DnsServer.open(host, Number(port));
    closing.push(again);
    again.zone.set(HOST, [{ type: "A", address: "192.0.2.3" }]);
    expect((await ask("A", HOST))?.records).toEqual(["192.0.2.3"]);
  });

  test("closed: whoever waits hears nothing, and nothing keeps the process", async () => {
    server.manner = "silent";
    const { dns, ask } = resolver();
    const answer = Promise.race([ask("A", HOST), new Promise((resolve) => setTimeout(() => resolve("quiet"), 400))]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    dns.close();
    expect(await answer).toBe("quiet");
  });
});

describe("files of the system", () => {
  test("a name in the hosts file needs no DNS, and has no other records", async () => {
    writeFileSync(join(folder, "hosts"), `192.0.2.5 ${HOST} pbx\n2001:db8::5 PBX.example.com\n`);
    const { ask } = resolver();
    expect((await ask("A", HOST))?.records).toEqual(["192.0.2.5"]);
    expect((await ask("AAAA", HOST))?.records).toEqual(["2001:db8::5"]);
    expect((await ask("SRV", `_sip._udp.${HOST}`))?.records).toEqual([]);
    expect((await ask("A", "pbx"))?.records).toEqual(["192.0.2.5"]);
    expect(server.asked).toEqual([]);
  });

  test("questions that come together at the start all wait for the files", async () => {
    writeFileSync(join(folder, "hosts"), `192.0.2.5 ${HOST}\n`);
    const { ask } = resolver();
    const answers = await Promise.all([ask("A", HOST), ask("NAPTR", HOST), ask("SRV", `_sip._udp.${HOST}`)]);
    expect(answers.map((answer) => answer?.records)).toEqual([["192.0.2.5"], [], []]);
    expect(server.asked).toEqual([]);
  });

  // Servers in resolv.conf have port 53.
  test.runIf(process.getuid?.() === 0)("other servers in resolv.conf are asked from now on", async () => {
    const hosts = [1, 2].map((last) => `127.${2 + (process.pid % 240)}.43.${last}`);
    const resolvConf = join(folder, "resolv.conf");
    const { ask } = resolver([]);
    for (const [index, host] of hosts.entries()) {
      const one = await DnsServer.open(host, 53);
      closing.push(one);
      one.zone.set(HOST, [{ type: "A", address: `192.0.2.${index}` }]);
      writeFileSync(resolvConf, `nameserver ${host}\n`);
      utimesSync(resolvConf, index, index);
      expect((await ask("A", HOST))?.records).toEqual([`192.0.2.${index}`]);
      await new Promise((resolve) => setTimeout(resolve, 2_100));
    }
  });

  test("resolv.conf and hosts are followed as they change", async () => {
    const resolvConf = join(folder, "resolv.conf");
    writeFileSync(resolvConf, "search example.com\n");
    const { ask } = resolver();
    server.zone.set(HOST, [{ type: "A", address: "192.0.2.1" }]);
    server.zone.set("pbx.example.org", [{ type: "A", address: "192.0.2.2" }]);
    expect((await ask("A", "pbx"))?.records).toEqual(["192.0.2.1"]);
    writeFileSync(resolvConf, "search example.org\n");
    utimesSync(resolvConf, 1, 1);
    writeFileSync(join(folder, "hosts"), "192.0.2.3 gw\n");
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect((await ask("A", "pbx"))?.records).toEqual(["192.0.2.2"]);
    expect((await ask("A", "gw"))?.records).toEqual(["192.0.2.3"]);
  });

  test("a name without a dot is looked for in the search domains, then as it is", async () => {
    writeFileSync(join(folder, "resolv.conf"), "search a.example b.example\n");
    server.zone.set("_sip._udp.pbx.b.example", [{ type: "SRV", srv: [1, 1, 5060, "x"] }]);
    const { ask } = resolver();
    expect((await ask("SRV", "_sip._udp.pbx"))?.records).toHaveLength(1);
    expect(await ask("A", "pbx")).toEqual({ records: [], lifetime_ms: 0 });
    expect(server.asked.slice(-3)).toEqual(["A pbx.a.example", "A pbx.b.example", "A pbx"]);
  });
});
