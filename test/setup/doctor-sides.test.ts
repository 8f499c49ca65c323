/** doctor on interfaces: which of them a stranger's packets may come in by, and by which upstream's come. */
import { describe, expect, test } from "vitest";
import { examine } from "../../src/setup/doctor/checks.ts";
import type { Facts, PeerFact } from "../../src/setup/doctor/facts.ts";
import { EDGEOS_CONFIG, filterOf, ROUTES, RULES, RULES6, UBUS, UCI_FIREWALL } from "../../src/setup/doctor/families.ts";
import { interfacesOf } from "../../src/transport/own-listener.ts";
import { configOf, findings, GATEWAY, healthy, LAN, peer, told, UPSTREAM, WAN, YAML } from "./healthy.ts";

const PBX = "10.50.0.10";
const TUNNEL = "10.99.0.2";
const GUESTS = "172.23.0.1";
const to = { address: PBX, port: 5060, protocol: "udp" } as const;
const TABLE =
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
  "eth0\t00000000\t017100CB\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";

/** Upstream is behind a tunnel, and the default route leads to the Internet. */
const addresses = [...healthy().addresses, { device: "tun0", address: TUNNEL, cidr: `${TUNNEL}/30` }];
const PEER = peer({
  to,
  source: TUNNEL,
  local: TUNNEL,
  route: `${PBX} via 10.99.0.1 dev tun0 src ${TUNNEL} uid 0\n    cache`,
});
/** `ip route add 10.50.0.0/24 dev tun0 src LAN`. */
const SRC: Partial<PeerFact> = {
  to,
  source: LAN,
  local: LAN,
  listener: `udp:${LAN}:5060`,
  route: `${PBX} dev tun0 src ${LAN} uid 0\n    cache`,
};

const filters = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries({ all: "0", ...values }).map(([device, value]) => [filterOf(device), value]));
const nft = (rules: string, policy = "accept") => ({
  [RULES]: `table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy ${policy};\n\t\t${rules}\n\t}\n}\n#nft`,
});
const routes = (values: Readonly<Record<string, string>>, change: Partial<Facts> = {}, yaml = YAML) =>
  told("routes", { addresses, peers: [PEER, GATEWAY], files: filters(values), ...change }, yaml);
const firewall = (change: Partial<Facts>, yaml = YAML) =>
  told("firewall", { addresses, peers: [PEER, GATEWAY], family: "debian", ...change }, yaml);

describe("doctor: routes: each interface that isn't the phones' or the gateways' is judged", () => {
  test("upstream is behind a tunnel: the Internet's side too", () => {
    expect(routes({ tun0: "1", eth0: "0" })).toMatch(/^warning eth0 accepts packets with a forged source address/);
    expect(routes({ tun0: "0", eth0: "0" })).toMatch(/^warning eth0, tun0 accept packets /);
    expect(routes({ tun0: "1", eth0: "1", switch0: "0", eth1: "0" })).toMatch(/^ok/);
  });

  test("a network that nobody's phones are in, be it without a default route", () => {
    const more = [...addresses, { device: "guests", address: GUESTS, cidr: `${GUESTS}/24` }];
    expect(routes({ tun0: "1", eth0: "1", guests: "0" }, { addresses: more })).toMatch(/^warning guests accepts/);
  });

  test("a default route by the gateways' interface, or half of one, or one by an interface without an address", () => {
    const table = (line: string) => ({ [ROUTES]: `${TABLE}${line}\t0\t0\t0\n` });
    const values = { tun0: "1", eth0: "1", eth1: "0", wwan0: "0" };
    const by = (line: string) => routes({}, { files: { ...filters(values), ...table(line) } });
    expect(by("eth1\t00000000\t01010A0A\t0003\t0\t0\t9\t00000000")).toMatch(/^warning eth1 accepts/);
    expect(by("eth1\t00000080\t01010A0A\t0003\t0\t0\t9\t00000080")).toMatch(/^warning eth1 accepts/);
    expect(by("eth1\t80000000\t01010A0A\t0003\t0\t0\t9\t80000000")).toMatch(/^warning eth1 accepts/);
    expect(by("wwan0\t00000000\t00000000\t0001\t0\t0\t9\t00000000")).toMatch(/^warning wwan0 accepts/);
    // The phones' interface has no address while no cable is in it.
    expect(by("lan9\t00010A0A\t00000000\t0001\t0\t0\t0\t00FFFFFF")).toMatch(/^ok/);
    expect(by("eth1\t00010A0A\t00000000\t0001\t0\t0\t0\t00FFFFFF")).toMatch(/^ok/);
  });

  test("a gateway of a provider is reached by the Internet's interface: that is judged", () => {
    const gateway = { ...GATEWAY, to: { ...GATEWAY.to, address: "192.0.2.60" }, source: WAN, local: WAN };
    expect(routes({ tun0: "1", eth0: "0", eth1: "1" }, { peers: [PEER, gateway] })).toMatch(/^warning eth0 accepts/);
  });

  test("with a faulty file, in which localnet may be missing, no phones' interface is accused", () => {
    const change = { fileFaults: ["1:1: no"], files: filters({ tun0: "1", eth0: "1", switch0: "0", eth1: "0" }) };
    expect(routes({}, change)).toMatch(/^ok/);
  });
});

