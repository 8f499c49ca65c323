/** doctor on firewalls, as each family keeps them. */
import { describe, expect, test } from "vitest";
import { EDGEOS_CONFIG, RULES, scriptsOf, setLines, UBUS, UCI_FIREWALL } from "../../src/setup/doctor/families.ts";
import { peer, told, UPSTREAM, WAN } from "./healthy.ts";

/** As the wizard of EdgeOS writes it. */
const config = (
  rules = "",
  eth0 = "firewall {\n            local {\n                name WAN_LOCAL\n            }\n        }",
) => `
firewall {
    group {
        address-group SIP_TRUST {
            address ${UPSTREAM}
        }
        network-group HQ {
            network 198.51.100.0/24
        }
        port-group SIP {
            port 5060-5061
        }
    }
    name WAN_LOCAL {
        default-action drop
        description "WAN to router"
        rule 10 {
            action accept
            description "Allow established/related"
            state {
                established enable
                related enable
            }
        }
        rule 20 {
            action drop
            state {
                invalid enable
            }
        }
        ${rules}
    }
}
interfaces {
    ethernet eth0 {
        address dhcp
        ${eth0}
    }
}
/* Warning: Do not remove the following line. */
`;
const edgeos = (...args: Parameters<typeof config>) =>
  told("firewall", { family: "edgeos", files: { [EDGEOS_CONFIG]: config(...args) } });
const rule = (...lines: string[]) => `rule 30 {\n${["action accept", ...lines].join("\n")}\n}`;

describe("doctor: firewall on EdgeOS", () => {
  test("the file is read as set commands", () => {
    expect(setLines(config())).toContain("firewall name WAN_LOCAL description WAN to router");
    expect(setLines(config())).toContain("interfaces ethernet eth0 firewall local name WAN_LOCAL");
  });

  test("nothing lets upstream in: a rule for its address alone, with a free number", () => {
    const said = edgeos();
    expect(said).toMatch(/^warning the firewall drops requests of 198\.51\.100\.10 on eth0/);
    expect(said.split("\n").slice(1)).toEqual([
      "configure",
      `set firewall group address-group branchline-upstream address ${UPSTREAM}`,
      "set firewall name WAN_LOCAL rule 25 action accept",
      "set firewall name WAN_LOCAL rule 25 description branchline",
      "set firewall name WAN_LOCAL rule 25 protocol udp",
      "set firewall name WAN_LOCAL rule 25 destination port 5060",
      "set firewall name WAN_LOCAL rule 25 source group address-group branchline-upstream",
      "commit",
      "save",
      "exit",
      "undo:",
      "configure",
      "delete firewall name WAN_LOCAL rule 25",
      "delete firewall group address-group branchline-upstream",
      "commit",
      "save",
      "exit",
    ]);
    expect(edgeos("rule 25 {\naction drop\nprotocol icmp\n}")).toContain("rule 26 action accept");
  });

  test("upstream has moved: our rule and group are made anew, and what was open is closed", () => {
    const group = "firewall {\ngroup {\naddress-group branchline-upstream {\naddress 192.0.2.1\n}\n}\n}\n";
    const ours =
      "rule 31 {\naction accept\ndescription branchline\nsource {\ngroup {\naddress-group branchline-upstream\n}\n}\n}";
    const said = told("firewall", { family: "edgeos", files: { [EDGEOS_CONFIG]: config(ours) + group } });
    expect(said.split("\n").slice(1, 6)).toEqual([
      "configure",
      "delete firewall name WAN_LOCAL rule 31",
      "delete firewall group address-group branchline-upstream",
      `set firewall group address-group branchline-upstream address ${UPSTREAM}`,
      "set firewall name WAN_LOCAL rule 31 action accept",
    ]);
  });

  test.each([
    ["its address", "source {\naddress 198.51.100.10\n}", "destination {\nport 5060\n}", "protocol udp"],
    ["a group", "source {\ngroup {\naddress-group SIP_TRUST\n}\n}", "protocol tcp_udp"],
    ["a network group", "source {\ngroup {\nnetwork-group HQ\n}\n}"],
    [
      "ports of a group",
      "source {\naddress 198.51.100.0/24\n}",
      "destination {\ngroup {\nport-group SIP\n}\n}",
      "protocol udp",
    ],
    ["a list of ports", "source {\naddress 198.51.100.10\n}", "destination {\nport 4569,5060\n}", "protocol udp"],
  ])("a rule for %s lets it in", (_, ...lines) => {
    expect(edgeos(rule(...lines))).toBe("ok the firewall lets requests of 198.51.100.10 on eth0 in");
  });

  test.each([
    ["another port", "destination {\nport 500\n}", "protocol udp"],
    ["another protocol", "protocol icmp"],
    ["another source", "source {\naddress 192.0.2.1\n}"],
    ["established connections", "state {\nestablished enable\n}"],
    ["nobody: it is off", "disable"],
  ])("a rule for %s doesn't", (_, ...lines) => {
    expect(edgeos(rule(...lines))).toMatch(/^warning the firewall drops/);
  });

  test("open for all the world is said, and what isn't understood too", () => {
    expect(edgeos(rule("destination {\nport 5060\n}", "protocol udp"))).toMatch(
      /^warning the firewall lets all senders in/,
    );
    expect(edgeos(rule("limit {\nrate 1/second\n}"))).toMatch(/^skipped/);
  });

  test("PPPoE and VLANs have interfaces of their own; without a ruleset all may come in", () => {
    const lines = "vif 7 {\npppoe 0 {\nfirewall {\nlocal {\nname WAN_LOCAL\n}\n}\n}\n}";
    const files = { [EDGEOS_CONFIG]: config("", lines) };
    const addresses = [{ device: "pppoe0", address: WAN, cidr: `${WAN}/32` }];
    expect(told("firewall", { family: "edgeos", files, addresses })).toMatch(
      /^warning the firewall drops .* on pppoe0/,
    );
    expect(told("firewall", { family: "edgeos", files })).toMatch(/^warning the firewall lets all senders in on eth0/);
  });

  test("a tunnel's packets come in by the WAN's rules: only those from the tunnel", () => {
    const vpn =
      "vpn {\nipsec {\nsite-to-site {\npeer 192.0.2.9 {\ntunnel 1 {\nremote {\nprefix 198.51.100.0/24\n}\n}\n}\n}\n}\n}";
    const said = told("firewall", { family: "edgeos", files: { [EDGEOS_CONFIG]: config() + vpn } });
    expect(said).toContain("\nset firewall name WAN_LOCAL rule 25 ipsec match-ipsec\n");
  });

  test("a session is one shell's, as the group that owns the configuration", () => {
    expect(scriptsOf(["configure", "set a b", "commit", "save", "exit", "rmmod x"])).toEqual([
      'sg vyattacfg -c "umask 2; /opt/vyatta/sbin/vyatta-cfg-cmd-wrapper begin && ' +
        "/opt/vyatta/sbin/vyatta-cfg-cmd-wrapper set a b && /opt/vyatta/sbin/vyatta-cfg-cmd-wrapper commit && " +
        '/opt/vyatta/sbin/vyatta-cfg-cmd-wrapper save; r=\\$?; /opt/vyatta/sbin/vyatta-cfg-cmd-wrapper end; exit \\$r"',
      "rmmod x",
    ]);
  });
});

