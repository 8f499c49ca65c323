/** What `branchline init` proposes on real machines. */
import { describe, expect, test } from "vitest";
import { createRandom } from "../../src/io/node/secret.ts";
import type { Draft } from "../../src/setup/init/answers.ts";
import { faultsOf } from "../../src/setup/init/draft.ts";
import { addHeard, type Heard, isGateway, optionsTo, readHeard } from "../../src/setup/init/heard.ts";
import { defaultDevice, type RawNetwork, readNetwork } from "../../src/setup/init/network.ts";
import { placesOf } from "../../src/setup/init/places.ts";
import { earsOf, type Facts, isBehindNat, propose, seenText } from "../../src/setup/init/proposal.ts";
import { requestText, responseText } from "../support/messages.ts";
import { EDGEROUTER, EDGEROUTER_4, OPENWRT, RASPBERRY, router, waysOn } from "./routers.ts";

interface MachineFacts extends Facts {
  readonly raw: RawNetwork;
}

const factsOf = (raw: RawNetwork, heard: readonly Heard[] = []): MachineFacts => ({
  network: readNetwork(raw),
  heard,
  raw,
});
const phone = (address: string, user?: string, domain?: string, agent = ""): Heard => ({
  address,
  user,
  domain,
  agent,
});

/** Each question answered with what is proposed, or as `answered` says. */
function proposed(facts: MachineFacts, answered: Draft = {}, names: Readonly<Record<string, readonly string[]>> = {}) {
  let draft = answered;
  for (const key of ["localnet", "upstream", "gateways", "members", "emergency", "listen"] as const) {
    const { upstream = [], gateways = [] } = draft;
    const ways = key === "listen" ? waysOn(facts.raw, [...upstream, ...gateways], names) : undefined;
    draft = { ...draft, [key]: draft[key] ?? propose(key, { ...facts, ...(ways && { ways }) }, draft) };
  }
  return draft;
}