describe("doctor: the interface towards a peer is the one of the kernel's route", () => {
  test("a route with the LAN's address as its source: the tunnel is judged, and not the LAN", () => {
    const peers = [peer(SRC), GATEWAY];
    expect(routes({ tun0: "0", eth0: "1", switch0: "0" }, { peers })).toMatch(/^warning tun0 accepts/);
    expect(routes({ tun0: "1", eth0: "1", switch0: "0" }, { peers })).toMatch(/^ok/);
    const said = firewall({ peers, said: nft(`iifname { "tun0", "switch0" } accept`, "drop") });
    expect(said).toBe(
      "ok the firewall keeps strangers out on eth0\nok the firewall lets upstream's requests in on tun0",
    );
    expect(firewall({ peers, said: nft(`iifname "switch0" accept`, "drop") })).toMatch(
      /^ok .*\nwarning the firewall drops requests of 10\.50\.0\.10 on tun0.*iifname "tun0" ip saddr \{ 10\.50\.0\.10 \}/s,
    );
  });

  test("the kernel's own choice of the source lies on no other way back", () => {
    const files = filters({ switch0: "1", tun0: "1" });
    const silent = peer({ ...SRC, answer: undefined, error: "no answer in 3 s" });
    expect(told("return-path", { addresses, files, peers: [silent] })).toMatch(/^ok/);
    expect(findings("listen", { addresses, peers: [silent] })).toMatchObject([
      { severity: "ok", facts: { route_address: LAN, route_interface: "tun0" } },
    ]);
  });

  test("where the route can't be asked for, the owner of the source address counts", () => {
    expect(routes({ tun0: "0", eth0: "1" }, { peers: [{ ...PEER, route: undefined }] })).toMatch(/^warning tun0/);
  });
});

