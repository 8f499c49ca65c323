/** DNS is asked in QuickJS as it is in Node: the same client over the C host's sockets. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Answer } from "../../src/transport/locator.ts";
import { DnsServer } from "../support/dns-server.ts";
import { describeProgram, runBinary } from "./support/binary.ts";

const HOST = "pbx.example.com";
const FOUND = { records: ["192.0.2.1"], lifetime_ms: 60_000 };

await describeProgram("DNS over the C host", "dns.ts", (path) => {
  let server: DnsServer;

  beforeEach(async () => {
    server = await DnsServer.open();
    server.zone.set(HOST, [{ type: "A", address: "192.0.2.1" }]);
  });
  afterEach(() => server.close());

  async function ask(questions: readonly string[], servers = [server.address]): Promise<(Answer | null)[]> {
    const { status, out, error } = await runBinary(path(), [JSON.stringify(servers), ...questions]);
    expect(error).toBe("");
    expect(status).toBe(0);
    const lines = out.trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as Answer | null);
  }

  test("all types, a name that isn't there, and one that can't be", async () => {
    server.zone.set(`_sip._udp.${HOST}`, [{ type: "SRV", srv: [1, 2, 5070, "a.example.com"], ttl_s: 45 }]);
    server.zone.set("example.com", [
      { type: "NAPTR", naptr: [50, 10, "SIP+D2T", `_sip._tcp.${HOST}`] },
      { type: "AAAA", address: "2001:db8::7" },
    ]);
    server.soa = { name: "example.com", ttl_s: 600, minimum_s: 70 };
    const questions = [
      `A ${HOST}`,
      `SRV _sip._udp.${HOST}`,
      "NAPTR example.com",
      "AAAA example.com",
      "A x.example.com",
    ];
    const replacement = `_sip._tcp.${HOST}`;
    expect(await ask([...questions, "A a..b"])).toEqual([
      FOUND,
      { records: [{ priority: 1, weight: 2, port: 5070, target: "a.example.com" }], lifetime_ms: 45_000 },
      {
        records: [{ order: 50, preference: 10, flags: "s", service: "SIP+D2T", regexp: "", replacement }],
        lifetime_ms: 60_000,
      },
      { records: ["2001:db8::7"], lifetime_ms: 60_000 },
      { records: [], lifetime_ms: 70_000 },
      { records: [], lifetime_ms: 0 },
    ]);
  });

  test.each(["truncates", "folds"] as const)("a server that %s is asked by TCP", async (manner) => {
    server.manner = manner;
    expect(await ask([`A ${HOST}`])).toEqual([FOUND]);
    expect(server.byTcp).toBe(1);
  });

  test.each(["forged id", "forged name", "forged port"] as const)("%s: the forger isn't heard", async (manner) => {
    server.manner = manner;
    expect(await ask([`A ${HOST}`])).toEqual([FOUND]);
  });

  test.each(["silent", "garbage", "servfail"] as const)(
    "a server that is %s is followed by the next, by IPv6",
    async (manner) => {
      server.manner = manner;
      const other = await DnsServer.open("::1");
      other.zone.set(HOST, [{ type: "A", address: "192.0.2.1" }]);
      expect(await ask([`A ${HOST}`], [server.address, other.address])).toEqual([FOUND]);
      await other.close();
    },
  );

  test("a closed port is no answer, and 300 questions find sockets enough", async () => {
    const { address } = server;
    await server.close();
    expect(await ask([`A ${HOST}`], [address])).toEqual([null]);
    server = await DnsServer.open();
    const names = Array.from({ length: 300 }, (_, index) => `n${index}.example.com`);
    for (const name of names) server.zone.set(name, [{ type: "A", address: "192.0.2.1" }]);
    let missing = names;
    // A busy machine may leave some without an answer: these are asked again.
    for (let time = 0; time < 10 && missing.length > 0; time++) {
      const answers = await ask(missing.map((name) => `A ${name}`));
      missing = missing.filter((_, index) => answers[index] === null);
      expect(answers.filter((answer) => answer !== null)).toEqual(
        answers.flatMap((one) => (one === null ? [] : [FOUND])),
      );
    }
    expect(missing).toEqual([]);
    expect(new Set(server.queries.map(({ port }) => port)).size).toBeGreaterThan(250);
  });
});
