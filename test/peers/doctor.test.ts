/** The bundle's `doctor` on living, silent and meddling ways to upstream. */
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { responseText } from "../sip/build.ts";
import { SipMessage } from "../sip/sip-message.ts";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { type Endpoint, hostPort, Subnet } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { CertificateAuthority } from "./support/certificates.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { openPort } from "./support/datagram-port.ts";
import { runDoctor } from "./support/doctors-patient.ts";
import { Namespace } from "./support/namespace.ts";
import { describeWith } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(62);

/** `deploy/doctor.md`: even if nothing answers. */
const PROMISED_MS = 10_000;

cleanUpAfterEach();

function expectSoon(took_ms: number): void {
  console.log(`doctor: took ${(took_ms / 1_000).toFixed(1)} s, promised ${PROMISED_MS / 1_000} s`);
  expect(took_ms).toBeLessThan(PROMISED_MS + MACHINE_TOLERANCE_MS);
}

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
  expect(of("upstream")).toMatch(/^ok .* answers OPTIONS from .* with 200/);
  expect(of("gateways")).toMatch(/^ok .* answers OPTIONS from .* with 200/);
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
  expect(of("upstream")).toMatch(/^ok .* answers OPTIONS from .* with 200/);
  expect(of("mtu")).toMatch(
    /^fault sip:.* doesn't answer OPTIONS of 1400 octets, while short ones are answered.*\nok .* answers OPTIONS of 2000 octets too$/,
  );
  const lengths = seen.map(({ length }) => length).filter((octets) => octets > 1_300);
  expect([...new Set(lengths)].sort()).toEqual([1_400, 2_000]);
  const [asked = ""] = seen;
  expect(asked).toContain(`OPTIONS sip:ping@${upstream.sentBy} SIP/2.0`);
  expect(asked).toContain("From: <sip:branch7@example.com>;tag=");
  expectSoon(took_ms);
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
  expectSoon(took_ms);
  expect(of("running")).toMatch(/^warning no branchline runs/);
  expect(of("ports")).toMatch(/^fault .* has tcp:.*\nok udp:.* is free$/);
  expect(of("upstream")).toMatch(/^fault .*no answer in 3 s/);
  expect(of("gateways")).toMatch(/^fault .*ECONNREFUSED/);
  expect(of("dns")).toMatch(/^fault .* no answer about pbx\.example\.com/);
});

describeWith(["openssl", "TLS"], "doctor: over TCP and TLS", () => {
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
    const [bad, good] = of("upstream").split("\n");
    expect(good).toMatch(/^ok .*:5061, tls\) answers OPTIONS from .* with 200/);
    expect(bad).toMatch(/^fault .* its certificate names IP Address:.*\.99, not /);
    expect(of("gateways")).toMatch(/^ok .*:5060, tcp\) answers OPTIONS from .* with 200/);
    const inThreeDays = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    expect(of("certificate")).toMatch(new RegExp(`^warning .* is valid until ${inThreeDays}T`));
  });
});

describeWith(["preloads"], "doctor: in a sandbox", () => {
  test("doctor: where a sandbox keeps netlink from it, the rest is looked at all the same", async () => {
    const preload = join(temporaryFolder(), "sandbox.js");
    writeFileSync(preload, 'require("os").networkInterfaces = () => { throw new Error("uv_interface_addresses"); };');
    const file = fileOf({ listen: [`udp:${hostPort(net.at(17))}`], localnet: [net.network(16)] });
    const { of, stderr } = await runDoctor(file, { preload });
    expect(stderr).toBe("");
    expect(of("ports")).toMatch(/^ok udp:.* is free/);
  });
});

test("doctor: a file with a fault is 2, told first, and changes nothing; the machine is examined all the same", async () => {
  const { status, stderr, of } = await runDoctor(fileOf({ listen: [] }), { fix: true });
  expect(status).toBe(2);
  expect(of("file")).toContain("localnet");
  expect(of("memory")).toMatch(/^ok /);
  expect(stderr).not.toContain(": sysctl");
});

test("doctor: the branchline that runs is found although its file has a fault now, and doesn't say where its state is", async () => {
  const upstream = await SipAgent.open(net.at(2));
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(net.at(17))}`],
    localnet: [net.network(16)],
    upstream: `sip:${upstream.sentBy}`,
  });
  await branchline.upstreamIs("up");
  writeFileSync(branchline.file, "upstream: [");
  const { status, of } = await runDoctor(branchline.file);
  expect(status).toBe(2);
  expect(of("file")).toMatch(/^fault /);
  expect(of("running")).toMatch(/^ok branchline .* has run for/);
  expect(of("upstream")).toMatch(/^ok .* answers the running branchline/);
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

  /** A PBX behind a tunnel that knows no way back to the branch's inside address, as behind each VPN. */
  async function pbxThatKnowsWanOnly() {
    const [router, hq, phone] = [Namespace.create("router"), Namespace.create("hq"), Namespace.create("phone")];
    router.connect(["wan", "203.0.113.2/24"], hq, ["eth0", "203.0.113.10/24"]);
    router.connect(["lan", "10.10.1.1/24"], phone, ["eth0", "10.10.1.21/24"]);
    // What it sends there vanishes without a word.
    hq.ip("route", "add", "10.10.1.0/24", "via", "203.0.113.99");
    const pbx = await openPort(
      { host: "203.0.113.10", port: 5060 },
      (wire, from, at_ms) => pbx.send(responseText(new SipMessage(wire, from, at_ms), 200, { toTag: "t" }), from),
      hq.name,
    );
    defer(() => pbx.close());
    return router;
  }

  test("upstream isn't ok when it can't answer the address from which branchline sends, whether that runs or not", async () => {
    const router = await pbxThatKnowsWanOnly();
    const settings = { listen: ["udp:10.10.1.1"], localnet: ["10.10.1.0/24"], upstream: "sip:203.0.113.10" };
    const alone = await runDoctor(fileOf(settings), { namespace: router.name });
    expect(alone.of("upstream")).toMatch(/^fault .* doesn't answer OPTIONS from 10\.10\.1\.1:5060: no answer in 3 s/);
    expect(alone.of("listen")).toMatch(
      /^fault no listen address is on the way to upstream .*reaches it from 203\.0\.113\.2 on wan, but requests leave from 10\.10\.1\.1, and no/,
    );
    const right = { ...settings, listen: ["udp:10.10.1.1", "udp:203.0.113.2"] };
    const mended = await runDoctor(fileOf(right), { namespace: router.name });
    expect(mended.of("upstream")).toMatch(/^ok .* answers OPTIONS from 203\.0\.113\.2:5060 with 200/);
    expect(mended.of("listen")).toMatch(/^ok/);
    const upstream = { targets: [settings.upstream], probe: QUICK_PROBES };
    const branchline = await Branchline.start({ ...settings, upstream }, { namespace: router.name });
    await branchline.upstreamIs("down");
    const running = await runDoctor(branchline.file, { namespace: router.name });
    expect(running.of("upstream")).toMatch(/^fault .* is down for the running branchline \(no answer to OPTIONS\)/);
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
        /^fault nf_conntrack_sip processes all SIP here/,
      );
    },
  );
});
