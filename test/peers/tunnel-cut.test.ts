/**
 * Headquarters behind a tunnel: PBX and DNS lie there together, and the file names the PBX. The tunnel is cut: doctor says so, and
 * doesn't take the dead DNS for the fault; branchline comes back with the tunnel, after a restart in the outage too.
 *
 *   phones ─ lan0 ─┐               ┌─ wan0 ── 203.0.113.1 internet
 *                router 203.0.113.2
 *   gateway ─ gw0 ─┘               └─ wg0 ─ 10.99.0.1 ── pbx 10.50.0.10, DNS 10.50.0.53
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readQuery, replyTo, type ZoneRecord } from "../support/dns-packets.ts";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { monotonic_ms, pause, until } from "./support/clock.ts";
import { type DatagramPort, openPort } from "./support/datagram-port.ts";
import { runDoctor } from "./support/doctors-patient.ts";
import { Namespace } from "./support/namespace.ts";
import { describeWith } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";

const NAME = "pbx.hq.example";
const PBX = "10.50.0.10";
const DNS = "10.50.0.53";
const GATEWAY = "10.94.1.3";
const SIP = 5060;
const ZONE: ReadonlyMap<string, readonly ZoneRecord[]> = new Map([[NAME, [{ type: "A", address: PBX, ttl_s: 60 }]]]);

/** A question to DNS is repeated within 5 s, and a name without an address asked for again after 2 s. */
const SOON_S = 10;

cleanUpAfterEach();

/** What is done to the tunnel at headquarters' end, or at ours; and undone. */
interface Cut {
  readonly cut: (lab: Lab) => void;
  readonly repair: (lab: Lab) => void;
  /** The findings that doctor has because of it, sorted. */
  readonly found: readonly string[];
}

interface Lab {
  readonly router: Namespace;
  readonly hq: Namespace;
  readonly start: () => Promise<Branchline>;
}

const ROUTE = ["10.50.0.0/24", "via", "10.99.0.1"] as const;

const CUTS: Readonly<Record<string, Cut>> = {
  "packets vanish": {
    cut: ({ hq }) =>
      hq.nft("add table ip cut; add chain ip cut in { type filter hook prerouting priority -300; policy drop; }"),
    repair: ({ hq }) => hq.nft("delete table ip cut"),
    found: ["fault upstream", "warning dns"],
  },
  "its interface is down, and the default route leads elsewhere": {
    cut: ({ router }) => router.ip("link", "set", "wg0", "down"),
    repair: ({ router }) => {
      router.ip("link", "set", "wg0", "up");
      router.ip("route", "replace", ...ROUTE);
    },
    found: ["fault listen", "fault upstream", "warning dns"],
  },
};

async function build(): Promise<Lab> {
  const [office, pstn, router, internet, hq] = ["phones", "gateway", "router", "internet", "hq"].map((role) =>
    Namespace.create(role),
  ) as [Namespace, Namespace, Namespace, Namespace, Namespace];
  office.connect(["eth0", "10.94.20.21/24"], router, ["lan0", "10.94.20.1/24"]);
  pstn.connect(["eth0", `${GATEWAY}/24`], router, ["gw0", "10.94.1.1/24"]);
  internet.connect(["eth0", "203.0.113.1/29"], router, ["wan0", "203.0.113.2/29"]);
  hq.connect(["eth0", "10.99.0.1/30"], router, ["wg0", "10.99.0.2/30"]);
  for (const address of [PBX, DNS]) hq.addAddress(`${address}/32`);
  router.ip("route", "add", "default", "via", "203.0.113.1");
  router.ip("route", "add", ...ROUTE);
  hq.ip("route", "add", "default", "via", "10.99.0.2");
  pstn.ip("route", "add", "default", "via", "10.94.1.1");
  router.forwards();
  await SipAgent.open({ host: GATEWAY, port: SIP }, pstn.name);
  await SipAgent.open({ host: PBX, port: SIP }, hq.name);
  const dns: DatagramPort = await openPort(
    { host: DNS, port: 53 },
    (wire, from) => dns.send(replyTo(readQuery(Buffer.from(wire, "latin1")), ZONE).toString("latin1"), from),
    hq.name,
  );
  defer(() => dns.close());
  const start = () =>
    Branchline.start(
      {
        listen: ["10.94.20.1", "10.94.1.1", "10.99.0.2"].map((address) => `udp:${address}:${SIP}`),
        localnet: ["10.94.20.0/24"],
        upstream: { targets: [`sip:${NAME}`], probe: QUICK_PROBES },
        gateways: [`sip:${GATEWAY}`],
        dns: { servers: [DNS] },
      },
      { namespace: router.name },
    );
  return { router, hq, start };
}

