/** From which of our addresses upstream and gateways are reached, by DNS as the proxy asks it and by what the kernel says. */
import { afterEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { findMissingWays, locate, type WayPorts } from "../../src/app/find-ways.ts";
import { resolve } from "../../src/io/node/resolve.ts";
import { parseSipUri, type SipUri } from "../../src/message/uri.ts";
import { listenersFor } from "../../src/setup/init/ways.ts";
import { DnsServer, type ZoneRecord } from "../support/dns-server.ts";

const WAN = "203.0.113.2";
const LAN = "10.222.237.1";
const TUNNEL = "10.99.0.2";
const OWN = [
  { device: "lan", address: LAN, cidr: `${LAN}/24` },
  { device: "wan", address: WAN, cidr: `${WAN}/29` },
  { device: "wg0", address: TUNNEL, cidr: `${TUNNEL}/30` },
];
/** The kernel: to 10.x by the tunnel, to 192.0.2.x nowhere, to all else by the WAN. */
const findSource = async (address: string) =>
  address.startsWith("10.") ? TUNNEL : address.startsWith("192.0.2.") ? undefined : WAN;

const servers: DnsServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function dnsWith(zone: Readonly<Record<string, readonly ZoneRecord[]>>): Promise<DnsServer> {
  const server = await DnsServer.open();
  servers.push(server);
  for (const [name, records] of Object.entries(zone)) server.zone.set(name, records);
  return server;
}

function uriOf(text: string): SipUri {
  const uri = parseSipUri(text);
  if (uri === undefined) throw new Error(`${text} is no URI`);
  return uri;
}

const a = (address: string): ZoneRecord => ({ type: "A", address });

describe("a PBX by name", () => {
  const network = { interfaces: [], routes: [], dynamic: [], neighbours: [] };
  const find = (text: string, { address }: DnsServer) => {
    const uri = uriOf(text);
    return locate(uri, listenersFor(network, [uri]), [address], { resolve, findSource });
  };

  test("is where its SRV records lead, each address with ours towards it", async () => {
    const dns = await dnsWith({
      "_sip._udp.example.com": [
        { type: "SRV", srv: [1, 1, 5060, "near.example.com"] },
        { type: "SRV", srv: [2, 1, 5080, "far.example.com"] },
      ],
      "near.example.com": [a("10.1.0.5")],
      "far.example.com": [a("198.51.100.9")],
      "example.com": [a("198.18.0.1")],
    });
    expect((await find("sip:example.com", dns)).ways).toEqual([
      { to: { address: "10.1.0.5", port: 5060, protocol: "udp" }, source: TUNNEL },
      { to: { address: "198.51.100.9", port: 5080, protocol: "udp" }, source: WAN },
    ]);
  });

  test("with a transport is where that one's records lead", async () => {
    const dns = await dnsWith({
      "_sip._tcp.example.com": [{ type: "SRV", srv: [1, 1, 5062, "tcp.example.com"] }],
      "tcp.example.com": [a("10.1.0.6")],
      "example.com": [a("198.18.0.1")],
    });
    expect((await find("sip:example.com;transport=tcp", dns)).ways).toEqual([
      { to: { address: "10.1.0.6", port: 5062, protocol: "tcp" }, source: TUNNEL },
    ]);
  });

  test("without an address has no ways; without an answer it is silent", async () => {
    const dns = await dnsWith({});
    expect((await find("sip:nowhere.example.com", dns)).ways).toEqual([]);
    dns.manner = "silent";
    expect((await find("sip:other.example.com", dns)).ways).toBe("silent");
  });

  test("is found by its address where DNS is silent about NAPTR and SRV; where it is silent about the address, that isn't missing", async () => {
    const dns = await dnsWith({ "pbx.example.com": [a("10.1.0.5")] });
    for (const type of ["NAPTR", "SRV"]) dns.manners.set(type, "silent");
    const by = [{ to: { address: "10.1.0.5", port: 5060, protocol: "udp" }, source: TUNNEL }];
    expect((await find("sip:pbx.example.com", dns)).ways).toEqual(by);
    dns.manners.clear();
    dns.manners.set("A", "silent");
    expect((await find("sip:pbx.example.com", dns)).ways).toBe("silent");
  });
});

describe("a file on its router", () => {
  const ports: WayPorts = {
    own: OWN,
    findSource,
    resolve: async (_listeners, { host }) => {
      if (host === "silent.example.com") return { addresses: undefined };
      const addresses = host === "pbx.example.com" ? ["10.1.0.5"] : [];
      return { addresses: addresses.map((address) => ({ address, port: 5060, protocol: "udp" as const })) };
    },
  };
  const found = (listen: string, upstream: string, gateway = "198.51.100.3") => {
    const yaml = `listen: [${listen}]\nlocalnet: [10.222.237.0/24]\nupstream: sip:${upstream}\ngateways: [sip:${gateway}]\n`;
    const { config, problems } = loadConfig(yaml, (path) => path);
    expect(problems).toEqual([]);
    return findMissingWays(config, ports);
  };

  test("upstream and gateway are compared with listen", async () => {
    const { missing, unknown } = await found(`udp:${LAN}`, "pbx.example.com");
    expect(missing.map(({ role, peer, listen }) => [role, peer, listen])).toEqual([
      ["upstream", "pbx.example.com", `udp:${TUNNEL}:5060`],
      ["gateway", "198.51.100.3", `udp:${WAN}:5060`],
    ]);
    expect(unknown).toEqual([]);
    const all = `udp:${LAN}, udp:wg0, udp:${WAN}:5070`;
    expect(await found(all, "pbx.example.com")).toEqual({ missing: [], unknown: [] });
  });

  test.each([
    ["nowhere.example.com", "neither DNS nor /etc/hosts has an address of nowhere.example.com"],
    [
      "silent.example.com",
      "no DNS server gives an address of silent.example.com in time, and /etc/hosts doesn't have it",
    ],
    ["192.0.2.1", "this router has no route to 192.0.2.1"],
  ])("%s: of a peer that isn't found nothing is claimed", async (host, why) => {
    expect(await found(`udp:${LAN}, udp:${WAN}`, host)).toEqual({ missing: [], unknown: [why] });
  });

  test.each(["udp:192.168.7.1", "udp:ppp7"])("%s isn't here: the file is for another router", async (other) => {
    expect(await found(`udp:${LAN}, ${other}`, "pbx.example.com")).toEqual({ missing: [], unknown: [] });
  });
});
