/** doctor on upstream's names: what DNS has said, and what it was silent about. */
import { describe, expect, test } from "vitest";
import type { MissingWay } from "../../src/policy/status.ts";
import type { NameFact } from "../../src/setup/doctor/facts.ts";
import { askPeers } from "../../src/setup/doctor/probe.ts";
import { configOf, GATEWAY, peer, status, told, UPSTREAM, WAN } from "./healthy.ts";

const HOST = "pbx.example.com";
const ALL = ["A", "NAPTR", "SRV"] as const;

function fact(
  server: string,
  addresses: NameFact["addresses"],
  took_ms = 9,
  silent: NameFact["silent"] = addresses === undefined ? ALL : [],
): NameFact {
  return { name: HOST, server, addresses, silent, asked: ALL, took_ms };
}

/** The finding without its cure. */
function said(...names: NameFact[]): string | undefined {
  return told("dns", { names }).split("\n")[0];
}

test("doctor: dns: who says what, and how fast", () => {
  expect(told("dns")).toBe("ok no name needs DNS");
  expect(said(fact("10.1.1.1", [UPSTREAM]))).toBe(`ok ${HOST} is ${UPSTREAM}, says 10.1.1.1 in 9 ms`);
  expect(said(fact("10.1.1.1", [UPSTREAM], 1_700))).toMatch(/^warning/);
});

test("doctor: dns: servers and upstream behind one tunnel, which a first start in an outage won't get over", () => {
  const by = (device: string) => `10.1.1.1 dev ${device} src ${WAN} uid 0`;
  const dns = (server: string, upstream: string) => {
    const names = [{ ...fact("10.1.1.1", [UPSTREAM]), route: by(server) }];
    return told("dns", { names, peers: [peer({ route: by(upstream) }), GATEWAY] }).split("\n")[0];
  };
  expect(dns("wg0", "wg0")).toBe(
    `ok ${HOST} is ${UPSTREAM}, says 10.1.1.1 in 9 ms; the way to it is wg0, as that to upstream: in an outage, a branchline that is started for the first time finds no address. An entry for ${HOST} in /etc/hosts, or a server that answers elsewhere (dns.servers), helps`,
  );
  expect(dns("eth0", "wg0")).toMatch(/in 9 ms$/);
  expect(dns("eth0", "eth0")).toMatch(/in 9 ms$/);
});

test("doctor: dns: a dead server among living ones", () => {
  expect(said(fact("10.1.1.1", undefined, 5_000), fact("10.1.1.2", [UPSTREAM]))).toBe(
    `warning ${HOST} is ${UPSTREAM}, says 10.1.1.2 in 9 ms, but 10.1.1.1 gives no answer about ${HOST}: calls may wait for DNS`,
  );
});

test("doctor: dns: a name has no address only where that was answered", () => {
  expect(said(fact("10.1.1.1", []))).toBe(`fault ${HOST} has no address, says 10.1.1.1: no call goes up`);
  expect(said(fact("10.1.1.1", []), fact("10.1.1.2", []))).toBe(
    `fault ${HOST} has no address, say 10.1.1.1, 10.1.1.2: no call goes up`,
  );
  expect(said(fact("10.1.1.1", undefined, 5_000, ["NAPTR", "SRV"]))).toBe(
    `fault ${HOST} has no address, says 10.1.1.1; 10.1.1.1 gives no answer about NAPTR and SRV of ${HOST}: no call goes up`,
  );
  expect(said(fact("10.1.1.1", undefined, 5_000, ["A"]))).toBe(
    `fault 10.1.1.1 gives no answer about A of ${HOST}: no call goes up`,
  );
  expect(said(fact("10.1.1.1", undefined))).toBe(`fault 10.1.1.1 gives no answer about ${HOST}: no call goes up`);
  expect(said(fact("10.1.1.1", undefined), fact("10.1.1.2", undefined))).toBe(
    `fault 10.1.1.1, 10.1.1.2 give no answer about ${HOST}: no call goes up`,
  );
  expect(said(fact("10.1.1.1", []), fact("10.1.1.2", undefined))).toBe(
    `fault ${HOST} has no address, says 10.1.1.1; 10.1.1.2 gives no answer about ${HOST}: no call goes up`,
  );
});

