/**
 * The bundle's `doctor` where upstream is behind a tunnel and the default route leads to the Internet: by which interface the kernel
 * sends to upstream, what comes in from strangers, and from which of our addresses upstream answers.
 *
 *   phones ─ lan0 192.168.40.1 ┐        ┌─ wan0 203.0.113.2 ── 203.0.113.1 internet
 *                              ├ router ┤
 *   gateway ─ gw0 10.44.0.1 ───┘        └─ tun0 10.99.0.2 ── 10.99.0.1 hq, pbx 10.50.0.10
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { until } from "./support/clock.ts";
import { runDoctor } from "./support/doctors-patient.ts";
import { Namespace } from "./support/namespace.ts";
import { describeWith } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const PBX = "10.50.0.10";
const LAN = "192.168.40.1";
const TUNNEL = "10.99.0.2";
const GATEWAY = "10.44.0.2";
const DEVICES = ["lan0", "gw0", "wan0", "tun0"] as const;

cleanUpAfterEach();

interface Lab {
  readonly router: Namespace;
  readonly hq: Namespace;
  /** Sets the filters for forged addresses (`rp_filter`). */
  filter(values: Partial<Readonly<Record<(typeof DEVICES)[number], number>>>): void;
}

async function build(): Promise<Lab> {
  const [office, pstn, router, internet, hq] = ["phones", "gateway", "router", "internet", "hq"].map((role) =>
    Namespace.create(role),
  ) as [Namespace, Namespace, Namespace, Namespace, Namespace];
  office.connect(["eth0", "192.168.40.21/24"], router, ["lan0", `${LAN}/24`]);
  pstn.connect(["eth0", `${GATEWAY}/24`], router, ["gw0", "10.44.0.1/24"]);
  internet.connect(["eth0", "203.0.113.1/29"], router, ["wan0", "203.0.113.2/29"]);
  hq.connect(["eth0", "10.99.0.1/30"], router, ["tun0", `${TUNNEL}/30`]);
  hq.addAddress(`${PBX}/32`);
  router.ip("route", "add", "default", "via", "203.0.113.1");
  router.ip("route", "add", "10.50.0.0/24", "via", "10.99.0.1");
  hq.ip("route", "add", "192.168.40.0/24", "via", TUNNEL);
  await SipAgent.open({ host: GATEWAY, port: 5060 }, pstn.name);
  await SipAgent.open({ host: PBX, port: 5060 }, hq.name);
  const isUp = (device: string) => router.output("ip", "-o", "link", "show", device).includes("state UP");
  await until("the router's interfaces are up", () => DEVICES.every(isUp));
  const set = (device: string, value: number) =>
    router.output("sysctl", "-qw", `net/ipv4/conf/${device}/rp_filter=${value}`);
  set("all", 0);
  for (const device of DEVICES) set(device, 1);
  const filter: Lab["filter"] = (values) => {
    for (const [device, value] of Object.entries(values)) set(device, value);
  };
  return { router, hq, filter };
}

function examine({ router }: Lab, listen: readonly string[] = [LAN, "10.44.0.1", TUNNEL]) {
  const file = join(temporaryFolder(), "branchline.yaml");
  const settings = {
    listen: listen.map((address) => `udp:${address}:5060`),
    localnet: ["192.168.40.0/24"],
    upstream: `sip:${PBX}`,
    gateways: [`sip:${GATEWAY}`],
  };
  writeFileSync(file, stringify(settings));
  return runDoctor(file, { namespace: router.name });
}

describeWith(["namespaces", "nft"], "doctor: upstream is behind a tunnel", () => {
  test("the Internet's interface is judged too: forged phones' addresses, and strangers", {
    timeout: 60_000,
  }, async () => {
    const lab = await build();
    lab.filter({ wan0: 0 });
    const open = await examine(lab);
    expect(open.of("upstream")).toMatch(/^ok /);
    expect(open.of("routes")).toMatch(/^warning wan0 accepts packets with a forged source address from the LAN/);
    expect(open.of("firewall").split("\n")).toEqual(
      expect.arrayContaining(["warning the firewall lets all senders in on wan0: strangers will try to dial out"]),
    );
    lab.filter({ wan0: 1, lan0: 0, gw0: 0 });
    lab.router.nft(
      'add table ip f; add chain ip f in { type filter hook input priority 0; }; add rule ip f in iifname "wan0" drop',
    );
    const shut = await examine(lab);
    expect(shut.of("routes")).toMatch(/^ok /);
    expect(shut.of("firewall")).toMatch(/^ok the firewall keeps strangers out on wan0$/m);
    expect(shut.of("firewall")).not.toContain("warning");
  });

  test("a route with the LAN's address as its source leads by the tunnel: that is judged", {
    timeout: 60_000,
  }, async () => {
    const lab = await build();
    lab.router.ip("route", "replace", "10.50.0.0/24", "via", "10.99.0.1", "dev", "tun0", "src", LAN);
    lab.filter({ tun0: 0, lan0: 0 });
    lab.router.nft(
      'add table ip f; add chain ip f in { type filter hook input priority 0; policy drop; }; add rule ip f in iifname "lan0" accept; add rule ip f in ct state established accept',
    );
    const said = await examine(lab);
    expect(said.of("upstream")).toMatch(/^ok .* answers OPTIONS from 192\.168\.40\.1/);
    expect(said.of("routes")).toMatch(/^warning tun0 accepts packets/);
    expect(said.of("firewall")).toMatch(/^warning the firewall drops requests of 10\.50\.0\.10 on tun0/m);
    expect(said.of("return-path")).toMatch(/^ok /);
  });

  test("upstream has no route back to the tunnel's address: doctor says from which address it answers", {
    timeout: 60_000,
  }, async () => {
    const lab = await build();
    // The answer would go nowhere. A route that refuses would keep ARP from working too.
    lab.hq.nft(
      `add table ip back; add chain ip back in { type filter hook input priority 0; }; add rule ip back in ip saddr ${TUNNEL} drop`,
    );
    const said = await examine(lab);
    expect(said.of("listen")).toMatch(/^ok /);
    expect(said.of("upstream")).toMatch(
      /^fault sip:10\.50\.0\.10 .* answers OPTIONS from 192\.168\.40\.1, but not from 10\.99\.0\.2:5060, .*the way back to 10\.99\.0\.2 is missing/,
    );
  });
});
