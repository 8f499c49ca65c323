/** Which ways to upstream and gateways have none of our addresses on them. */
import { describe, expect, test } from "vitest";
import { missingWays, type Way } from "../../../src/policy/peers/ways.ts";
import { DEFAULT_PROTOCOL, type Protocol, splitProtocol } from "../../../src/transport/flow.ts";
import { interfacesOf, type OwnAddress, OwnListener } from "../../../src/transport/own-listener.ts";

/** A branch router: phones, a gateway on a port of its own, a WAN with two addresses, a tunnel; IPv6 on the WAN. */
const OWN: readonly OwnAddress[] = [
  { device: "lan", address: "10.222.237.1", cidr: "10.222.237.1/24" },
  { device: "gw", address: "10.10.1.1", cidr: "10.10.1.1/24" },
  { device: "wan", address: "203.0.113.2", cidr: "203.0.113.2/29" },
  { device: "wan", address: "203.0.113.3", cidr: "203.0.113.3/32" },
  { device: "wan", address: "198.51.100.2", cidr: "198.51.100.2/30" },
  { device: "wan", address: "2001:db8:2::2", cidr: "2001:db8:2::2/64" },
  { device: "ppp0", address: "192.0.2.7", cidr: "192.0.2.7/32" },
  { device: "wg0", address: "10.99.0.2", cidr: null },
];

function listenersAt(...all: readonly string[]): OwnListener[] {
  return all.map((text, index) => {
    const { protocol, rest: at } = splitProtocol(text) ?? { protocol: DEFAULT_PROTOCOL, rest: text };
    const version = at.includes(":") ? 6 : 4;
    return new OwnListener(index, { protocol, at, version, port: 5060, advertise: undefined });
  });
}

function way(address: string, source: string | undefined, protocol: Protocol = "udp"): Way {
  return { role: "upstream", peer: "pbx.example.com", to: { address, port: 5060, protocol }, source };
}

const found = (listen: readonly string[], ...ways: readonly Way[]) => missingWays(listenersAt(...listen), ways, OWN);

