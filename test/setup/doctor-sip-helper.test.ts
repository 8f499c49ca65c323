/** doctor on the kernel's SIP helper and connection tracking: what it makes of each family's own outputs. */
import { describe, expect, test } from "vitest";
import {
  BUILT_IN,
  DROPPED,
  HAS_CONNTRACK,
  HELPER,
  MODULES,
  NVRAM_SIP,
  RULES,
  TRACKED,
  UCI_FIREWALL,
} from "../../src/setup/doctor/families.ts";
import { LAN, told, UPSTREAM, WAN } from "./healthy.ts";

/** As an EdgeRouter X with EdgeOS 2 shows them. */
const LOADED = `nf_nat_sip 9713 0 - Live 0x8f4e0000 (O)
nf_conntrack_sip 21325 1 nf_nat_sip, Live 0x8f4d0000
nf_nat 17361 8 nf_nat_sip,iptable_nat, Live 0x8f000000
`;
const ON = { [MODULES]: LOADED, [HELPER]: "1\n" };

describe("doctor: sip-helper", () => {
  test("no module: nothing to say", () => {
    expect(told("sip-helper")).toBe("ok the kernel has no SIP helper loaded");
  });

  test("EdgeOS: the module is at work; cure through its configuration, with conntrack where it is there", () => {
    const said = told("sip-helper", { family: "edgeos", files: ON, said: { [HAS_CONNTRACK]: "/usr/sbin/conntrack" } });
    expect(said).toMatch(/^fault nf_conntrack_sip processes all SIP here: it rewrites addresses/);
    expect(said.split("\n").slice(1)).toEqual([
      "configure",
      "set system conntrack modules sip disable",
      "commit",
      "save",
      "exit",
      "! grep -q _sip /proc/modules || rmmod nf_nat_sip nf_conntrack_sip",
      "conntrack -D -p udp --dport 5060",
      "undo:",
      "configure",
      "delete system conntrack modules sip disable",
      "commit",
      "save",
      "exit",
    ]);
  });

  test("loaded, but attached to nothing: harmless; without root that can't be known", () => {
    const files = { [MODULES]: LOADED, [HELPER]: "0\n" };
    expect(told("sip-helper", { files })).toMatch(/^ok .*nothing makes it look/);
    expect(told("sip-helper", { files, isRoot: false })).toMatch(/^skipped .*looks at calls needs root \(sudo\)$/);
  });

  test.each([
    ["iptables", "*raw\n-A zone_lan_helper -p udp -m udp --dport 5060 -j CT --helper sip\nCOMMIT"],
    ["nftables", 'ct helper sip {\n\t\ttype "sip" protocol udp\n\t\tl3proto ip\n\t}'],
  ])("a rule of %s gives it calls", (_, rules) => {
    expect(told("sip-helper", { files: { [MODULES]: LOADED, [HELPER]: "0" }, said: { [RULES]: rules } })).toMatch(
      /^fault/,
    );
  });

  test("tracked connections show it at work", () => {
    const tracked = `udp 17 170 src=10.222.237.21 dst=${UPSTREAM} sport=5060 dport=5060 src=${UPSTREAM} dst=${WAN} sport=5060 dport=5060 [ASSURED] mark=0 helper=sip use=2`;
    expect(told("sip-helper", { files: { [MODULES]: LOADED }, said: { [TRACKED]: tracked } })).toMatch(/^fault/);
  });

  test("what it has dropped is counted", () => {
    const said = (count: string) => told("sip-helper", { files: ON, said: { [DROPPED]: count } }).split("\n")[0];
    expect(said("0")).not.toContain("dmesg");
    expect(said("12")).toMatch(/; dmesg tells of 12 messages dropped$/);
  });

  test("built in, on a kernel that attaches by itself", () => {
    expect(told("sip-helper", { kernel: 310, files: { [BUILT_IN]: "parameters" } })).toMatch(/^fault/);
    expect(told("sip-helper", { kernel: 601, files: { [BUILT_IN]: "parameters" } })).toMatch(/^ok/);
  });

  test("OpenWrt: no automatic helpers in the defaults and each zone; what was set before comes back", () => {
    const uci =
      "firewall.@defaults[0]=defaults\nfirewall.@zone[0]=zone\nfirewall.@zone[0].name='lan'\nfirewall.@zone[0].auto_helper='1'\n";
    const said = told("sip-helper", { family: "openwrt", files: ON, said: { [UCI_FIREWALL]: uci } });
    expect(said.split("\n").slice(1)).toEqual([
      "uci set 'firewall.@defaults[0].auto_helper=0'",
      "uci set 'firewall.@zone[0].auto_helper=0'",
      "uci commit firewall",
      "/etc/init.d/firewall reload",
      "! grep -q _sip /proc/modules || rmmod nf_nat_sip nf_conntrack_sip",
      "undo:",
      "uci -q delete 'firewall.@defaults[0].auto_helper'",
      "uci set 'firewall.@zone[0].auto_helper=1'",
      "uci commit firewall",
      "/etc/init.d/firewall reload",
    ]);
  });

  test("Tomato: nvram; its kernels attach by themselves", () => {
    const said = told("sip-helper", {
      family: "tomato",
      kernel: 206,
      files: { [MODULES]: LOADED },
      said: { [NVRAM_SIP]: "1" },
    });
    expect(said).toContain("\nnvram set nf_sip=0\nnvram commit\n");
    expect(said).toContain("undo:\nnvram set nf_sip=1\nnvram commit");
  });

  test("Debian: modprobe.d, and sysctl.d where the kernel attaches it; a rule is its owner's", () => {
    const said = told("sip-helper", { family: "debian", files: ON });
    expect(said).toContain("echo net.netfilter.nf_conntrack_helper=0 >/etc/sysctl.d/90-branchline-helper.conf");
    expect(said).toContain(
      "printf 'install %s /bin/false\\n' nf_nat_sip nf_conntrack_sip >/etc/modprobe.d/branchline.conf",
    );
    expect(said).toContain("undo:\nrm /etc/modprobe.d/branchline.conf /etc/sysctl.d/90-branchline-helper.conf");
    const byRule = told("sip-helper", {
      family: "debian",
      files: { [MODULES]: LOADED },
      said: { [RULES]: "-j CT --helper sip" },
    });
    expect(byRule).toContain('# take the rule with the helper "sip" out of your firewall');
  });

  test("nothing can be read", () => {
    expect(told("sip-helper", { files: { [MODULES]: undefined } })).toMatch(/^skipped/);
  });
});

