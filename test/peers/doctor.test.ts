/** The bundle's `doctor` on living, silent and meddling ways to upstream, and what --fix does to routers of each family. */
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { responseText } from "../sip/build.ts";
import { SipMessage } from "../sip/sip-message.ts";
import { type Endpoint, hostPort, Subnet } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { CertificateAuthority } from "./support/certificates.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { openPort } from "./support/datagram-port.ts";
import { DoctorsPatient, runDoctor } from "./support/doctors-patient.ts";
import { Namespace } from "./support/namespace.ts";
import { describeWith } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(62);

cleanUpAfterEach();

function fileOf(settings: object): string {
  const file = join(temporaryFolder(), "branchline.yaml");
  writeFileSync(file, stringify(settings));
  return file;
}

test("doctor: upstream and gateway answer, branchline runs: nothing is wrong with them", async () => {
  const upstream = await SipAgent.open(net.at(2));
  const gateway = await SipAgent.open(net.at(3));
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(net.at(17))}`],
    localnet: [net.network(16)],
    upstream: `sip:${upstream.sentBy}`,
    gateways: [`sip:${gateway.sentBy}`],
  });
  await branchline.upstreamIs("up");
  const { of } = await runDoctor(branchline.file);
  expect(of("running")).toMatch(/^ok branchline .* has run for/);
  expect(of("ports")).toMatch(/^ok udp:.* is ours/);
  expect(of("upstream")).toMatch(/^ok .* answers OPTIONS with 200/);
  expect(of("gateways")).toMatch(/^ok .* answers OPTIONS with 200/);
  expect(of("path")).toMatch(/^ok/);
});

test("doctor: a way that loses long datagrams is found, one that doesn't isn't accused", async () => {
  const upstream = { sentBy: hostPort(net.at(2)) };
  const gateway = await SipAgent.open(net.at(3));
  const seen: string[] = [];
  const port = await openPort(net.at(2), (wire, from, at_ms) => {
    seen.push(wire);
    if (wire.length <= 1_300) port.send(responseText(new SipMessage(wire, from, at_ms), 200, { toTag: "alive" }), from);
  });
  defer(() => port.close());
  const { of, took_ms } = await runDoctor(
    fileOf({
      listen: [`udp:${hostPort(net.at(17))}`],
      localnet: [net.network(16)],
      upstream: { targets: [`sip:${upstream.sentBy}`], probe: { user: "ping", from: "sip:branch7@example.com" } },
      gateways: [`sip:${gateway.sentBy}`],
    }),
  );
  expect(of("upstream")).toMatch(/^ok .* answers OPTIONS with 200/);
  expect(of("mtu")).toMatch(
    /^fault sip:.* doesn't answer OPTIONS of 1400 octets, while short ones are answered.*\nok .* answers OPTIONS of 2000 octets too$/,
  );
  const lengths = seen.map(({ length }) => length).filter((octets) => octets > 1_300);
  expect([...new Set(lengths)].sort()).toEqual([1_400, 2_000]);
  const [asked = ""] = seen;
  expect(asked).toContain(`OPTIONS sip:ping@${upstream.sentBy} SIP/2.0`);
  expect(asked).toContain("From: <sip:branch7@example.com>;tag=");
  expect(took_ms).toBeLessThan(10_000);
});

test("doctor: without branchline, with a silent upstream, dead DNS and another program on the port: told within 10 s", async () => {
  const silent = await SipAgent.open(net.at(2));
  silent.isAlive = false;
  const resolver = await openPort(net.at(4, 53), () => {});
  defer(() => resolver.close());
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(5060, net.host(17), () => resolve()));
  defer(() => squatter.close());
  const { of, status, took_ms } = await runDoctor(
    fileOf({
      listen: [`udp:${hostPort(net.at(17))}`, `tcp:${hostPort(net.at(17))}`],
      localnet: [net.network(16)],
      upstream: [`sip:${silent.sentBy}`, "sip:pbx.example.com"],
      gateways: [`sip:${net.host(3)}`],
      dns: { servers: [net.host(4)] },
    }),
  );
  expect(status).toBe(1);
  expect(took_ms).toBeLessThan(10_000);
  expect(of("running")).toMatch(/^warning no branchline runs/);
  expect(of("ports")).toMatch(/^ok udp:.* is free\nfault .* has tcp:/);
  expect(of("upstream")).toMatch(/^fault .*no answer in 3 s/);
  expect(of("gateways")).toMatch(/^fault .*ECONNREFUSED/);
  expect(of("dns")).toMatch(/^fault .* no answer about pbx\.example\.com/);
});

describeWith(["openssl"], "doctor: over TCP and TLS", () => {
  test("answers come, our certificate's days are counted, and whom upstream's certificate doesn't name is told", async () => {
    const authority = new CertificateAuthority();
    const issue = (name: string, last: number, days?: number) => authority.issue(name, `IP:${net.host(last)}`, days);
    const own = issue("own", 17, 3);
    const ca = authority.file;
    const upstream = await SipAgent.open(net.at(2, 5061), undefined, { ...issue("upstream", 2), ca });
    const other = await SipAgent.open(net.at(5, 5061), undefined, { ...issue("somebody else", 99), ca });
    const gateway = await SipAgent.open(net.at(3), undefined, "tcp");
    const { of } = await runDoctor(
      fileOf({
        listen: ["udp", "tcp", "tls"].map((protocol) => `${protocol}:${net.host(17)}`),
        localnet: [net.network(16)],
        tls: { ...own, ca },
        upstream: [upstream, other].map(({ endpoint }) => `sip:${endpoint.host};transport=tls`),
        gateways: [`sip:${gateway.endpoint.host};transport=tcp`],
      }),
    );
    const [good, bad] = of("upstream").split("\n");
    expect(good).toMatch(/^ok .*:5061, tls\) answers OPTIONS with 200/);
    expect(bad).toMatch(/^fault .* its certificate names IP Address:.*\.99, not /);
    expect(of("gateways")).toMatch(/^ok .*:5060, tcp\) answers OPTIONS with 200/);
    const inThreeDays = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    expect(of("clock")).toMatch(new RegExp(`^warning .* is valid until ${inThreeDays}T`));
  });
});

test("doctor: where a sandbox keeps netlink from it, the rest is looked at all the same", async () => {
  const preload = join(temporaryFolder(), "sandbox.js");
  writeFileSync(preload, 'require("os").networkInterfaces = () => { throw new Error("uv_interface_addresses"); };');
  const file = fileOf({ listen: [`udp:${hostPort(net.at(17))}`], localnet: [net.network(16)] });
  const { of, stderr } = await runDoctor(file, { preload });
  expect(stderr).toBe("");
  expect(of("ports")).toMatch(/^ok udp:.* is free/);
});

test("doctor: a file with a fault is 2, and changes nothing", async () => {
  const { status, stderr } = await runDoctor(fileOf({ listen: [] }), { fix: true });
  expect(status).toBe(2);
  expect(stderr).toContain("localnet");
});

describeWith(["namespaces", "nft", "sysctl"], "doctor: the way to upstream", () => {
  const HQ: Endpoint = { host: "198.51.100.10", port: 5060 };
  const file = () =>
    fileOf({ listen: ["udp:192.168.77.2"], localnet: ["192.168.77.0/24"], upstream: `sip:${HQ.host}` });

  /** A branch behind a modem that masquerades; upstream notes who sent, as RFC 3581 wants. */
  async function branchBehindModem(note: (via: string, from: Endpoint) => string) {
    const [router, modem, hq] = ["router", "modem", "hq"].map((role) => Namespace.create(role)) as [
      Namespace,
      Namespace,
      Namespace,
    ];
    router.connect(["wan0", "192.168.77.2/24"], modem, ["lan0", "192.168.77.1/24"]);
    modem.connect(["line0", "203.0.113.2/24"], hq, ["eth0", "203.0.113.1/24"]);
    hq.addAddress(`${HQ.host}/32`);
    modem.forwards();
    router.ip("route", "add", "default", "via", "192.168.77.1");
    modem.ip("route", "add", "default", "via", "203.0.113.1");
    modem.nft(
      "add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; }; add rule ip nat out oifname line0 masquerade",
    );
    const upstream = await openPort(
      HQ,
      (wire, from, at_ms) => {
        const answer = responseText(new SipMessage(wire, from, at_ms), 200, { toTag: "t" });
        upstream.send(
          answer.replace(/(Via: .*);rport/, (_, via: string) => note(via, from)),
          from,
        );
      },
      hq.name,
    );
    defer(() => upstream.close());
    return { router, modem };
  }
  const honest = (via: string, { host, port }: Endpoint) => `${via};rport=${port};received=${host}`;

  test("an honest NAT shows the address to advertise", async () => {
    const { router } = await branchBehindModem(honest);
    expect((await runDoctor(file(), { namespace: router.name })).of("path")).toMatch(
      /^warning .* sees us as 203\.0\.113\.2, but reads 192\.168\.77\.2/,
    );
  });

  test.each([
    ["no received", (via: string) => via],
    ["a private one", (via: string) => `${via};received=192.168.77.2`],
    ["another host in the Via", (via: string) => `${via.replace("192.168.77.2", "203.0.113.2")};received=203.0.113.2`],
  ])("an ALG is seen by %s", async (_, note) => {
    const { router } = await branchBehindModem(note);
    expect((await runDoctor(file(), { namespace: router.name })).of("path")).toMatch(
      /^fault .*an ALG on the way rewrites SIP/,
    );
  });

  const why = existsSync("/sys/module/nf_conntrack_sip") ? undefined : "this kernel has no nf_conntrack_sip";
  test.skipIf(why !== undefined)(
    `the kernel's own ALG is seen${why === undefined ? "" : ` [skipped: ${why}]`}`,
    async () => {
      const { router, modem } = await branchBehindModem(honest);
      modem.nft(
        'add ct helper ip nat alg { type "sip" protocol udp; }; add chain ip nat in { type filter hook prerouting priority -150; }; ' +
          'add rule ip nat in udp dport 5060 ct helper set "alg"',
      );
      expect((await runDoctor(file(), { namespace: router.name })).of("path")).toMatch(
        /^fault .*an ALG on the way rewrites SIP/,
      );
      // On the modem itself, the rule is found.
      expect((await runDoctor(file(), { namespace: modem.name })).of("sip-helper")).toMatch(
        /^fault nf_conntrack_sip looks at all SIP here/,
      );
    },
  );
});

