/** `branchline init` where upstream or the gateway speaks TCP or TLS, or IPv6. */
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import type { Given } from "../../src/setup/init/answers.ts";
import { yamlOf } from "../../src/setup/init/draft.ts";
import { type RawNetwork, readNetwork } from "../../src/setup/init/network.ts";
import { isBehindNat } from "../../src/setup/init/proposal.ts";
import { EDGEROUTER, EDGEROUTER_4, OPENWRT, RASPBERRY, settleOn } from "./routers.ts";

const PHONES = { localnet: "10.222.237.0/24", gateways: "10.10.1.3", members: "201" };

const NETWORK = new Map([
  [EDGEROUTER_4, "10.1.20.0/24"],
  [RASPBERRY, "192.168.178.0/24"],
]);

/** From which local address the kernels reach the IPv6 addresses of these tests. */
const SOURCES6 = {
  "2001:db8:5::10": "2001:db8:2::2",
  "2001:db8:1::3": "2001:db8:1::1",
  "2001:db8:2::7": "2001:db8:2::2",
  "2001:db8:9::1": "2001:db8:1::1",
};

/** What is written with these flags and --yes; it must be good. */
function written(raw: RawNetwork, given: Given) {
  const { draft, fault } = settleOn(raw, { ...PHONES, ...given }, { sources6: SOURCES6 });
  expect(fault).toBeUndefined();
  const facts = { network: readNetwork(raw), heard: [] };
  const text = yamlOf(draft, { state: undefined, isBehindNat: isBehindNat(facts, draft) });
  const { config, problems } = loadConfig(text, (path) => path);
  expect(problems).toEqual([]);
  return { draft, text, config };
}

