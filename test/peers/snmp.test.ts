/** Debian's snmpd asks a running branchline by pass_persist; smilint and net-snmp read the MIB. */
import { execFile, execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { PATIENCE_MS } from "../support/machine.ts";
import { MIB, MIB_OBJECTS } from "../support/mib.ts";
import { PROGRAM, wordsOf } from "../support/program.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { openOffice } from "./support/office.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith, pathOf } from "./support/peers.ts";
import { register } from "./support/registration.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(102);
const proxy = net.at(1);
const AGENT = net.at(1, 16_161);
const BASE = ".1.3.6.1.4.1.8072.9999.9999.5060";
/** What the IETF's modules have that ours imports. */
const IETF = fileURLToPath(new URL("mibs", import.meta.url));
const ON_EDGEOS = fileURLToPath(new URL("snmp-edgeos.sh", import.meta.url));
const MIBS = ["-M", `${IETF}:${dirname(MIB)}`, "-m", "BRANCHLINE-MIB", "-Pe"];

cleanUpAfterEach();

const office = () =>
  openOffice(net, ({ upstream, gateway }) => ({
    upstream: { targets: [`sip:${upstream.sentBy}`], fr_timer: "500ms" },
    gateways: [{ uri: `sip:${gateway.sentBy}`, channels: 4 }],
    survival: { answer: "relay", notice_hold: "0s" },
  }));

/** Asks as an operator does, with net-snmp's own patience. */
async function snmp(tool: string, ...words: readonly string[]): Promise<string> {
  const given = ["-v2c", "-c", "public", ...MIBS, hostPort(AGENT)];
  const { stdout } = await promisify(execFile)(pathOf(tool), [...given, ...words], {
    env: { ...process.env, SNMP_PERSISTENT_DIR: temporaryFolder() },
  });
  return stdout;
}

const value = async (name: string) => (await snmp("snmpget", "-Oqv", `BRANCHLINE-MIB::branchline${name}`)).trim();

/** An snmpd of our own, which starts the command. */
async function startSnmpd(file: string): Promise<void> {
  const folder = temporaryFolder();
  const command = [...wordsOf(PROGRAM), "snmp", "-c", file].join(" ");
  const lines = [
    `agentaddress udp:${hostPort(AGENT)}`,
    // Commands for reading, and one that may ask for a change: branchline itself must refuse it.
    "rwcommunity public",
    `pass_persist ${BASE} ${command}`,
  ];
  writeFileSync(join(folder, "snmpd.conf"), `${lines.join("\n")}\n`);
  const child = new Child("snmpd", ["-f", "-Lo", "-C", "-c", join(folder, "snmpd.conf"), "-I", "-smux"], {
    env: { SNMP_PERSISTENT_DIR: folder, MIBS: "" },
  });
  defer(() => child.stop());
  await child.line(/NET-SNMP version/);
}

describeWith(["smilint", "snmptranslate"], "the MIB", () => {
  test("smilint finds nothing to say of it, but that net-snmp's nodes have no names there", () => {
    const found = execFileSync(pathOf("smilint"), ["-l", "6", "-s", "-i", "node-implicit", MIB], {
      env: { ...process.env, SMIPATH: IETF },
      encoding: "utf8",
    });
    expect(found).toBe("");
  });

  test("net-snmp finds each object where it is", () => {
    for (const { name, oid } of MIB_OBJECTS) {
      const found = execFileSync(pathOf("snmptranslate"), [...MIBS, "-On", `BRANCHLINE-MIB::${name}`], {
        encoding: "utf8",
      });
      expect(found.trim()).toBe(`${BASE}.${oid.join(".")}`);
    }
  });
});