describeWith(["namespaces", "nft"], "doctor: --fix", () => {
  const LOADED = "nf_nat_sip 9713 0 - Live 0x0\nnf_conntrack_sip 21325 1 nf_nat_sip, Live 0x0\n";
  const WRAPPER = "/opt/vyatta/sbin/vyatta-cfg-cmd-wrapper";

  test("EdgeOS: nothing without it; with it, one session as group vyattacfg, then the module and its entries; then it is well", async () => {
    const patient = new DoctorsPatient({
      "/proc/modules": LOADED,
      "/proc/sys/net/netfilter/nf_conntrack_helper": "1\n",
      "/config/config.boot": "",
    });
    patient.fake(WRAPPER, '[ "$1" != begin ] || echo "session $PPID $(id -gn)" >>/session');
    patient.fake("/opt/sbin/rmmod", ": >/proc/modules");
    patient.fake("/opt/sbin/conntrack", "");
    const before = await patient.doctor();
    expect(before.of("sip-helper")).toMatch(/^fault/);
    expect(before.of("gateways")).toMatch(/^fault .* doesn't answer OPTIONS: connect ENETUNREACH/);
    expect(patient.changes).toEqual([]);
    const after = await patient.doctor({ fix: true });
    expect(patient.changes).toEqual([
      ...["begin", "set system conntrack modules sip disable", "commit", "save", "end"].map(
        (step) => `${WRAPPER} ${step}`,
      ),
      "rmmod nf_nat_sip nf_conntrack_sip",
      "conntrack -D -p udp --dport 5060",
    ]);
    expect(patient.read("/session")).toMatch(/^session \d+ vyattacfg\n$/);
    for (const line of [
      "begin && ",
      "set system conntrack modules sip disable && ",
      "rmmod nf_nat_sip",
      "conntrack -D",
      "to undo it: configure; delete system conntrack modules sip disable",
    ]) {
      expect(after.stderr).toContain(line);
    }
    expect(after.of("sip-helper")).toMatch(/^ok/);
  });

  test("EdgeOS: a commit that fails is told, and the fault stays", async () => {
    const patient = new DoctorsPatient({
      "/proc/modules": LOADED,
      "/proc/sys/net/netfilter/nf_conntrack_helper": "1\n",
    });
    patient.fake(WRAPPER, '[ "$1" != commit ] || { echo "Commit failed"; exit 1; }');
    patient.fake("/opt/sbin/rmmod", "exit 1");
    const { stderr, of, status } = await patient.doctor({ fix: true });
    expect(patient.changes.slice(0, 4).map((line) => line.split(" ")[1])).toEqual(["begin", "set", "commit", "end"]);
    expect(stderr).toContain("Commit failed\n  ended with 1");
    expect(of("sip-helper")).toMatch(/^fault/);
    expect(status).toBe(1);
  });

  test("OpenWrt: uci, and the firewall reads it anew; the network isn't touched", async () => {
    const patient = new DoctorsPatient({
      "/proc/modules": LOADED,
      "/proc/sys/net/netfilter/nf_conntrack_helper": "1\n",
      "/etc/openwrt_release": "",
    });
    patient.fake(
      "/opt/sbin/uci",
      '[ $1 != show ] || printf "firewall.@defaults[0]=defaults\\nfirewall.@zone[0]=zone\\n"',
    );
    patient.fake("/opt/sbin/rmmod", ": >/proc/modules");
    patient.fake("/etc/init.d/firewall", "");
    expect((await patient.doctor({ fix: true })).of("sip-helper")).toMatch(/^ok/);
    expect(patient.changes).toEqual([
      "uci set firewall.@defaults[0].auto_helper=0",
      "uci set firewall.@zone[0].auto_helper=0",
      "uci commit firewall",
      "/etc/init.d/firewall reload",
      "rmmod nf_nat_sip nf_conntrack_sip",
    ]);
  });

  test("Tomato: nvram", async () => {
    const patient = new DoctorsPatient({ "/proc/modules": LOADED });
    patient.fake("/bin/nvram", "[ $1 != get ] || echo 1");
    patient.fake("/opt/sbin/rmmod", ": >/proc/modules");
    expect((await patient.doctor({ fix: true })).of("sip-helper")).toMatch(/^ok/);
    expect(patient.changes).toEqual(["nvram set nf_sip=0", "nvram commit", "rmmod nf_nat_sip nf_conntrack_sip"]);
  });

  test("Debian: modprobe.d and sysctl.d", async () => {
    const patient = new DoctorsPatient({
      "/proc/modules": LOADED,
      "/proc/sys/net/netfilter/nf_conntrack_helper": "1\n",
      "/proc/sys/net/core/rmem_max": "212992\n",
      "/etc/debian_version": "12.5\n",
    });
    patient.fake(
      "/opt/sbin/sysctl",
      "case $* in *rmem_max*) echo 4194304 >/proc/sys/net/core/rmem_max;; *) echo 0 >/proc/sys/net/netfilter/nf_conntrack_helper;; esac",
    );
    patient.fake("/opt/sbin/rmmod", ": >/proc/modules");
    const { of } = await patient.doctor({ fix: true });
    expect(of("sip-helper")).toMatch(/^ok/);
    expect(of("buffers")).toMatch(/^ok/);
    expect(patient.read("/etc/modprobe.d/branchline.conf")).toBe(
      "install nf_nat_sip /bin/false\ninstall nf_conntrack_sip /bin/false\n",
    );
    expect(patient.read("/etc/sysctl.d/90-branchline.conf")).toBe("net.core.rmem_max=4194304\n");
    expect(patient.read("/etc/sysctl.d/90-branchline-helper.conf")).toBe("net.netfilter.nf_conntrack_helper=0\n");
  });

  test("connections of an address that is gone are flushed, and the rest is left alone", async () => {
    const patient = new DoctorsPatient({ "/proc/modules": "" });
    const entry =
      "udp 17 170 src=127.62.0.77 dst=127.62.0.3 sport=5060 dport=5060 src=127.62.0.3 dst=203.0.113.77 sport=5060 dport=5060 use=1";
    patient.fake(
      "/opt/sbin/conntrack",
      `[ $1 = -L ] && [ ! -f /flushed ] && echo "${entry}"; [ $1 != -D ] || : >/flushed; true`,
    );
    expect((await patient.doctor()).of("conntrack")).toMatch(
      /^warning 1 tracked connections still use 203\.0\.113\.77/,
    );
    expect(patient.changes).toEqual([]);
    const { of, stderr } = await patient.doctor({ fix: true });
    expect(patient.changes).toEqual(["conntrack -D -p udp --dport 5060"]);
    expect(stderr).toContain("conntrack: conntrack -D -p udp --dport 5060\n");
    expect(stderr).not.toContain("to undo");
    expect(of("conntrack")).toMatch(/^ok/);
  });

  test("who isn't root changes nothing, and is told so; a read-only root is no obstacle to looking", async () => {
    const patient = new DoctorsPatient({
      "/proc/modules": LOADED,
      "/proc/sys/net/netfilter/nf_conntrack_helper": "1\n",
    });
    patient.fake(WRAPPER, "");
    const { stderr, of } = await patient.doctor({ fix: true, user: 65_534, isReadOnly: true });
    expect(stderr).toContain("only root can change that: nothing has been changed");
    expect(of("sip-helper")).toMatch(/^fault/);
    expect(patient.changes).toEqual([]);
    expect((await patient.doctor({ isReadOnly: true })).of("storage")).toMatch(/^warning .*can't be written \(EROFS\)/);
  });
});