describe("doctor: firewall on OpenWrt", () => {
  const uci = (more = "") => `firewall.@defaults[0]=defaults
firewall.@defaults[0].input='ACCEPT'
firewall.@zone[0]=zone
firewall.@zone[0].name='lan'
firewall.@zone[0].network='lan'
firewall.@zone[0].input='ACCEPT'
firewall.@zone[1]=zone
firewall.@zone[1].name='wan'
firewall.@zone[1].network='wan' 'wan6'
firewall.@zone[1].input='REJECT'
firewall.@rule[0]=rule
firewall.@rule[0].name='Allow-DHCP-Renew'
firewall.@rule[0].src='wan'
firewall.@rule[0].proto='udp'
firewall.@rule[0].dest_port='68'
firewall.@rule[0].target='ACCEPT'
${more}`;
  const ubus = JSON.stringify({ interface: [{ interface: "wan", l3_device: "eth0", device: "eth0" }] });
  const openwrt = (more?: string) =>
    told("firewall", { family: "openwrt", said: { [UCI_FIREWALL]: uci(more), [UBUS]: ubus } });

  test("nothing lets upstream in: a rule with a name of its own", () => {
    expect(openwrt().split("\n").slice(1)).toEqual([
      "uci set firewall.branchline='rule'",
      "uci set firewall.branchline.name='branchline'",
      "uci set firewall.branchline.src='wan'",
      `uci add_list firewall.branchline.src_ip='${UPSTREAM}'`,
      "uci set firewall.branchline.proto='udp'",
      "uci set firewall.branchline.dest_port='5060'",
      "uci set firewall.branchline.target='ACCEPT'",
      "uci commit firewall",
      "/etc/init.d/firewall reload",
      "undo:",
      "uci delete firewall.branchline",
      "uci commit firewall",
      "/etc/init.d/firewall reload",
    ]);
  });

  test("its own rule is enough, one for forwarding isn't", () => {
    const own = (more: string) =>
      openwrt(`firewall.branchline=rule\nfirewall.branchline.src='wan'\nfirewall.branchline.src_ip='${UPSTREAM}'
firewall.branchline.proto='udp'\nfirewall.branchline.dest_port='5060'\nfirewall.branchline.target='ACCEPT'\n${more}`);
    expect(own("")).toMatch(/^ok/);
    expect(own("firewall.branchline.src_ip='192.0.2.1'").split("\n")[1]).toBe("uci delete firewall.branchline");
    expect(own("firewall.branchline.dest='lan'")).toMatch(/^warning the firewall drops/);
    expect(own("firewall.branchline.enabled='0'")).toMatch(/^warning the firewall drops/);
  });

  test("a zone that can't be found is said", () => {
    expect(told("firewall", { family: "openwrt", said: { [UCI_FIREWALL]: uci() } })).toMatch(/^skipped/);
  });
});