describe("networks and addresses", () => {
  test("an EdgeRouter X with PPPoE: the interface's name, because its address changes", () => {
    const draft = proposed(factsOf(EDGEROUTER));
    expect(draft.localnet).toEqual(["10.222.237.0/24"]);
    expect(draft.listen).toEqual(["udp:10.222.237.1:5060", "udp:pppoe0:5060"]);
  });

  test("OpenWrt with a DHCP client for eth1", () => {
    const draft = proposed(factsOf(OPENWRT));
    expect(draft.localnet).toEqual(["192.168.1.0/24"]);
    expect(draft.listen).toEqual(["udp:192.168.1.1:5060", "udp:eth1:5060"]);
  });

  test("the same with a fixed address", () => {
    expect(proposed(factsOf({ ...OPENWRT, programs: ["udhcpc -i eth2"] })).listen).toContain("udp:198.51.100.20:5060");
  });

  test("a Raspberry Pi has one interface for all: phones need its address, though it comes by DHCP", () => {
    const facts = factsOf(RASPBERRY);
    expect(proposed(facts)).toMatchObject({ localnet: ["192.168.178.0/24"], listen: ["udp:192.168.178.40:5060"] });
    expect(seenText(facts)).toContain("eth0: 192.168.178.40/24, default route, address may change");
  });

  test.each(["192.168.1.1/8", "172.16.0.1/8", "192.168.1.1/15"])(
    "%s: with that mask, strangers would be in it",
    (cidr) => {
      const raw = { ...OPENWRT, table: "", addresses: [{ name: "br-lan", cidr }] };
      expect(proposed(factsOf(raw)).localnet).toEqual([]);
    },
  );

  test("of several LANs none is taken at random: whoever is in localnet may dial out", () => {
    expect(proposed(factsOf(EDGEROUTER_4)).localnet).toEqual([]);
  });

  test.each([
    ["heard", { heard: [phone("10.1.20.21", "201", "pbx.example.com")], neighbours: [] }],
    ["seen by its MAC address", { heard: [], neighbours: ["10.1.20.21  0x1  0x2  80:5e:c0:12:34:56  *  eth1.20"] }],
  ])("but the one where a phone is %s", (_how, { heard, neighbours }) => {
    const table = EDGEROUTER_4.neighbours + neighbours.join("\n");
    expect(proposed(factsOf({ ...EDGEROUTER_4, neighbours: table }, heard)).localnet).toEqual(["10.1.20.0/24"]);
  });

  const GATEWAY = "10.10.1.3  0x1  0x2  c0:74:ad:12:34:56  *  eth2";
  test.each<[string, Heard[], string, Draft]>([
    ["that doesn't say what it is", [phone("10.10.1.3")], "", {}],
    ["that calls itself one", [phone("10.10.1.3", undefined, undefined, "Grandstream HT813 1.0")], GATEWAY, {}],
    ["of a maker that makes phones too", [], GATEWAY, {}],
    ["that was given", [phone("10.10.1.3", "900", "pbx.example.com")], "", { gateways: ["sip:10.10.1.3"] }],
  ])("a gateway %s doesn't bring its network into localnet", (_how, heard, neighbour, answered) => {
    const phones = [phone("10.1.20.21", "201", "pbx.example.com")];
    const raw = { ...EDGEROUTER_4, neighbours: EDGEROUTER_4.neighbours + neighbour };
    expect(proposed(factsOf(raw, [...phones, ...heard]), answered).localnet).toEqual(["10.1.20.0/24"]);
    expect(proposed(factsOf(raw, heard), answered).localnet).toEqual([]);
  });

  test("nor where it is alone behind a port of its own, and the phones are on the side of the default route", () => {
    const raw = router({
      addresses: { eth0: "192.168.1.2/24", eth1: "10.10.1.1/24" },
      routes: [["eth0", "0.0.0.0/0"]],
    });
    expect(proposed(factsOf(raw, [phone("10.10.1.3")])).localnet).toEqual([]);
    expect(proposed(factsOf(raw)).localnet).toEqual(["10.10.1.0/24"]);
  });

  test.each([
    "tun0",
    "wg1",
    "vti64",
    "tailscale0",
    "zt5u4vutwd",
    "l2tp0",
    "xfrm0",
    "docker0",
    "br-0123456789ab",
    "ppp3",
  ])("%s has a private address, and is no LAN", (name) => {
    const raw = router({
      addresses: { eth0: "203.0.113.2/29", lan: "10.5.0.1/24", [name]: "10.6.0.1/24" },
      routes: [["eth0", "0.0.0.0/0"]],
    });
    expect(proposed(factsOf(raw)).localnet).toEqual(["10.5.0.0/24"]);
  });

  test("phones on two LANs: both", () => {
    const heard = [phone("10.1.20.21", "201"), phone("10.1.30.21", undefined, undefined, "Yealink SIP-T46S")];
    const draft = proposed(factsOf(EDGEROUTER_4, heard), { upstream: ["sip:192.0.2.10"] });
    expect(draft.localnet).toEqual(["10.1.20.0/24", "10.1.30.0/24"]);
    expect(draft.listen).toEqual(["udp:10.1.20.1:5060", "udp:10.1.30.1:5060", "udp:10.99.0.2:5060"]);
  });

  test("a neighbour that nobody has found counts for nothing", () => {
    const neighbours = `${EDGEROUTER_4.neighbours}10.1.20.21  0x1  0x0  80:5e:c0:12:34:56  *  eth1.20`;
    expect(proposed(factsOf({ ...EDGEROUTER_4, neighbours })).localnet).toEqual([]);
  });

  test("upstream behind a tunnel, the gateway behind a port of its own: our addresses there", () => {
    const answered = { localnet: ["10.1.20.0/24"], upstream: ["sip:192.0.2.10"], gateways: ["sip:10.10.1.3"] };
    const listen = ["udp:10.1.20.1:5060", "udp:10.10.1.1:5060", "udp:10.99.0.2:5060"];
    expect(proposed(factsOf(EDGEROUTER_4), answered).listen).toEqual(listen);
  });

  test.each([
    ["behind the default route", ["192.88.99.7"], ["udp:10.1.20.1:5060", "udp:203.0.113.2:5060"]],
    ["behind a tunnel", ["192.0.2.10"], ["udp:10.1.20.1:5060", "udp:10.99.0.2:5060"]],
    [
      "at two addresses, one behind each",
      ["192.0.2.10", "192.88.99.7"],
      ["udp:10.1.20.1:5060", "udp:203.0.113.2:5060", "udp:10.99.0.2:5060"],
    ],
    ["among the phones", ["10.1.20.9"], ["udp:10.1.20.1:5060"]],
    [
      "in no network that there is a way to",
      ["2001:db8::1", "192.0.2.10"],
      ["udp:10.1.20.1:5060", "udp:10.99.0.2:5060"],
    ],
  ])("upstream by name, %s: our address towards each address of it", (_, addresses, listen) => {
    const answered = { localnet: ["10.1.20.0/24"], upstream: ["sip:pbx.example.com"], gateways: [] };
    const names = { "pbx.example.com": addresses };
    expect(proposed(factsOf(EDGEROUTER_4), answered, names).listen).toEqual(listen);
  });

  test("a PBX or gateway that hasn't been found, or to which there is no route: nothing is proposed", () => {
    const draft = { localnet: ["10.1.20.0/24"], upstream: ["sip:pbx.example.com"], gateways: ["sip:10.10.1.3"] };
    const facts = factsOf(EDGEROUTER_4);
    const gateway = waysOn(EDGEROUTER_4, draft.gateways);
    const found = { to: { address: "192.0.2.9", port: 5060, protocol: "udp" as const }, source: undefined };
    for (const pbx of [undefined, "silent" as const, [], [found]]) {
      const ways = new Map([...gateway, ...(pbx === undefined ? [] : ([["sip:pbx.example.com", pbx]] as const))]);
      expect(propose("listen", { ...facts, ways }, draft)).toEqual([]);
    }
  });

  test.each(["10.1.20.1", "127.0.1.1"])("a PBX whose name means this router itself (%s) is none", (address) => {
    const answered = { localnet: ["10.1.20.0/24"], upstream: ["sip:router.lan"], gateways: [] };
    const names = { "router.lan": [address] };
    expect(proposed(factsOf(EDGEROUTER_4), answered, names).listen).toEqual([]);
    // One on another port is a program beside branchline.
    const beside = { ...answered, upstream: ["sip:router.lan:5070"] };
    expect(proposed(factsOf(EDGEROUTER_4), beside, names).listen).toContain("udp:10.1.20.1:5060");
  });

  test("an interface whose address changes is named only for the first of its addresses", () => {
    const addresses = [
      { name: "eth1", cidr: "198.51.100.20/24" },
      { name: "eth1", cidr: "203.0.113.9/24" },
    ];
    const raw = { ...OPENWRT, addresses: [...OPENWRT.addresses.slice(0, 1), ...addresses] };
    const draft = { localnet: ["192.168.1.0/24"], upstream: ["sip:203.0.113.1"], gateways: [] };
    const way = { to: { address: "203.0.113.1", port: 5060, protocol: "udp" as const }, source: "203.0.113.9" };
    const facts = { ...factsOf(raw), ways: new Map([["sip:203.0.113.1", [way]]]) };
    expect(propose("listen", facts, draft)).toEqual(["udp:192.168.1.1:5060", "udp:203.0.113.9:5060"]);
  });

  test("iproute2 says more than Node: PPPoE's own address, and a LAN at which nothing is plugged in", () => {
    const table =
      "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n" +
      "9: switch0    inet 10.222.237.1/24 brd 10.222.237.255 scope global switch0\\       valid_lft forever\n" +
      "12: pppoe0    inet 203.0.113.7 peer 203.0.113.1/32 scope global pppoe0\\       valid_lft forever\n";
    expect(readNetwork({ ...EDGEROUTER, addresses: [], table }).interfaces).toEqual([
      { name: "switch0", address: "10.222.237.1", prefix_bits: 24 },
      { name: "pppoe0", address: "203.0.113.7", prefix_bits: 32 },
    ]);
  });

  test("of two default routes the better one", () => {
    const addresses = { eth0: "203.0.113.2/29", eth1: "198.51.100.2/29" };
    const routes = [["eth1", "0.0.0.0/0", 20] as const, ["eth0", "0.0.0.0/0", 10] as const];
    expect(defaultDevice(readNetwork(router({ addresses, routes })))).toBe("eth0");
  });

  test("a host without /proc proposes nothing, and breaks nothing", () => {
    const facts = factsOf({ ...EDGEROUTER, addresses: [], routes: "", neighbours: "", programs: [] });
    expect(proposed(facts)).toEqual({
      localnet: [],
      upstream: [],
      gateways: [],
      members: [],
      emergency: [],
      listen: [],
    });
  });
});