describe("doctor: conntrack", () => {
  const entry = (source: string, to: string, reply: string) =>
    `udp      17 28 src=${source} dst=${to} sport=5060 dport=5060 src=${to} dst=${reply} sport=5060 dport=5060 mark=0 use=1\n#`;

  test.each([
    ["our own requests", WAN, UPSTREAM, WAN],
    ["a phone behind our address", "10.222.237.21", UPSTREAM, WAN],
    ["a phone with us", "10.222.237.21", LAN, "10.222.237.21"],
    ["somebody else's NAT", "10.222.237.21", "192.0.2.77", "198.18.0.9"],
  ])("%s: fine", (_, source, to, reply) => {
    expect(told("conntrack", { said: { [TRACKED]: entry(source, to, reply) } })).toMatch(/^ok/);
  });

  test.each([
    ["our own requests from the address that we had", "203.0.113.77", UPSTREAM, "203.0.113.77"],
    ["a phone behind the address that we had", "10.222.237.21", UPSTREAM, "203.0.113.77"],
  ])("%s: flushed", (_, source, to, reply) => {
    const tracked = entry(source, to, reply);
    const said = told("conntrack", { said: { [TRACKED]: tracked, [HAS_CONNTRACK]: "/usr/sbin/conntrack" } });
    expect(said).toMatch(/^warning 1 tracked connection still on 203\.0\.113\.77, which isn't this router's/);
    expect(said).toContain("\nconntrack -D -p udp --dport 5060\nundo:");
    expect(told("conntrack", { said: { [TRACKED]: tracked } })).toContain("# install conntrack");
  });

  test("two addresses that the router had are both named", () => {
    const tracked = ["203.0.113.77", "203.0.113.78"].map((had) => entry("10.222.237.21", UPSTREAM, had)).join("\n");
    expect(told("conntrack", { said: { [TRACKED]: tracked } })).toMatch(
      /^warning 2 tracked connections still on 203\.0\.113\.77, 203\.0\.113\.78, which aren't this router's/,
    );
  });

  test("what the kernel's own file shows is read too", () => {
    const line = `ipv4     2 ${entry("203.0.113.77", UPSTREAM, "203.0.113.77")}`;
    expect(told("conntrack", { said: { [TRACKED]: line } })).toMatch(/^warning/);
  });

  test("only root may read it", () => {
    expect(told("conntrack", { said: { [TRACKED]: undefined } })).toMatch(/^skipped/);
  });
});