describe("doctor: firewall as iptables and nftables show it", () => {
  const tables = (rules: string, policy = "DROP") =>
    told("firewall", {
      family: "tomato",
      said: { [RULES]: `*filter\n:INPUT ${policy} [0:0]\n:FORWARD DROP [0:0]\n${rules}\nCOMMIT\n#` },
    });
  const base =
    "-A INPUT -m state --state INVALID -j DROP\n-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -i br0 -j ACCEPT\n";

  test("Tomato's own rules keep upstream out; its scripts keep the cure", () => {
    const said = tables(base);
    expect(said).toMatch(/^warning the firewall drops/);
    expect(said).toContain(`\niptables -I INPUT -s ${UPSTREAM} -p udp -m multiport --dports 5060 -j ACCEPT\n`);
    expect(said).not.toContain("undo:");
  });

  test.each([
    ["-A INPUT -s 198.51.100.10/32 -p udp -m udp --dport 5060 -j ACCEPT", /^ok/],
    [`-A INPUT -s ${UPSTREAM} -p udp -m multiport --dports 5060,5061 -j ACCEPT`, /^ok/],
    ["-A INPUT -i eth0 -p udp -m udp --dport 5060 -j ACCEPT", /^warning the firewall lets all senders/],
    ["-A INPUT -s 198.51.100.10/32 -p udp -m udp --dport 5062 -j ACCEPT", /^warning the firewall drops/],
    ["-A INPUT -s 198.51.100.10/32 -j DROP\n-A INPUT -j ACCEPT", /^warning the firewall drops/],
    ["-A INPUT -j wanin", /^skipped/],
    ["-A INPUT -m recent --rcheck --seconds 60 -j ACCEPT", /^skipped/],
    ['-A INPUT -p udp -m udp --dport 5060 -j LOG --log-prefix "SIP "', /^warning the firewall drops/],
  ])("%s", (rules, expected) => {
    expect(tables(base + rules)).toMatch(expected);
  });

  test.each([
    [`ip saddr ${UPSTREAM} udp dport 5060 accept`, "drop", /^ok/],
    [
      `ip saddr { 192.0.2.1, ${UPSTREAM} } udp dport { 5060, 5061 } counter packets 4 bytes 800 accept comment "SIP"`,
      "drop",
      /^ok/,
    ],
    ['iifname "eth0" udp dport 5060 accept', "drop", /^warning the firewall lets all senders/],
    [
      'ct state { established, related } accept\n\t\tiifname { "lan0", "lo" } accept',
      "drop",
      /^warning the firewall drops/,
    ],
    ["ct state vmap { established : accept, invalid : drop }\n\t\tjump mine", "drop", /^warning the firewall drops/],
    ['iifname vmap { "eth0" : jump mine }', "drop", /^skipped/],
    ['iifname != "eth0" accept', "drop", /^skipped/],
    ['iifname "eth*" udp dport 5060 accept', "drop", /^warning the firewall lets all senders/],
    ["", "accept", /^warning the firewall lets all senders/],
  ])("nft: %s", (rules, policy, expected) => {
    const ruleset = `table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy ${policy};\n\t\t${rules}\n\t}\n\tchain mine {\n\t}\n}\n#`;
    expect(told("firewall", { family: "debian", said: { [RULES]: ruleset } })).toMatch(expected);
  });

  test("no way to upstream, no rules to be read", () => {
    expect(told("firewall", { peers: [] })).toMatch(/^skipped/);
    expect(told("firewall", { said: { [RULES]: undefined } })).toMatch(/^skipped/);
    expect(told("firewall")).toMatch(/^warning the firewall lets all senders in on eth0/);
  });

  test("nobody in the Internet reaches a private address: open is well there", () => {
    const addresses = [{ device: "eth0", address: "192.168.1.2", cidr: "192.168.1.2/24" }];
    expect(told("firewall", { addresses, peers: [peer({ local: "192.168.1.2" })] })).toMatch(/^ok/);
  });
});

describe("doctor: offload", () => {
  const files = { [EDGEOS_CONFIG]: "system {\n    offload {\n        hwnat enable\n    }\n}" };
  const wireguard = {
    addresses: [{ device: "wg0", address: "10.9.0.2", cidr: "10.9.0.2/24" }],
    peers: [peer({ local: "10.9.0.2" })],
  };

  test("with WireGuard to upstream it harms, else it doesn't; doctor leaves the choice to you", () => {
    expect(told("offload", { family: "edgeos", files })).toMatch(/^ok/);
    const said = told("offload", { family: "edgeos", files, ...wireguard });
    expect(said).toMatch(/^warning hardware offloading/);
    expect(said).toContain("set system offload hwnat disable");
    expect(said).not.toContain("undo:");
    expect(told("offload", wireguard)).toMatch(/^ok/);
  });
});