describeWith(["snmpd", "snmpwalk", "snmptable"], "snmpd", () => {
  test("walks through all that a branch tells, and may change nothing", async () => {
    const { upstream, gateway, phone, branchline } = await office();
    await register(phone, upstream, proxy, "201");
    await startSnmpd(branchline.file);
    const walked = await snmp("snmpwalk", BASE);
    expect(walked).toContain("branchlineRunning.0 = INTEGER: true(1)\n");
    expect(walked).toContain("branchlineSurvival.0 = INTEGER: false(2)\n");
    expect(walked).toContain("branchlineCallsGoTo.0 = INTEGER: upstream(1)\n");
    expect(walked).toContain("branchlinePhones.0 = Gauge32: 1 numbers\n");
    expect(walked).toContain(`branchlineUpstreamName.1 = STRING: ${upstream.sentBy}\n`);
    expect(walked).toContain("branchlineUpstreamState.1 = INTEGER: up(1)\n");
    expect(walked).toMatch(/branchlineUptime\.0 = Timeticks: \(\d+\) /);
    const told = [...walked.matchAll(/::branchline(\w+)\.\d+ = /g)].map(([, name = ""]) => name);
    const missing = MIB_OBJECTS.map(({ name }) => name.replace("branchline", "")).filter(
      (name) => !told.includes(name),
    );
    // It has neither TLS nor a pair.
    expect(missing).toEqual(["CertificateDays", "PairState"]);
    const table = await snmp("snmptable", "-CH", "-Cf", "|", "BRANCHLINE-MIB::branchlineGatewayTable");
    expect(table.trim()).toMatch(
      new RegExp(`^${gateway.sentBy}\\|up\\|\\d+ seconds\\|\\S+Z\\|probe answered\\|0 calls\\|4 channels$`),
    );
    await expect(snmp("snmpset", "BRANCHLINE-MIB::branchlinePhones.0", "u", "5")).rejects.toMatchObject({
      stderr: expect.stringMatching(/not-?writable|notWritable/i),
    });
  });

  test("tells an outage, and the call that survives it", async () => {
    const { upstream, gateway, phone, branchline } = await office();
    await startSnmpd(branchline.file);
    expect(await value("SurvivedCalls.0")).toBe("0 calls");
    upstream.isAlive = false;
    const call = await OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy });
    const invite = await gateway.next({ method: "INVITE", callId: call.callId });
    await gateway.reply(invite, 200, "OK");
    await call.response(200);
    await branchline.upstreamIs("down");
    // What it has told before holds for some seconds.
    await expect.poll(() => value("Survival.0"), { timeout: PATIENCE_MS, interval: 500 }).toBe("true");
    expect(await value("UpstreamState.1")).toBe("down");
    expect(await value("CallsGoTo.0")).toBe("gateway");
    expect(await value("GatewayCalls.1")).toBe("1 calls");
    expect(await value("SurvivedCalls.0")).toBe("1 calls");
  });

  test("hears that none runs, that one hangs, and of the next one", async () => {
    const { branchline } = await office();
    await startSnmpd(branchline.file);
    expect(await value("Running.0")).toBe("true");
    const becomes = (state: string) =>
      expect.poll(() => value("Running.0"), { timeout: PATIENCE_MS, interval: 500 }).toBe(state);
    process.kill(branchline.pid, "SIGSTOP");
    defer(() => {
      try {
        process.kill(branchline.pid, "SIGCONT");
      } catch {
        // It has ended.
      }
    });
    await becomes("false");
    expect(await value("Problem.0")).toMatch(/^branchline gives no answer/);
    process.kill(branchline.pid, "SIGCONT");
    await becomes("true");
    await branchline.terminate();
    await becomes("false");
    expect(await value("Problem.0")).toMatch(/^branchline isn't running with /);
    await branchline.restart();
    await becomes("true");
    expect(await value("Problem.0")).toBe("");
  });
});

describeWith(["snmpd", "snmpwalk", "mounts"], "on EdgeOS", () => {
  test("the script lets snmpd ask, by a socket of its group; running it again changes nothing", () => {
    const words = [ON_EDGEOS, join(dirname(MIB), "edgeos-snmp"), hostPort(AGENT), hostPort(proxy), ...wordsOf(PROGRAM)];
    const said = execFileSync("unshare", ["--mount", "sh", ...words], {
      encoding: "utf8",
      // Commands mean the file where EdgeOS has it.
      env: { ...process.env, BRANCHLINE_CONFIG: "/config/branchline/branchline.yaml" },
    });
    const socket = "/run/branchline-monitor/monitor.sock";
    expect(said.split("\n").slice(0, 5)).toEqual([
      "Restart branchline: sudo /config/scripts/post-config.d/50-branchline restart",
      `BRANCHLINE_MONITOR_SOCKET=${socket}`,
      `pass_persist ${BASE} /usr/bin/env BRANCHLINE_MONITOR_SOCKET=${socket} /config/data/branchline/branchline snmp`,
      "2750 daemon /run/branchline-monitor",
      `660 daemon ${socket}`,
    ]);
    expect(said).toContain(`\n${BASE}.1.1.0 = INTEGER: 1\n`);
  });
});