test("doctor: dns: an address is told though DNS is silent about other records, and how long the first call waits", () => {
  expect(said(fact("10.1.1.1", [UPSTREAM], 4_512, ["NAPTR", "SRV"]))).toBe(
    `warning ${HOST} is ${UPSTREAM}, says 10.1.1.1, but gives no answer about NAPTR and SRV: the first call waits 5 s`,
  );
  // A server that refuses these at once makes no call wait.
  expect(said(fact("10.1.1.1", [UPSTREAM], 12, ["NAPTR", "SRV"]))).toMatch(/^ok /);
});

describe("doctor: dns is dead while a branchline runs that knows upstream's address from before", () => {
  const running = (observed: string, addresses: readonly string[] = ["10.80.0.10"]) => ({
    isRunning: true,
    status: status({ upstream: [{ name: `${HOST}:5062`, state: observed, observed, addresses }] }),
    names: [fact("10.80.0.1", undefined)],
  });

  test("calls go on with the address from before: a warning, with what helps without DNS", () => {
    expect(told("dns", running("up"))).toBe(
      `warning 10.80.0.1 gives no answer about ${HOST}: the running branchline uses 10.80.0.10 as before, and doesn't notice if upstream's address changes\n` +
        `# so that upstream needs no DNS: "10.80.0.10 ${HOST}" in /etc/hosts, or the address instead of the name`,
    );
  });

  test("where upstream doesn't answer either, the way to it comes first", () => {
    expect(told("dns", running("down")).split("\n")[1]).toMatch(
      /^# upstream doesn't answer either: DNS may lie behind/,
    );
  });

  test("without an address in the one that runs no call goes up", () => {
    expect(told("dns", running("down", []))).toMatch(
      /^fault .*no call goes up\n# if the DNS servers lie behind the same link/,
    );
  });

  test("an answer that there is no address isn't a line's fault", () => {
    const lacking = { ...running("down", []), names: [fact("10.80.0.1", [])] };
    expect(told("dns", lacking)).toMatch(/^fault .*no call goes up\n# so that upstream needs no DNS: /);
  });
});

test("doctor asks the addresses that the running branchline has, where DNS doesn't answer", async () => {
  // Nothing listens there: both are refused at once.
  const yaml = `listen: [udp:127.0.0.1:5999]\nlocalnet: [127.0.0.0/8]\nupstream: sip:${HOST}:9\ndns: {servers: ["127.0.0.1:9"]}\n`;
  const config = configOf(yaml);
  const peers = await askPeers(config, [undefined], async (role, alias) => {
    return role === "upstream" && alias === `${HOST}:9` ? ["127.0.0.1"] : [];
  });
  expect(peers).toMatchObject([{ role: "upstream", to: { address: "127.0.0.1", port: 9, protocol: "udp" } }]);
});

test("doctor: firewall says which upstream no interface leads to", () => {
  const lost = peer({
    to: { address: "10.80.0.10", port: 5060, protocol: "udp" },
    local: undefined,
    answer: undefined,
  });
  expect(told("firewall", { peers: [lost] }).split("\n")[0]).toBe(
    "skipped no interface leads to upstream (10.80.0.10) now, so no rule for it can be judged",
  );
  expect(told("firewall", { peers: [] }).split("\n")[0]).toBe(
    "skipped no address of upstream is known, so no rule for it can be judged",
  );
});

test("doctor: listen tells the missing ways of the running branchline to addresses that doctor hasn't found", () => {
  const way: MissingWay = {
    role: "upstream",
    peer: HOST,
    address: "10.80.0.10",
    protocol: "udp",
    source: WAN,
    device: "eth0",
    sends_from: null,
    listen: null,
    away: "udp:10.99.0.2:5060",
    text: "no listen address is on the way to upstream now",
    cure: "bring the address back",
  };
  const change = { isRunning: true, status: status({ missing_ways: [way] }) };
  expect(told("listen", { ...change, peers: [GATEWAY] })).toBe(`fault ${way.text}\n# ${way.cure}`);
  // Of an address that doctor has asked itself, its own look counts.
  const own = peer({ to: { address: way.address, port: 5060, protocol: "udp" } });
  expect(told("listen", { ...change, peers: [own] })).toMatch(/^ok/);
});
