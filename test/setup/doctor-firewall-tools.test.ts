/** What doctor advises about a firewall: in the words of the tool that keeps it, for upstream that is kept out, and for an open door. */
import { describe, expect, test } from "vitest";
import { EDGEOS_CONFIG, RULES, UBUS, UCI_FIREWALL } from "../../src/setup/doctor/families.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeWith } from "../peers/support/peers.ts";
import { GATEWAY, LAN, peer, told, UPSTREAM, WAN, YAML } from "./healthy.ts";

type Change = Parameters<typeof told>[1];

cleanUpAfterEach();

const lines = (rules: string, change: Change = {}, yaml?: string) =>
  told("firewall", { family: "debian", said: { [RULES]: rules }, ...change }, yaml).split("\n");

/** As ufw 0.36 makes it, with iptables-save 1.8.9; the chains that say nothing about SIP are left out. */
const ufw = (rules = "") => `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:ufw-before-input - [0:0]
:ufw-after-input - [0:0]
:ufw-logging-deny - [0:0]
:ufw-not-local - [0:0]
:ufw-user-input - [0:0]
:ufw-skip-to-policy-input - [0:0]
-A INPUT -j ufw-before-input
-A INPUT -j ufw-after-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT
-A ufw-before-input -j ufw-not-local
-A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
-A ufw-not-local -m addrtype --dst-type MULTICAST -j RETURN
-A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j ufw-logging-deny
-A ufw-not-local -j DROP
-A ufw-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "
-A ufw-after-input -p udp -m udp --dport 137 -j ufw-skip-to-policy-input
-A ufw-after-input -m addrtype --dst-type BROADCAST -j ufw-skip-to-policy-input
-A ufw-skip-to-policy-input -j DROP
${rules}COMMIT
#iptables
table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
		counter packets 1 bytes 60 jump ufw-before-input
	}
}
#nft`;

/** As firewalld 1.3 makes it; the zone has what `rules` and `early` say. */
const firewalld = (rules = "", early = "") => `#iptables
table inet firewalld {
	chain filter_INPUT {
		type filter hook input priority filter + 10; policy accept;
		ct state { established, related } accept
		ct status dnat accept
		iifname "lo" accept
		ct state invalid drop
		jump filter_INPUT_ZONES
		reject with icmpx admin-prohibited
	}

	chain filter_INPUT_ZONES {
		iifname "switch0" goto filter_IN_home
		iifname "eth0" goto filter_IN_public
		goto filter_IN_public
	}

	chain filter_IN_public {
		jump filter_IN_public_pre
		jump filter_IN_public_allow
		meta l4proto { icmp, ipv6-icmp } accept
		reject with icmpx admin-prohibited
	}

	chain filter_IN_public_pre {
${early}	}

	chain filter_IN_public_allow {
		tcp dport 22 accept
		ip6 daddr fe80::/64 udp dport 546 accept
${rules}	}
}
#nft`;

const inet = (rules: string, policy = "drop") =>
  `table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy ${policy};\n${rules}\t}\n}\n#nft`;