/** What the state folder keeps of peers. */
function savedIn({ stateFolder }: Branchline): string {
  const file = join(stateFolder, "bindings.json");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** What doctor finds that isn't well: "severity check", each once. */
async function findings({ router }: Lab, { file }: Branchline) {
  const said = await runDoctor(file, { namespace: router.name });
  const bad = said.findings.filter(({ severity }) => severity === "fault" || severity === "warning");
  return { all: [...new Set(bad.map(({ severity, check }) => `${severity} ${check}`))], of: said.of };
}

/** What the outage adds to the findings: the way to upstream is the fault, and DNS a warning that names the line first. */
async function expectDiagnosis(lab: Lab, branchline: Branchline, before: readonly string[], cut: Cut): Promise<void> {
  const { all, of } = await findings(lab, branchline);
  expect(all.filter((one) => !before.includes(one)).sort()).toEqual(cut.found);
  expect(of("upstream")).toMatch(
    /^fault sip:pbx\.hq\.example \(10\.50\.0\.10:5060, udp\) is down .*calls go to the gateway/,
  );
  const isLost = cut.found.includes("fault listen");
  expect(of("firewall").includes("no rule for it can be judged")).toBe(isLost);
  expect(of("firewall")).toMatch(/^warning the firewall lets all senders in on wan0/m);
  expect(of("dns")).toMatch(/^warning 10\.50\.0\.53 gives no answer .* uses 10\.50\.0\.10 as before/);
}

describeWith(["namespaces", "nft"], "a tunnel to headquarters", () => {
  for (const [how, cut] of Object.entries(CUTS)) {
    test(`tunnel cut: ${how}: doctor names the way to upstream and no fault of DNS, and a restart in the outage is no obstacle`, {
      timeout: 180_000,
    }, async () => {
      const lab = await build();
      const branchline = await lab.start();
      await branchline.upstreamIs("up");
      await until("the address is saved", () => savedIn(branchline).includes(PBX));
      const before = await findings(lab, branchline);
      cut.cut(lab);
      await branchline.upstreamBecomes("down");
      await expectDiagnosis(lab, branchline, before.all, cut);
      await branchline.killAndRestart();
      await branchline.upstreamIs("down");
      await expectDiagnosis(lab, branchline, before.all, cut);
      const status = await branchline.command("status");
      expect(status).toMatch(/Upstream pbx\.hq\.example \(10\.50\.0\.10, known from before the restart\): DOWN/);
      expect(status).not.toMatch(/add udp:203\.0\.113\.2/);
      cut.repair(lab);
      const repaired_ms = monotonic_ms();
      await branchline.upstreamIs("recovering");
      const took_s = (monotonic_ms() - repaired_ms) / 1_000;
      console.log(`tunnel cut: ${how}: upstream answered ${took_s.toFixed(1)} s after the repair`);
    });
  }

  test("tunnel cut: branchline starts for the first time in the outage: upstream is found soon after the repair", {
    timeout: 120_000,
  }, async () => {
    const lab = await build();
    const cut = CUTS["packets vanish"] as Cut;
    cut.cut(lab);
    const branchline = await lab.start();
    await branchline.upstreamIs("down");
    const { of } = await findings(lab, branchline);
    expect(of("dns")).toMatch(/^fault 10\.50\.0\.53 gives no answer/);
    // With pauses that grow, DNS would be asked 30 s later by now.
    await pause(40_000);
    cut.repair(lab);
    const repaired_ms = monotonic_ms();
    await branchline.upstreamIs("recovering");
    const took_s = (monotonic_ms() - repaired_ms) / 1_000;
    console.log(`tunnel cut: first start: upstream answered ${took_s.toFixed(1)} s after the repair`);
    expect(took_s).toBeLessThan(SOON_S + MACHINE_TOLERANCE_MS / 1_000);
  });
});