describe("NAT", () => {
  test("a private address towards a PBX on the internet is shown with the cure", () => {
    const facts = factsOf(
      router({ addresses: { eth0: "192.168.0.2/24", eth1: "10.5.0.1/24" }, routes: [["eth0", "0.0.0.0/0"]] }),
    );
    expect(isBehindNat(facts, proposed(facts, { upstream: ["sip:pbx.example.com"] }))).toBe(true);
    expect(isBehindNat(facts, proposed(facts, { upstream: ["sip:192.168.7.1"] }))).toBe(false);
    const ways = waysOn(facts.raw, ["sip:pbx.example.com"], { "pbx.example.com": ["192.168.7.1"] });
    expect(isBehindNat({ ...facts, ways }, proposed(facts, { upstream: ["sip:pbx.example.com"] }))).toBe(false);
  });

  test("so is one that a provider shares among its customers (RFC 6598)", () => {
    const facts = factsOf(
      router({ addresses: { eth0: "100.72.3.4/22", eth1: "10.5.0.1/24" }, routes: [["eth0", "0.0.0.0/0"]] }),
    );
    expect(isBehindNat(facts, proposed(facts, { upstream: ["sip:pbx.example.com"] }))).toBe(true);
  });

  test("not so a public one, nor a tunnel's", () => {
    expect(isBehindNat(factsOf(EDGEROUTER), proposed(factsOf(EDGEROUTER)))).toBe(false);
    const answered = { localnet: ["10.1.20.0/24"], upstream: ["sip:192.0.2.10"] };
    expect(isBehindNat(factsOf(EDGEROUTER_4), proposed(factsOf(EDGEROUTER_4), answered))).toBe(false);
  });
});