describe("doctor: upstream is kept out", () => {
  test("ufw: its chains are followed; the cure is in its words", () => {
    expect(lines(ufw())).toEqual([
      expect.stringMatching(/^warning the firewall drops requests of 198\.51\.100\.10 on eth0/),
      `ufw allow in on eth0 proto udp from ${UPSTREAM} to any port 5060`,
    ]);
    expect(lines(ufw(`-A ufw-user-input -s ${UPSTREAM}/32 -i eth0 -p udp -m udp --dport 5060 -j ACCEPT\n`))).toEqual([
      `ok the firewall lets requests of ${UPSTREAM} on eth0 in`,
    ]);
  });

  test("firewalld: the zone of the interface", () => {
    expect(lines(firewalld())).toEqual([
      expect.stringMatching(/^warning the firewall drops/),
      `firewall-cmd --permanent --zone=public --add-rich-rule='rule family="ipv4" source address="${UPSTREAM}" port port="5060" protocol="udp" accept'`,
      "firewall-cmd --reload",
    ]);
    expect(lines(firewalld(`\t\tip saddr ${UPSTREAM} udp dport 5060 accept\n`))[0]).toMatch(/^ok/);
  });

  test("nftables: in the chain that keeps it out", () => {
    expect(lines(inet('\t\tiifname "switch0" accept\n'))).toEqual([
      expect.stringMatching(/^warning the firewall drops/),
      `nft insert rule inet filter input 'iifname "eth0" ip saddr { ${UPSTREAM} } udp dport { 5060 } accept'`,
      "# and in /etc/nftables.conf",
    ]);
  });

  test("nftables beside iptables: each must let it in, and the one that doesn't is opened", () => {
    const open = `*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n#iptables\n`;
    expect(lines(open + inet(""))[1]).toMatch(/^nft insert rule inet filter input /);
    expect(lines(`${open.replace("ACCEPT", "DROP")}${inet("", "accept")}`)[1]).toMatch(/^iptables -I INPUT -s /);
  });

  test("upstream over UDP and TCP gets a rule for each", () => {
    const yaml = YAML.replace(`udp:${WAN}`, `udp:${WAN}, tcp:${WAN}`);
    const ports = [undefined, undefined, undefined, undefined];
    const rules = lines(ufw(), { ports }, yaml).slice(1);
    expect(rules.map((line) => /proto (\w+)/.exec(line)?.[1])).toEqual(["udp", "tcp"]);
  });
});