describe("upstream's transport", () => {
  test.each([
    ["pbx.example.com", "sip:pbx.example.com"],
    ["sips:pbx.example.com", "sip:pbx.example.com;transport=tls"],
    ["SIPS:pbx.example.com:5081;lr", "sip:pbx.example.com:5081;lr;transport=tls"],
    ["sips:pbx.example.com;transport=tcp", "sip:pbx.example.com;transport=tls"],
    ["tls:pbx.example.com;transport=udp;lr;transport=tcp", "sip:pbx.example.com;lr;transport=tls"],
    ["tls:pbx.example.com", "sip:pbx.example.com;transport=tls"],
    ["tcp:198.51.100.10:5062", "sip:198.51.100.10:5062;transport=tcp"],
    ["pbx.example.com;transport=TCP", "sip:pbx.example.com;transport=TCP"],
    ["2001:db8:5::10", "sip:[2001:db8:5::10]"],
    ["tcp:2001:db8:5::10 tcp:pbx", "sip:[2001:db8:5::10];transport=tcp"],
    ["[2001:db8:5::10]:5070", "sip:[2001:db8:5::10]:5070"],
    ["sip:2001:db8:5::10;transport=udp", "sip:[2001:db8:5::10];transport=udp"],
  ])("%s is %s", (upstream, uri) => {
    expect(written(EDGEROUTER, { upstream }).draft.upstream?.[0]).toBe(uri);
  });

  test.each([
    ["pbx.example.com;transport=tcp", EDGEROUTER, ["udp:10.222.237.1:5060", "tcp:pppoe0:5060", "udp:pppoe0:5060"]],
    ["tls:pbx.example.com", EDGEROUTER_4, ["udp:10.1.20.1:5060", "tls:203.0.113.2:5061", "udp:10.10.1.1:5060"]],
    ["tls:192.0.2.10", EDGEROUTER_4, ["udp:10.1.20.1:5060", "udp:10.10.1.1:5060", "tls:10.99.0.2:5061"]],
    [
      "tcp:pbx.example.com tls:192.0.2.10",
      EDGEROUTER_4,
      [...["udp:10.1.20.1:5060", "tcp:203.0.113.2:5060", "udp:10.10.1.1:5060", "tls:10.99.0.2:5061"]],
    ],
    ["tls:pbx.example.com", RASPBERRY, ["udp:192.168.178.40:5060", "tls:192.168.178.40:5061"]],
  ])("%s: listen has what it needs on that side", (upstream, raw, listen) => {
    const localnet = NETWORK.get(raw);
    expect(written(raw, { upstream, ...(localnet && { localnet }) }).draft.listen).toEqual(listen);
  });

  test("TLS: the file names certificate and key, and says what they must be; without TLS it doesn't", () => {
    const { text, config } = written(EDGEROUTER, { upstream: "sips:pbx.example.com" });
    expect(text).toMatch(/\n# TLS: certificate and key .*\ntls: \{certificate: /);
    expect(config.tls).toMatchObject({ certificate: "tls/branch.pem", key: "tls/branch.key" });
    expect(written(EDGEROUTER, { upstream: "tcp:pbx.example.com" }).text).not.toMatch(/^tls:/m);
  });

  test("listen by hand without that transport is explained", () => {
    const given = { ...PHONES, upstream: "sips:pbx.example.com", listen: "10.222.237.1" };
    const { fault } = settleOn(EDGEROUTER, given);
    expect(fault).toMatch(/^--listen: .* wants TLS, and listen has no tls: address; add one/);
    expect(written(EDGEROUTER, { ...given, listen: "10.222.237.1 tls:pppoe0" }).config.listeners).toHaveLength(2);
  });
});

describe("IPv6", () => {
  /** EdgeRouter with IPv6 on both sides. */
  const DUAL: RawNetwork = {
    ...OPENWRT,
    addresses: [
      ...OPENWRT.addresses,
      { name: "br-lan", cidr: "fe80::1/64" },
      { name: "br-lan", cidr: "2001:db8:1::1/64" },
      { name: "br-lan", cidr: "fd00:1::1/64" },
      { name: "eth1", cidr: "fe80::2/64" },
      { name: "eth1", cidr: "2001:db8:2::2/64" },
    ],
  };
  const LOCALNET = "2001:db8:1::/64";

  test.each([
    [
      "by the default route",
      { localnet: LOCALNET, upstream: "2001:db8:5::10", gateways: "2001:db8:1::3" },
      [...["udp:[2001:db8:1::1]:5060", "udp:[2001:db8:2::2]:5060"]],
    ],
    [
      "TLS by the default route, phones by IPv4",
      { localnet: "192.168.1.0/24", upstream: "tls:2001:db8:5::10", gateways: "none" },
      [...["udp:192.168.1.1:5060", "tls:[2001:db8:2::2]:5061"]],
    ],
    [
      "in a tunnel that has no address of its own",
      { localnet: LOCALNET, upstream: "2001:db8:9::1", gateways: "none" },
      ["udp:[2001:db8:1::1]:5060"],
    ],
    [
      "beside IPv4",
      { localnet: `192.168.1.0/24 ${LOCALNET}`, upstream: "pbx.example.com", gateways: "[2001:db8:2::7]" },
      [...["udp:192.168.1.1:5060", "udp:[2001:db8:1::1]:5060", "udp:eth1:5060", "udp:[2001:db8:2::2]:5060"]],
    ],
  ])("%s", (_, given, listen) => {
    expect(written(DUAL, given).draft.listen).toEqual(listen);
  });

  test("without any, nothing is proposed that can't reach upstream", () => {
    const given = { ...PHONES, localnet: "192.168.1.0/24", upstream: "2001:db8:5::10" };
    const { fault, question } = settleOn(OPENWRT, given);
    expect(question).toMatchObject({ key: "listen", proposed: [] });
    expect(fault).toContain("Not known: this router has no route to 2001:db8:5::10.");
  });

  test("addresses are typed as they come: members, gateway, listen", () => {
    const { draft } = written(DUAL, {
      localnet: LOCALNET,
      upstream: "2001:db8:5::10",
      gateways: "2001:db8:1::3",
      members: "201 2001:db8:1::21 202@2001:db8:1::22",
      listen: "2001:db8:1::1 tcp:2001:db8:1::1 udp:[2001:db8:2::2]:5070",
    });
    expect(draft).toMatchObject({
      gateways: ["sip:[2001:db8:1::3]"],
      members: ["201", "sip:[2001:db8:1::21]", "sip:202@[2001:db8:1::22]"],
      listen: ["udp:[2001:db8:1::1]", "tcp:[2001:db8:1::1]", "udp:[2001:db8:2::2]:5070"],
    });
  });

  test("there is no NAT for it", () => {
    const factsWith = (...addresses: RawNetwork["addresses"]) => {
      return { network: readNetwork({ ...DUAL, addresses }), heard: [] };
    };
    const facts = factsWith({ name: "eth1", cidr: "192.168.7.2/24" }, { name: "eth1", cidr: "fd00::2/64" });
    expect(isBehindNat(facts, { upstream: ["sip:[2001:db8:5::10]"] })).toBe(false);
    expect(isBehindNat(facts, { upstream: ["sip:198.51.100.10"] })).toBe(true);
    expect(isBehindNat(factsWith({ name: "eth1", cidr: "fd00::2/64" }), {})).toBe(false);
  });
});