describe("doctor: firewall: strangers are kept out on each interface that the Internet reaches", () => {
  test("upstream is behind a tunnel: the Internet's side is open", () => {
    expect(firewall({ said: nft("") }).split("\n")).toEqual([
      "warning the firewall lets all senders in on eth0: strangers will try to dial out",
      "nft add table ip branchline",
      "nft add chain ip branchline input '{ type filter hook input priority 0; }'",
      "nft add rule ip branchline input 'iifname \"eth0\" udp dport { 5060 } drop'",
      "# and in /etc/nftables.conf",
      "ok the firewall lets upstream's requests in on tun0",
    ]);
    expect(firewall({ said: nft('iifname "eth0" drop') })).toMatch(/^ok the firewall keeps strangers out on eth0\nok/);
  });

  test("a rule for upstream doesn't hide that all others get in too", () => {
    const said = told("firewall", { family: "debian", said: nft(`ip saddr ${UPSTREAM} udp dport 5060 accept`) });
    expect(said).toMatch(/^warning the firewall lets all senders in on eth0/);
  });

  test("without root that is told once, and nothing else is hidden", () => {
    expect(firewall({ isRoot: false, said: { [RULES]: undefined } })).toBe("skipped needs root (sudo)");
  });

  test("what can't be read is no proof", () => {
    expect(firewall({ said: nft("ip saddr @office udp dport 5060 accept", "drop") })).toMatch(
      /^skipped whether the firewall keeps strangers out on eth0/,
    );
  });

  test("IPv6 is judged where listen has an IPv6 address", () => {
    const more = [...addresses, { device: "eth0", address: "2001:db8:1::2", cidr: "2001:db8:1::2/64" }];
    const said = { ...nft('iifname "eth0" drop'), [RULES6]: "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n#" };
    const yaml = YAML.replace(`udp:${WAN}`, `udp:${WAN}, "udp:[2001:db8:1::2]"`);
    expect(firewall({ addresses: more, said }, yaml)).toMatch(/lets all senders in on eth0 by IPv6/);
    expect(firewall({ addresses: more, said })).not.toContain("IPv6");
  });

  test("no cure lets all in because upstream doesn't come this way", () => {
    const tables = firewall({ family: "tomato", said: { [RULES]: "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n#" } });
    expect(tables).toContain("iptables -I INPUT -i eth0 -p udp -m multiport --dports 5060 -j DROP\n");
    const edgeos = firewall({
      family: "edgeos",
      files: { [EDGEOS_CONFIG]: "interfaces {\n    ethernet eth0 {\n        address dhcp\n    }\n}" },
    });
    expect(edgeos).toMatch(/rule 20 action drop\n.*firewall local name BRANCHLINE_LOCAL\n/s);
    expect(edgeos).not.toMatch(/rule 10|group/);
    const zone = (line: string) => `firewall.@zone[0]${line}\n`;
    const openwrt = firewall({
      family: "openwrt",
      said: {
        [UCI_FIREWALL]: zone("=zone") + zone(".name='wan'") + zone(".network='wan'") + zone(".input='ACCEPT'"),
        [UBUS]: JSON.stringify({ interface: [{ interface: "wan", l3_device: "eth0", device: "eth0" }] }),
      },
    });
    expect(openwrt).toContain("uci set firewall.branchline_others.target='DROP'\n");
    const zones =
      "*filter\n:INPUT DROP [0:0]\n-A INPUT -i eth0 -g IN_public\n:IN_public - [0:0]\n-A IN_public -j ACCEPT\nCOMMIT\n#";
    const firewalld = firewall({ said: { [RULES]: zones } });
    expect(firewalld).toMatch(/zone=public .*protocol="udp" drop'\n/);
    expect(firewalld).not.toMatch(/family="ipv4" port .* accept'/);
    for (const cure of [tables, openwrt]) expect(cure).not.toMatch(/ACCEPT'?$/m);
  });

  test("another way to upstream's public address stays open", () => {
    const more = [...healthy().addresses, { device: "eth3", address: "192.0.2.2", cidr: "192.0.2.2/24" }];
    const said = told("firewall", { addresses: more, family: "debian", said: nft('iifname "eth0" drop') });
    expect(said).toContain(`iifname "eth3" ip saddr { ${UPSTREAM} } udp dport { 5060 } accept'\n`);
  });

  test("while the tunnel's address is gone, no rule lets the PBX's private address in from the Internet", () => {
    const config = configOf(YAML.replace(/listen: .*/, `listen: [udp:${LAN}, udp:10.10.1.1, udp:${TUNNEL}]`));
    const own = healthy().addresses;
    for (const listener of config.listeners) listener.settle(interfacesOf(own));
    const lost = peer({
      to,
      source: WAN,
      local: LAN,
      answer: undefined,
      error: "no answer in 3 s",
      route: `${PBX} via 203.0.113.1 dev eth0 src ${WAN}`,
    });
    const facts = (rules: string) =>
      healthy({ family: "debian", said: nft(rules), addresses: own, peers: [lost, GATEWAY] });
    expect(examine(facts('iifname "eth0" drop'), config, ["firewall"])).toMatchObject([
      {
        severity: "skipped",
        text: `no listen address is on the way to upstream (${PBX}) now, so no rule for it can be judged`,
      },
      { severity: "ok", text: "the firewall keeps strangers out on eth0" },
    ]);
    const open = examine(facts(""), config, ["firewall"]);
    expect(open.map(({ severity }) => severity)).toEqual(["skipped", "warning"]);
    expect(JSON.stringify(open.map(({ cure }) => cure))).not.toContain(PBX);
  });
});
