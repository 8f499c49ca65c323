/**
 * `branchline init` on routers of ten kinds: what it writes is right. Each row is a router in a namespace; the PBX is named by its phones,
 * or by flag, and nothing of it is running: where it is, the kernel and /etc/hosts know. Where init asks: init-asks.test.ts.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { BranchLab } from "./branch-lab.ts";
import { AUTO, FIVE, GATEWAY, GW, LAN, PBX, usual } from "./usual-branch.ts";

cleanUpAfterEach();

interface Written {
  readonly listen: readonly string[];
  readonly localnet?: string;
  readonly upstream?: string;
  readonly gateways?: string;
}

const RIGHT: readonly (readonly [string, () => Promise<BranchLab>, readonly string[], Written])[] = [
  [
    "PBX by name behind a tunnel, the default route elsewhere",
    () => usual(new BranchLab(FIVE).route("default", "wan1").route("192.0.2.0/24", "wg0").knows(`192.0.2.10 ${PBX}`)),
    AUTO,
    { listen: [LAN, GW, "udp:10.99.0.2:5060"] },
  ],
  [
    "PBX by name on a WAN without any default route",
    () => usual(new BranchLab(["lan0", "gw0", "wan0"]).knows(`203.0.113.4 ${PBX}`)),
    AUTO,
    { listen: [LAN, GW, "udp:203.0.113.2:5060"] },
  ],
  [
    "PBX by name behind the default route",
    () => usual(new BranchLab(FIVE).route("default", "wan0").knows(`192.0.2.10 ${PBX}`)),
    AUTO,
    { listen: [LAN, GW, "udp:203.0.113.2:5060"] },
  ],
  [
    "PBX by name with two addresses, one behind each of two WANs",
    () =>
      usual(
        new BranchLab(FIVE)
          .route("default", "wan0")
          .route("192.0.2.0/24", "wan1")
          .knows(`192.0.2.10 ${PBX}`, `192.88.99.10 ${PBX}`),
      ),
    AUTO,
    { listen: [LAN, GW, "udp:203.0.113.2:5060", "udp:198.51.100.2:5060"] },
  ],
  [
    "PBX by address behind a second WAN",
    () => usual(new BranchLab(FIVE).route("default", "wan0").route("192.0.2.0/24", "wan1")),
    [...AUTO, "--upstream", "192.0.2.10"],
    { listen: [LAN, GW, "udp:198.51.100.2:5060"], upstream: "sip:192.0.2.10" },
  ],
  [
    "PBX behind a second WAN by a rule of the kernel's, which no routing table of /proc shows",
    async () => {
      const lab = new BranchLab(FIVE).route("default", "wan0").route("default", "wan1", "table", "91");
      lab.router.ip("rule", "add", "to", "192.0.2.0/24", "table", "91");
      return usual(lab.knows(`192.0.2.10 ${PBX}`));
    },
    AUTO,
    { listen: [LAN, GW, "udp:198.51.100.2:5060"] },
  ],
  [
    "PBX behind a WAN whose address comes by DHCP: the interface's name",
    async () => {
      const lab = new BranchLab(FIVE).route("default", "wan0").knows(`192.0.2.10 ${PBX}`);
      const lease = ["valid_lft", "3600", "preferred_lft", "3600"];
      lab.router.ip("address", "change", "203.0.113.2/29", "dev", "wan0", ...lease);
      return usual(lab);
    },
    AUTO,
    { listen: [LAN, GW, "udp:wan0:5060"] },
  ],
  [
    "PBX behind a tunnel without an address of its own, by a route that names another one",
    async () => {
      const lab = new BranchLab(FIVE).route("default", "wan1").knows(`192.0.2.10 ${PBX}`);
      lab.router.ip("address", "flush", "dev", "wg0");
      lab.router.ip("route", "add", "192.0.2.0/24", "dev", "wg0", "src", "203.0.113.2");
      return usual(lab);
    },
    AUTO,
    { listen: [LAN, GW, "udp:203.0.113.2:5060"] },
  ],
  [
    "PBX by IPv6 address",
    () => usual(new BranchLab(["lan0", "gw0", "wan0"]).route("default", "wan0").addIpv6("wan0")),
    [...AUTO, "--upstream", "2001:db8:5::10"],
    { listen: [LAN, GW, "udp:[2001:db8:91::2]:5060"], upstream: "sip:[2001:db8:5::10]" },
  ],
  [
    "PBX by a name that has an IPv6 address alone, TLS",
    () =>
      usual(
        new BranchLab(["lan0", "gw0", "wan0"]).route("default", "wan0").addIpv6("wan0").knows(`2001:db8:5::10 ${PBX}`),
      ),
    [...AUTO, "--upstream", `tls:${PBX}`],
    { listen: [LAN, GW, "tls:[2001:db8:91::2]:5061"], upstream: `sip:${PBX};transport=tls` },
  ],
  [
    "a gateway that doesn't say what it is, given by flag",
    async () => {
      const lab = new BranchLab(["lan0", "gw0", "wan0"]).route("default", "wan0").knows(`192.0.2.10 ${PBX}`);
      await lab.addPhone("lan0", "201");
      return lab.addGateway();
    },
    [...AUTO, "--gateway", "10.91.1.3"],
    { listen: [LAN, GW, "udp:203.0.113.2:5060"] },
  ],
  [
    "a gateway of which the kernel hasn't heard, and that says what it is",
    async () => {
      const lab = new BranchLab(["lan0", "gw0", "wan0"]).route("default", "wan0").knows(`192.0.2.10 ${PBX}`);
      await lab.addPhone("lan0", "201");
      return lab.addGateway(GATEWAY, false);
    },
    AUTO,
    { listen: [LAN, GW, "udp:203.0.113.2:5060"] },
  ],
  [
    "phones on two LANs",
    async () => {
      const lab = new BranchLab(["lan0", "lan1", "gw0", "wan0"]).route("default", "wan0").knows(`192.0.2.10 ${PBX}`);
      await lab.addPhone("lan1", "202");
      return usual(lab);
    },
    AUTO,
    {
      listen: [LAN, "udp:10.91.30.1:5060", GW, "udp:203.0.113.2:5060"],
      localnet: "10.91.20.0/24, 10.91.30.0/24",
    },
  ],
  [
    "PBX and gateway among the phones, the router one arm of theirs",
    async () => {
      const lab = new BranchLab(["lan0"]).route("default", "lan0").knows(`10.91.20.5 ${PBX}`);
      return lab.addPhone("lan0", "201");
    },
    [...AUTO, "--gateway", "10.91.20.3"],
    { listen: [LAN], gateways: "sip:10.91.20.3" },
  ],
];

describeWith(["namespaces", "mounts"], "init on a router", () => {
  const wantsTls = ([, , args]: (typeof RIGHT)[number]) => args.some((word) => word.startsWith("tls:"));
  for (const needs of [[], ["TLS"]] as const) {
    const rows = RIGHT.filter((row) => wantsTls(row) === needs.length > 0);
    describeWith(needs, "writes what is right", () => {
      test.each(rows)("%s", async (_, build, args, { listen, ...others }) => {
        const lab = await build();
        const file = join(temporaryFolder(), "branchline.yaml");
        const { code, text } = await lab.run("init", "-c", file, "--emergency", "112", ...args);
        expect(code, text).toBe(0);
        const { localnet = "10.91.20.0/24", upstream = `sip:${PBX}`, gateways = "sip:10.91.1.3" } = others;
        for (const line of [
          `listen: [${listen.map((one) => (one.includes("[") ? `"${one}"` : one)).join(", ")}]`,
          `localnet: [${localnet}]`,
          `gateways: [${gateways}]`,
        ]) {
          expect(readFileSync(file, "utf8").split("\n")).toContain(line);
        }
        expect(readFileSync(file, "utf8")).toMatch(new RegExp(`targets: \\[.*${upstream.replace(/[[\]]/g, ".")}`));
        // No gateway is there to answer.
        const silent = /^.*warning: gateway .* hasn't answered OPTIONS: .*$/m;
        expect(text.replace(silent, "")).not.toContain("warning");
      });
    });
  }
});