describe("a way is missing", () => {
  test.each<[string, readonly string[], Way, string | null, string]>([
    [
      "where listen has only the sides of phones and gateway",
      ["10.222.237.1", "10.10.1.1"],
      way("203.0.113.4", "203.0.113.2"),
      "10.222.237.1",
      "udp:203.0.113.2:5060",
    ],
    [
      "where listen has another WAN",
      ["10.222.237.1", "203.0.113.2"],
      way("192.0.2.99", "192.0.2.7"),
      "203.0.113.2",
      "udp:192.0.2.7:5060",
    ],
    [
      "where listen has another network of the same interface",
      ["10.222.237.1", "198.51.100.2"],
      way("203.0.113.4", "203.0.113.2"),
      "198.51.100.2",
      "udp:203.0.113.2:5060",
    ],
    ["behind a tunnel", ["10.222.237.1"], way("172.16.0.9", "10.99.0.2"), "10.222.237.1", "udp:10.99.0.2:5060"],
    [
      "where the address that is on it speaks another transport",
      ["tcp:10.222.237.1", "udp:203.0.113.2"],
      way("203.0.113.4", "203.0.113.2", "tcp"),
      "10.222.237.1",
      "tcp:203.0.113.2:5060",
    ],
    [
      "where listen has no address of its IP version",
      ["10.222.237.1"],
      way("2001:db8:9::1", "2001:db8:2::2"),
      null,
      "udp:[2001:db8:2::2]:5060",
    ],
  ])("%s", (_, listen, one, sends_from, cure) => {
    expect(found(listen, one)).toMatchObject([{ sends_from, listen: cure }]);
  });

  test("while the address that would be on it is away", () => {
    const listeners = listenersAt("10.222.237.1", "203.0.113.2");
    const ways = [way("203.0.113.4", "203.0.113.2")];
    expect(missingWays(listeners, ways, OWN)).toEqual([]);
    for (const one of listeners) one.isAway = one.address === "203.0.113.2";
    expect(missingWays(listeners, ways, OWN)).toHaveLength(1);
  });

  const TUNNEL_DOWN = way("10.99.0.1", "203.0.113.2");
  const without = (gone: string, ...ways: readonly Way[]) => {
    const listeners = listenersAt("10.222.237.1", gone);
    for (const one of listeners) one.settle(interfacesOf(OWN));
    return missingWays(listeners, ways, OWN);
  };

  test.each(["10.99.0.9", "wg7"])("while %s of listen isn't here: nothing else is advised for it", (gone) => {
    const [one] = without(gone, TUNNEL_DOWN);
    expect(one).toMatchObject({ listen: null, away: `udp:${gone}:5060`, sends_from: "10.222.237.1" });
    expect(one?.text).toMatch(/from 203\.0\.113\.2 on wan, while udp:\S+:5060 of listen isn't here$/);
    expect(one?.cure).toBe(`bring the address of udp:${gone}:5060 back, or correct it in listen`);
  });

  test("while the interface of the address that would be on it is set down, and its socket stays open", () => {
    const here = OWN.filter(({ device }) => device !== "wg0");
    const [one] = missingWays(listenersAt("10.222.237.1", "10.99.0.2"), [TUNNEL_DOWN], here);
    expect(one).toMatchObject({ listen: null, away: "udp:10.99.0.2:5060" });
    // A sandbox tells nothing of our addresses.
    expect(missingWays(listenersAt("10.222.237.1", "10.99.0.2"), [TUNNEL_DOWN], [])).toMatchObject([{ away: null }]);
    const inside = missingWays(listenersAt("10.222.237.1", "127.0.0.9"), [TUNNEL_DOWN], here);
    expect(inside).toMatchObject([{ away: null }]);
  });

  test("to a gateway on a network of ours, whatever else is away", () => {
    expect(without("10.99.0.9", way("10.10.1.3", "10.10.1.1"))).toMatchObject([{ listen: "udp:10.10.1.1:5060" }]);
    expect(without("10.10.1.254", way("10.10.1.3", "10.10.1.1"))).toMatchObject([{ listen: null }]);
    expect(without("2001:db8:7::1", TUNNEL_DOWN)).toMatchObject([{ listen: "udp:203.0.113.2:5060" }]);
  });

  test("to each address of a peer by itself", () => {
    const ways = [way("203.0.113.4", "203.0.113.2"), way("10.10.1.9", "10.10.1.1"), way("192.0.2.9", "192.0.2.7")];
    expect(found(["10.10.1.1"], ...ways).map(({ address }) => address)).toEqual(["203.0.113.4", "192.0.2.9"]);
  });
});

describe("a way isn't missing", () => {
  test.each<[string, readonly string[], Way]>([
    ["from a listen address", ["10.222.237.1", "203.0.113.2"], way("203.0.113.4", "203.0.113.2")],
    [
      "from another address of the same network, such as one that VRRP lends",
      ["203.0.113.3"],
      way("203.0.113.4", "203.0.113.2"),
    ],
    ["however IPv6 is spelled", ["2001:DB8:2:0::2"], way("2001:db8:9::1", "2001:db8:2::2")],
    ["where the kernel has no route at all: probes tell that", ["10.222.237.1"], way("203.0.113.4", undefined)],
    ["to loopback", ["127.0.0.9"], way("127.0.0.10", "127.0.0.1")],
    ["to a PBX on this router", ["10.222.237.1"], way("203.0.113.2", "203.0.113.2")],
  ])("%s", (_, listen, one) => {
    expect(found(listen, one)).toEqual([]);
  });
});

describe("in words", () => {
  test("with both addresses, the interface, and what to add", () => {
    const [one] = found(["10.222.237.1", "10.10.1.1"], way("203.0.113.4", "203.0.113.2"));
    expect(one?.text).toBe(
      "no listen address is on the way to upstream pbx.example.com (203.0.113.4): this router reaches it from 203.0.113.2 on wan, but requests leave from 10.222.237.1",
    );
    expect(one?.cure).toBe("add udp:203.0.113.2:5060 to listen, unless 203.0.113.4 has a route back to 10.222.237.1");
  });

  test("an address that is the peer's own name isn't said twice", () => {
    const gateway: Way = { ...way("10.10.1.3", "10.10.1.1"), role: "gateway", peer: "10.10.1.3" };
    expect(found(["10.222.237.1"], gateway)[0]?.text).toContain("to gateway 10.10.1.3: this router");
  });

  test("without any address of that version", () => {
    const [one] = found(["10.222.237.1"], way("2001:db8:9::1", "2001:db8:2::2"));
    expect(one?.text).toMatch(/from 2001:db8:2::2 on wan, and listen has no udp: address of IPv6$/);
    expect(one?.cure).toBe("add udp:[2001:db8:2::2]:5060 to listen");
  });
});

test("routers lead answers to an address that several members have, as long as it is here", () => {
  const settings = { protocol: "udp", version: 4, port: 5060, advertise: undefined, isAnycast: true } as const;
  const at = (address: string) => [new OwnListener(0, { ...settings, at: address })];
  const tunnelled = [way("172.16.0.9", "10.99.0.2")];
  expect(missingWays(at("192.0.2.7"), tunnelled, OWN)).toEqual([]);
  expect(missingWays(at("10.206.206.1"), tunnelled, OWN)).toMatchObject([
    { cure: "bring the address of udp:10.206.206.1:5060 back, or correct it in listen" },
  ]);
});