describe("who is heard", () => {
  const register = requestText({
    method: "REGISTER",
    uri: "sip:pbx.example.com",
    to: "<sip:201@pbx.example.com>",
    headers: ["User-Agent: Yealink SIP-T46S 66.85.0.5"],
  });

  test("a phone's REGISTER says its extension, its PBX and its make", () => {
    expect(readHeard(register, "10.222.237.21")).toEqual(
      phone("10.222.237.21", "201", "pbx.example.com", "Yealink SIP-T46S 66.85.0.5"),
    );
  });

  test.each(["[2001:db8::5]", "pbx.example.com:5080", "[2001:db8::5]:5080"])("a PBX at %s is proposed so", (domain) => {
    const one = readHeard(requestText({ method: "REGISTER", to: `<sip:201@${domain}>` }), "10.222.237.21");
    const draft = proposed(factsOf(EDGEROUTER, one === undefined ? [] : [one]));
    expect(draft.upstream).toEqual([`sip:${domain}`]);
    expect(faultsOf(draft)).toEqual([]);
  });

  test("a gateway that registers several of its lines is one gateway", () => {
    const lines = ["201", "202"].map((user) => phone("10.222.237.3", user, "pbx.example.com", "Grandstream HT813 1.0"));
    const draft = proposed(factsOf(EDGEROUTER, lines));
    expect(draft.gateways).toEqual(["sip:10.222.237.3"]);
    expect(faultsOf(draft)).toEqual([]);
  });

  test("phones that register at two domains: neither is taken at random", () => {
    const heard = [
      phone("10.222.237.21", "201", "pbx.example.com"),
      phone("10.222.237.22", "7", "provider.example.net"),
    ];
    expect(proposed(factsOf(EDGEROUTER, heard)).upstream).toEqual([]);
  });

  test("a phone that registers at our own address, with the port, says nothing of the PBX", () => {
    const one = readHeard(requestText({ method: "REGISTER", to: "<sip:201@10.222.237.1:5060>" }), "10.222.237.21");
    expect(proposed(factsOf(EDGEROUTER, one === undefined ? [] : [one])).upstream).toEqual([]);
  });

  test("a phone's call says who calls", () => {
    const invite = requestText({ from: "Alice <sip:202@pbx.example.com>;tag=1", to: "<sip:5551234@pbx.example.com>" });
    expect(readHeard(invite, "10.222.237.22")).toMatchObject({ user: "202", domain: "pbx.example.com" });
  });

  test("what answers OPTIONS says who it is", () => {
    const answer = responseText(200, { headers: ["Server: Grandstream GXW4104 (HW 1.3)"] });
    const found = readHeard(answer, "10.222.237.3");
    expect(found).toEqual(phone("10.222.237.3", undefined, undefined, "Grandstream GXW4104 (HW 1.3)"));
    expect(found !== undefined && isGateway(found)).toBe(true);
  });

  test.each([
    ["keep-alive", "\r\n\r\n"],
    ["noise", "\x00\x01\x02"],
    ["nothing", ""],
  ])("%s is nobody", (_what, wire) => {
    expect(readHeard(wire, "10.222.237.21")).toBeUndefined();
  });

  test("nothing that a terminal would obey is taken over", () => {
    const nasty = requestText({ method: "REGISTER", to: "<sip:\x9b31m@pbx>", headers: ["User-Agent: a\x1b[31mb"] });
    expect(readHeard(nasty, "10.222.237.21")).toMatchObject({ user: undefined, agent: "a" });
  });

  test("our OPTIONS is a good request", () => {
    const heard = readHeard(
      optionsTo("10.222.237.3", { address: "10.222.237.1", port: 5060 }, createRandom()),
      "10.222.237.1",
    );
    expect(heard).toMatchObject({ user: "branchline" });
  });

  test("a phone that says it twice is one, with two lines it is two; an answer adds nothing to what it has said", () => {
    const all = [
      phone("10.222.237.21", "201"),
      phone("10.222.237.22"),
      phone("10.222.237.21", "201"),
      phone("10.222.237.21", "299"),
      phone("10.222.237.21"),
      phone("10.222.237.22", "202"),
    ].reduce<Heard[]>(addHeard, []);
    expect(all.map(({ user }) => user)).toEqual(["201", "299", "202"]);
  });

  test("a flood fills no memory", () => {
    let all: Heard[] = [];
    for (let number = 0; number < 700; number++) all = addHeard(all, phone("10.222.237.66", String(number)));
    expect(all).toHaveLength(500);
  });

  test("they become upstream, members and gateway; who is elsewhere doesn't ring, and we are no upstream", () => {
    const heard = [
      phone("10.222.237.20", "200", "10.222.237.1"),
      phone("10.222.237.21", "201", "pbx.example.com"),
      phone("10.222.237.22", "202", "pbx.example.com"),
      phone("172.30.0.9", "666", "pbx.example.com"),
      phone("10.222.237.3", undefined, undefined, "Patton SN4120"),
    ];
    expect(proposed(factsOf(EDGEROUTER, heard))).toMatchObject({
      upstream: ["sip:pbx.example.com"],
      gateways: ["sip:10.222.237.3"],
      members: ["200", "201", "202"],
    });
  });

  test("one listens on every LAN, or where one was told to", () => {
    expect(earsOf(readNetwork(EDGEROUTER), {})).toEqual([{ address: "10.222.237.1", port: 5060 }]);
    expect(earsOf(readNetwork(EDGEROUTER), { listen: "udp:127.0.0.9:5070, pppoe0 10.0.0.1" })).toEqual([
      { address: "127.0.0.9", port: 5070 },
      { address: "10.0.0.1", port: 5060 },
    ]);
  });
});

