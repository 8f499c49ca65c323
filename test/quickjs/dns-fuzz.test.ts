/** The codec of DNS in the engine that routers have, under sanitizers: no spoiled response harms it. `DNS_RUNS` says how many. */
import { expect, test } from "vitest";
import type { Query } from "../../src/transport/dns/message.ts";
import { soaRecord, type ZoneRecord } from "../support/dns-packets.ts";
import { queryFor, reply } from "../transport/dns/codec-lab.ts";
import { describeProgram, runBinary } from "./support/binary.ts";

const RUNS = Number(process.env["DNS_RUNS"] ?? 10_000);
const LIMIT_ms = 30_000 + 2 * RUNS;

const HOST = "pbx.example.com";
const ZONE = new Map<string, readonly ZoneRecord[]>([
  [
    HOST,
    [
      { type: "A", address: "192.0.2.1" },
      { type: "A", address: "192.0.2.2" },
      { type: "AAAA", address: "2001:db8::7" },
      { type: "SRV", srv: [10, 60, 5070, "a.example.com"] },
      { type: "SRV", srv: [20, 0, 5060, "."] },
      { type: "NAPTR", naptr: [50, 10, "SIP+D2T", `_sip._tcp.${HOST}`] },
    ],
  ],
  ["www.example.com", [{ type: "CNAME", target: "www2.example.com" }]],
  ["www2.example.com", [{ type: "CNAME", target: HOST }]],
]);
const SOA = { name: "example.com", ttl_s: 600, minimum_s: 60 };

function samples(): [string, Query["type"], string][] {
  const asked: [string, Query["type"]][] = (["A", "AAAA", "SRV", "NAPTR"] as const).map((type) => [HOST, type]);
  asked.push(["www.example.com", "A"], ["nowhere.example.com", "A"]);
  return asked.map(([name, type]) => {
    const wire = reply(queryFor(type, name), ZONE, { authorities: [soaRecord(SOA)] });
    return [name, type, Buffer.from(wire, "latin1").toString("hex")];
  });
}

await describeProgram("the codec of DNS", "dns-fuzz.ts", (path) => {
  test(`${RUNS} spoiled responses: no report, and all kinds of verdicts`, { timeout: LIMIT_ms }, async () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
    console.log(`dns: SEED=${seed}`);
    const words = [String(RUNS), String(seed), JSON.stringify(samples())];
    const { status, out, error } = await runBinary(path(), words, { limit_ms: LIMIT_ms });
    expect(error).toBe("");
    expect(status).toBe(0);
    const seen = JSON.parse(out) as Record<string, number>;
    console.log(`dns: ${out}`);
    for (const kind of ["answer", "failed", "foreign"]) expect(seen[kind]).toBeGreaterThan(RUNS / 100);
  });
});
