/** RFC 3263 §4.1 and §4.2: from records to addresses, in the order in which they are tried. */
import { describe, expect, test } from "vitest";
import type { Protocol } from "../../src/transport/flow.ts";
import { type Abilities, nextHops, type Read } from "../../src/transport/next-hops.ts";
import { flatten } from "../../src/transport/weighted-order.ts";

const HOST = "example.com";
const UDP: Abilities = { protocols: ["udp"], types: ["A"] };
const ALL: Abilities = { protocols: ["udp", "tcp", "tls"], types: ["A", "AAAA"] };

type Zone = Readonly<Record<string, readonly unknown[]>>;

const naptr = (order: number, preference: number, service: string, replacement: string, more = {}) => {
  return { order, preference, service, replacement, flags: "s", regexp: "", ...more };
};
const srv = (priority: number, port: number, target: string) => ({ priority, weight: 1, port, target });

/** What is found with `zone`, such as "tcp 192.0.2.1:5060"; what the zone hasn't, doesn't exist. */
function find(zone: Zone, host = HOST, port?: number, protocol?: Protocol, abilities = ALL): string[] | undefined {
  const read = ((type: string, name: string) => zone[`${type} ${name}`] ?? []) as Read;
  const found = nextHops({ host, port, protocol }, abilities, read);
  return found && flatten(found).map((one) => `${one.protocol} ${one.address}:${one.port}`);
}

/** Three services, each at an address of its own. */
const SERVICES: Zone = {
  "SRV _sip._udp.example.com": [srv(1, 5070, "u.example.com")],
  "SRV _sip._tcp.example.com": [srv(1, 5071, "t.example.com")],
  "SRV _sips._tcp.example.com": [srv(1, 5072, "s.example.com")],
  "A u.example.com": ["192.0.2.1"],
  "A t.example.com": ["192.0.2.2"],
  "A s.example.com": ["192.0.2.3"],
  "A example.com": ["192.0.2.9"],
};

describe("NAPTR", () => {
  const pointers = [
    naptr(20, 1, "SIP+D2U", "_sip._udp.example.com"),
    naptr(10, 2, "SIP+D2T", "_sip._tcp.example.com"),
    naptr(10, 1, "SIPS+D2T", "_sips._tcp.example.com"),
  ];

  test("§4.1: by order, then preference; only transports that we listen on", () => {
    const zone = { ...SERVICES, "NAPTR example.com": pointers };
    expect(find(zone)).toEqual(["tls 192.0.2.3:5072", "tcp 192.0.2.2:5071", "udp 192.0.2.1:5070"]);
    expect(find(zone, HOST, undefined, undefined, UDP)).toEqual(["udp 192.0.2.1:5070"]);
  });

  test("§4.1: sips takes SIPS+D2T alone", () => {
    expect(find({ ...SERVICES, "NAPTR example.com": pointers }, HOST, undefined, "tls")).toEqual([
      "tls 192.0.2.3:5072",
    ]);
  });

  test("may lead to another domain, whichever way it is spelled", () => {
    const zone = { "NAPTR example.com": [naptr(1, 1, "sip+d2u", "_SIP._udp.Other.Example.", { flags: "S" })] };
    const there = {
      "SRV _sip._udp.other.example": [srv(1, 5060, "X.Other.Example.")],
      "A x.other.example": ["192.0.2.5"],
    };
    expect(find({ ...zone, ...there })).toEqual(["udp 192.0.2.5:5060"]);
  });

  test.each([
    ["another service", naptr(1, 1, "SIP+D2W", "_sip._udp.example.com")],
    ["another flag", naptr(1, 1, "SIP+D2U", "_sip._udp.example.com", { flags: "u" })],
    ["a rewriting rule", naptr(1, 1, "SIP+D2U", "_sip._udp.example.com", { regexp: "!.*!x!" })],
    ["no target", naptr(1, 1, "SIP+D2U", "")],
    ["a target without SRV records", naptr(1, 1, "SIP+D2U", "_sip._udp.nowhere.example")],
  ])("%s: as without", (_, record) => {
    expect(find({ ...SERVICES, "NAPTR example.com": [record] })).toEqual(["udp 192.0.2.1:5070"]);
  });

  test("an explicit transport is not up to NAPTR", () => {
    const zone = { ...SERVICES, "NAPTR example.com": [naptr(1, 1, "SIP+D2U", "_sip._udp.example.com")] };
    expect(find(zone, HOST, undefined, "tcp")).toEqual(["tcp 192.0.2.2:5071"]);
  });
});