describe("where things are", () => {
  const places = (node: string, ...paths: readonly string[]) =>
    placesOf(undefined, (path) => paths.includes(path), node).file;

  test("by the kind of router", () => {
    expect(places("/usr/bin/node", "/opt/vyatta", "/config", "/etc/debian_version")).toBe(
      "/config/branchline/branchline.yaml",
    );
    expect(places("/opt/bin/node", "/opt/vyatta", "/config")).toBe("/config/branchline/branchline.yaml");
    expect(places("/opt/bin/node", "/opt/etc")).toBe("/opt/etc/branchline.yaml");
    expect(places("/opt/bin/node", "/opt/etc", "/etc/openwrt_release")).toBe("/opt/etc/branchline.yaml");
    expect(places("/usr/bin/node", "/etc/openwrt_release")).toBe("/etc/branchline.yaml");
    expect(places("/jffs/branchline/branchline-static", "/opt/etc", "/jffs/branchline/service.sh")).toBe(
      "/jffs/branchline/branchline.yaml",
    );
    expect(places("/usr/bin/node", "/etc/debian_version")).toBe("/etc/branchline/branchline.yaml");
    expect(places("/usr/local/bin/node")).toBe("branchline.yaml");
  });

  test("what is named counts, with the state folder that belongs to it: OpenWrt's package with Entware's Node", () => {
    const named = (file: string) => placesOf(file, (path) => path === "/opt/etc", "/opt/bin/node");
    expect(named("/etc/branchline.yaml")).toMatchObject({ file: "/etc/branchline.yaml", state: "/etc/branchline" });
    const disk = "/tmp/mnt/KEY/branchline";
    expect(placesOf(`${disk}/branchline.yaml`, (path) => path === `${disk}/service.sh`, "")).toEqual({
      file: `${disk}/branchline.yaml`,
      start: `${disk}/service.sh start`,
    });
    expect(named("/tmp/branchline.yaml")).toEqual({ file: "/tmp/branchline.yaml" });
  });
});