describe("doctor: everybody is let in", () => {
  const OPEN = /^warning the firewall lets all senders in on eth0/;
  const NFT_TABLE = [
    "nft add table ip branchline",
    "nft add chain ip branchline input '{ type filter hook input priority 0; }'",
    `nft add rule ip branchline input 'iifname "eth0" ip saddr { ${UPSTREAM} } udp dport { 5060 } accept'`,
    `nft add rule ip branchline input 'iifname "eth0" udp dport { 5060 } drop'`,
    "# and in /etc/nftables.conf",
  ];

  test.each([
    ["a Debian without any rules", "#iptables\n#nft", NFT_TABLE],
    ["a Debian with nftables alone", "#nft", NFT_TABLE],
    ["nftables that accept all", inet("", "accept"), NFT_TABLE],
    [
      "a Linux with iptables alone",
      "#iptables",
      [
        "iptables -I INPUT -i eth0 -p udp -m multiport --dports 5060 -j DROP",
        `iptables -I INPUT -i eth0 -s ${UPSTREAM} -p udp -m multiport --dports 5060 -j ACCEPT`,
        "# and where your firewall keeps its rules",
      ],
    ],
    [
      "ufw with the port open",
      ufw("-A ufw-user-input -p udp -m udp --dport 5060 -j ACCEPT\n"),
      [
        "ufw prepend deny in on eth0 proto udp from any to any port 5060",
        `ufw prepend allow in on eth0 proto udp from ${UPSTREAM} to any port 5060`,
      ],
    ],
    [
      "firewalld with the port open",
      firewalld("\t\tudp dport 5060 accept\n"),
      [
        `firewall-cmd --permanent --zone=public --add-rich-rule='rule priority="-2" family="ipv4" source address="${UPSTREAM}" port port="5060" protocol="udp" accept'`,
        `firewall-cmd --permanent --zone=public --add-rich-rule='rule priority="-1" family="ipv4" port port="5060" protocol="udp" drop'`,
        "firewall-cmd --reload",
      ],
    ],
  ])("%s", (_, rules, cure) => {
    expect(lines(rules)).toEqual([expect.stringMatching(OPEN), ...cure]);
  });

  test("FreshTomato: iptables, and where its web page keeps them", () => {
    const cure = lines("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n#iptables", { family: "tomato" });
    expect(cure[1]).toMatch(/^iptables -I INPUT -i eth0 .* -j DROP$/);
    expect(cure[cure.length - 1]).toBe("# and in Administration, Scripts, Firewall");
  });

  test("rules of firewalld and ufw that do so afterwards are read as well", () => {
    const early = `\t\tip saddr ${UPSTREAM} udp dport 5060 accept\n\t\tmeta nfproto ipv4 udp dport 5060 drop\n`;
    expect(lines(firewalld("\t\tudp dport 5060 accept\n", early))[0]).toMatch(/^ok/);
    const before = `-A ufw-user-input -s ${UPSTREAM}/32 -i eth0 -p udp -m udp --dport 5060 -j ACCEPT
-A ufw-user-input -i eth0 -p udp -m udp --dport 5060 -j DROP
-A ufw-user-input -p udp -m udp --dport 5060 -j ACCEPT\n`;
    expect(lines(ufw(before))[0]).toMatch(/^ok/);
  });

  test("phones and gateways behind the same interface are let in too", () => {
    const addresses = [
      { device: "eth0", address: WAN, cidr: `${WAN}/24` },
      { device: "eth0", address: LAN, cidr: `${LAN}/24` },
      { device: "eth0", address: "10.10.1.1", cidr: "10.10.1.1/24" },
    ];
    expect(lines("#nft", { addresses, peers: [peer(), GATEWAY] })[3]).toContain(
      `ip saddr { ${UPSTREAM}, 10.222.237.0/24, 10.10.1.3 } udp dport { 5060 } accept`,
    );
  });

  const edgeos = (firewall: string, local: string) =>
    told("firewall", {
      family: "edgeos",
      files: { [EDGEOS_CONFIG]: `${firewall}interfaces {\nethernet eth0 {\naddress dhcp\n${local}}\n}\n` },
    }).split("\n");

  test("EdgeOS without a ruleset there: one that keeps SIP out, and nothing else", () => {
    expect(edgeos("", "")).toEqual([
      expect.stringMatching(OPEN),
      "configure",
      "set firewall name BRANCHLINE_LOCAL default-action accept",
      `set firewall group network-group branchline-senders network ${UPSTREAM}/32`,
      "set firewall name BRANCHLINE_LOCAL rule 10 action accept",
      "set firewall name BRANCHLINE_LOCAL rule 10 description branchline",
      "set firewall name BRANCHLINE_LOCAL rule 10 protocol udp",
      "set firewall name BRANCHLINE_LOCAL rule 10 destination port 5060",
      "set firewall name BRANCHLINE_LOCAL rule 10 source group network-group branchline-senders",
      "set firewall name BRANCHLINE_LOCAL rule 20 action drop",
      "set firewall name BRANCHLINE_LOCAL rule 20 description branchline",
      "set firewall name BRANCHLINE_LOCAL rule 20 protocol udp",
      "set firewall name BRANCHLINE_LOCAL rule 20 destination port 5060",
      "set interfaces ethernet eth0 firewall local name BRANCHLINE_LOCAL",
      "commit",
      "save",
      "exit",
    ]);
  });

  test("EdgeOS without a ruleset on PPPoE over a VLAN: it gets one there", () => {
    const boot = "interfaces {\nethernet eth0 {\nvif 7 {\npppoe 0 {\nmtu 1492\n}\n}\n}\n}\n";
    const addresses = [{ device: "pppoe0", address: WAN, cidr: `${WAN}/32` }];
    expect(told("firewall", { family: "edgeos", files: { [EDGEOS_CONFIG]: boot }, addresses })).toContain(
      "\nset interfaces ethernet eth0 vif 7 pppoe 0 firewall local name BRANCHLINE_LOCAL\n",
    );
  });

  test("EdgeOS with a rule that lets everybody in: two rules before that one", () => {
    const rules = (number: number, taken = "") =>
      `firewall {\nname WAN_LOCAL {\ndefault-action drop\n${taken}rule ${number} {\naction accept\nprotocol udp\ndestination {\nport 5060\n}\n}\n}\n}\n`;
    const local = "firewall {\nlocal {\nname WAN_LOCAL\n}\n}\n";
    const numbers = (text: string) => [
      ...new Set(edgeos(text, local).flatMap((line) => /WAN_LOCAL rule (\d+)/.exec(line)?.[1] ?? [])),
    ];
    expect(numbers(rules(30))).toEqual(["28", "29"]);
    expect(numbers(rules(26, "rule 25 {\naction drop\nprotocol icmp\n}\n"))).toEqual(["23", "24"]);
    expect(numbers(rules(3))).toEqual(["1", "2"]);
    expect(edgeos(rules(1), local)[1]).toMatch(/^# move rule 1 of firewall name WAN_LOCAL /);
  });

  test("OpenWrt: a rule that drops all others, and both before the one that lets them in", () => {
    const uci =
      "firewall.@zone[0]=zone\nfirewall.@zone[0].name='wan'\nfirewall.@zone[0].network='wan'\nfirewall.@zone[0].input='REJECT'\n" +
      "firewall.sip=rule\nfirewall.sip.src='wan'\nfirewall.sip.proto='udp'\nfirewall.sip.dest_port='5060'\nfirewall.sip.target='ACCEPT'\n";
    const ubus = JSON.stringify({ interface: [{ interface: "wan", l3_device: "eth0" }] });
    const said = told("firewall", { family: "openwrt", said: { [UCI_FIREWALL]: uci, [UBUS]: ubus } }).split("\n");
    expect(said).toEqual([
      expect.stringMatching(OPEN),
      "uci set firewall.branchline_others='rule'",
      "uci set firewall.branchline_others.name='branchline_others'",
      "uci set firewall.branchline_others.src='wan'",
      "uci set firewall.branchline_others.family='ipv4'",
      "uci set firewall.branchline_others.proto='udp'",
      "uci set firewall.branchline_others.dest_port='5060'",
      "uci set firewall.branchline_others.target='DROP'",
      "uci set firewall.branchline='rule'",
      "uci set firewall.branchline.name='branchline'",
      "uci set firewall.branchline.src='wan'",
      `uci add_list firewall.branchline.src_ip='${UPSTREAM}'`,
      "uci set firewall.branchline.proto='udp'",
      "uci set firewall.branchline.dest_port='5060'",
      "uci set firewall.branchline.target='ACCEPT'",
      "uci reorder firewall.branchline_others=0",
      "uci reorder firewall.branchline=0",
      "uci commit firewall",
      "/etc/init.d/firewall reload",
    ]);
  });
});

describeWith(["namespaces", "nft"], "doctor: what it advises about nftables", () => {
  const said = (space: Namespace) => `${space.output("nft", "list", "ruleset")}\n#nft`;
  /** Does in `space` what the cure says. */
  const treat = (space: Namespace, cure: readonly string[]) => {
    for (const line of cure) if (!line.startsWith("#")) space.output("sh", "-c", line);
  };

  test.each([
    ["no rules: strangers are kept out, upstream isn't", ""],
    [
      "a chain that drops all: upstream is let in",
      "add table inet filter; add chain inet filter input { type filter hook input priority 0; policy drop; }",
    ],
    [
      "both",
      "add table inet filter; add chain inet filter input { type filter hook input priority 0; policy drop; }; add rule inet filter input udp dport 5060 accept",
    ],
  ])("is what nft takes, and afterwards all is well: %s", (_, rules) => {
    const space = Namespace.create("wall");
    if (rules !== "") space.nft(rules);
    const [finding = "", ...cure] = lines(said(space));
    expect(finding).toMatch(/^warning/);
    treat(space, cure);
    expect(lines(said(space))).toEqual([`ok the firewall lets requests of ${UPSTREAM} on eth0 in`]);
  });
});