describe("SRV", () => {
  test.each([
    ["UDP first", {}, undefined, ["udp 192.0.2.1:5070"]],
    ["then TCP", { "SRV _sip._udp.example.com": [] }, undefined, ["tcp 192.0.2.2:5071"]],
    [
      "a service that is decidedly not there",
      { "SRV _sip._udp.example.com": [srv(0, 0, "")] },
      undefined,
      ["tcp 192.0.2.2:5071"],
    ],
    ["sips: only _sips._tcp", {}, "tls", ["tls 192.0.2.3:5072"]],
  ] as const)("§4.1, without NAPTR: %s", (_, change: Zone, protocol, found) => {
    expect(find({ ...SERVICES, ...change }, HOST, undefined, protocol)).toEqual(found);
  });

  test("none is there, decidedly: the bare name isn't asked either (RFC 2782)", () => {
    const zone = { "SRV _sip._udp.example.com": [srv(0, 5060, ".")], "A example.com": ["192.0.2.9"] };
    expect(find(zone, HOST, undefined, undefined, UDP)).toEqual([]);
  });

  test("by priority; both versions of an address; a target that is an address", () => {
    const zone = {
      "SRV _sip._udp.example.com": [
        srv(30, 1, "192.0.2.7"),
        srv(10, 2, "a.example.com"),
        srv(20, 3, "gone.example.com"),
      ],
      "A a.example.com": ["192.0.2.1"],
      "AAAA a.example.com": ["2001:db8::1"],
    };
    expect(find(zone)).toEqual(["udp 192.0.2.1:2", "udp 2001:db8::1:2", "udp 192.0.2.7:1"]);
  });

  test("hundreds of records make no hundreds of questions", () => {
    const records = Array.from({ length: 500 }, (_, index) => srv(index, 5060, `h${index}.example.com`));
    const pointers = records.map((_, index) => naptr(index, 1, "SIP+D2U", `_sip._udp.n${index}.example.com`));
    const asked = new Set<string>();
    const read = ((type: string, name: string) => {
      asked.add(`${type} ${name}`);
      return type === "NAPTR" ? pointers : type === "SRV" ? records : ["192.0.2.1"];
    }) as Read;
    nextHops({ host: HOST, port: undefined, protocol: undefined }, ALL, read);
    expect(asked.size).toBeLessThan(50);
  });
});

describe("addresses alone", () => {
  test.each([
    ["default port", undefined, undefined, "udp 192.0.2.9:5060"],
    ["the default port of TLS", undefined, "tls", "tls 192.0.2.9:5061"],
    ["the given port: UDP", 5080, undefined, "udp 192.0.2.9:5080"],
    ["the given port and transport", 5080, "tcp", "tcp 192.0.2.9:5080"],
  ] as const)("§4.2: %s", (_, port, protocol, found) => {
    expect(find({ "A example.com": ["192.0.2.9"] }, "Example.COM.", port, protocol)).toEqual([found]);
  });

  test("a port in the URI: neither NAPTR nor SRV", () => {
    expect(
      find({ ...SERVICES, "NAPTR example.com": [naptr(1, 1, "SIP+D2T", "_sip._tcp.example.com")] }, HOST, 5090),
    ).toEqual(["udp 192.0.2.9:5090"]);
  });

  test("a transport that we don't listen on leads nowhere, and DNS isn't asked", () => {
    const read: Read = () => {
      throw new Error("asked");
    };
    expect(nextHops({ host: HOST, port: undefined, protocol: "tls" }, UDP, read)).toEqual([]);
  });
});
