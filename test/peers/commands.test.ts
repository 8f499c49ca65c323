/** The running bundle and the commands that reach it: status, force, what it says when nobody runs. */
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bindingsFile } from "../../src/io/node/state-file.ts";
import { DnsServer } from "../support/dns-server.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { register } from "./support/registration.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(41);
const proxy = net.at(1);

cleanUpAfterEach();

async function office() {
  const upstream = await SipAgent.open(net.at(2));
  const gateway = await SipAgent.open(net.at(3));
  const phone = await SipAgent.open(net.at(17));
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: `sip:${upstream.sentBy}`,
    gateways: [`sip:${gateway.sentBy}`],
    survival: { notice_hold: "0s" },
  });
  await branchline.upstreamIs("up");
  return { upstream, gateway, phone, branchline };
}

test("commands: status shows upstream and gateways; force down keeps calls here", async () => {
  const { upstream, gateway, phone, branchline } = await office();
  expect(await branchline.command("status")).toContain(`Upstream ${upstream.sentBy}: up.`);
  expect(await branchline.command("status")).toContain(`Gateway ${gateway.sentBy}:`);
  const forced = await branchline.command("force", "down");
  expect(forced).toContain("Upstream is forced down");
  expect(forced).toContain(`Upstream ${upstream.sentBy}: down (seen: up).`);
  expect(forced).toContain("up → down (forced)");
  const call = await OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy });
  await call.response(302);
  expect(upstream.all({ method: "INVITE" })).toEqual([]);
  const status: unknown = JSON.parse(await branchline.command("status", "--json"));
  expect(status).toMatchObject({ force: "down", upstream: [{ state: "down", observed: "up" }] });
  expect(await branchline.command("force", "auto")).toContain(`Upstream ${upstream.sentBy}: up.`);
});

test("commands: nothing that a phone says can move the cursor", async () => {
  const { upstream, phone, branchline } = await office();
  await register(phone, upstream, proxy, "2\x9b2J\x7f1");
  await branchline.command("force", "down");
  const call = await OutgoingCall.start(phone, { to: "sip:5\x9b2J\x7f1@pbx.example.com", through: proxy });
  await call.response(302);
  for (const name of ["registered", "calls"]) {
    for (const how of [[], ["--json"]]) {
      const text = await branchline.command(name, ...how);
      expect(text).toContain("?2J?1");
      expect(text).not.toMatch(/[^\n -~]/);
    }
  }
});

test.each([undefined, "tcp"] as const)(
  "commands: a PBX whose program has died is told from one that is silent (%s)",
  async (stream) => {
    const upstream = await SipAgent.open(net.at(2), undefined, stream);
    const uri = `sip:${upstream.sentBy};transport=${stream ?? "udp"}`;
    const branchline = await Branchline.start({
      listen: [`${stream ?? "udp"}:${hostPort(proxy)}`],
      localnet: [net.network(16)],
      upstream: { targets: [uri], probe: QUICK_PROBES, hold: "0s" },
    });
    await branchline.upstreamIs("up");
    const why = () => /upstream_state .*to=down evidence="([^"]*)"/.exec(branchline.lines.join("\n"))?.[1];
    await upstream.close();
    await branchline.upstreamIs("down");
    expect(why()).toBe("probe failed: refused");
    expect(await branchline.command("status")).toMatch(/Upstream .*: down, last probe failed: refused\.\n/);
    await upstream.reopen();
    await branchline.upstreamBecomes("up");
    expect(await branchline.command("status")).toMatch(/Upstream .*: up\.\n/);
    upstream.isAlive = false;
    await branchline.upstreamBecomes("down");
    expect(await branchline.command("status")).toMatch(/Upstream .*: down, last probe failed: silence\.\n/);
  },
);

test("commands: calls shows who decided and why; explain foresees it", async () => {
  const { gateway, phone, branchline } = await office();
  await branchline.command("force", "down");
  const foreseen = await branchline.command("explain", phone.endpoint.host, "5551234");
  expect(foreseen).toContain("Rule call: upstream is down.");
  expect(foreseen).toContain(`answers 302, Contact: <sip:5551234@${gateway.sentBy}>`);
  const call = await OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy });
  await call.response(302);
  const calls = await branchline.command("calls");
  expect(calls).toContain("rule call: upstream is down");
  expect(calls).toMatch(/^ {2}redirect to gateway .*: 302 after /m);
  await branchline.stop();
  expect(await branchline.command("explain", phone.endpoint.host, "5551234")).toContain("no branchline runs");
});

test("commands: explain knows upstream by what its name means, from DNS or from the branchline that runs", async () => {
  const dns = await DnsServer.open(net.host(4));
  let isOpen = true;
  const kill = async () => {
    if (isOpen) await dns.close();
    isOpen = false;
  };
  defer(kill);
  dns.zone.set("pbx.branch.example", [{ type: "A", address: net.host(2), ttl_s: 60 }]);
  await SipAgent.open(net.at(2));
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: "sip:pbx.branch.example",
    dns: { servers: [dns.address] },
  });
  await branchline.upstreamIs("up");
  expect(await branchline.command("status")).toContain(`Upstream pbx.branch.example (${net.host(2)}): up.`);
  await kill();
  expect(await branchline.command("explain", net.host(2), "201")).not.toContain("stranger");
  await branchline.stop();
  const unknown = await branchline.command("explain", net.host(2), "201");
  expect(unknown).toContain("pbx.branch.example has no address as yet");
  expect(unknown).not.toContain("localnet");
});

test("commands: registered names each phone, and the members of hunt groups who are missing", async () => {
  const upstream = await SipAgent.open(net.at(2));
  const [phone, tcp] = [await SipAgent.open(net.at(17)), await SipAgent.open(net.at(18), undefined, "tcp")];
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`, `tcp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: `sip:${upstream.sentBy}`,
    hunt_groups: { default: { members: ["201", "203"] }, night: { members: ["201", `sip:202@${net.host(18)}`] } },
  });
  await branchline.upstreamIs("up");
  expect(await branchline.command("registered")).toMatch(
    /^No phone is registered\.\nNOT REGISTERED: 201, group default/,
  );
  await register(phone, upstream, proxy, "201");
  await register(tcp, upstream, proxy, "202");
  const lines = async () => (await branchline.command("registered")).split("\n");
  const [first, second, ...rest] = await lines();
  expect(first).toMatch(`201@pbx.example.com  sip:201@${phone.sentBy}  from ${phone.sentBy} udp, `);
  expect(first).toMatch(/udp, \d+ s left, group default, group night$/);
  expect(second).toMatch(/^202@pbx.example.com .* tcp, \d+ s left, group night$/);
  expect(rest).toEqual(["NOT REGISTERED: 203, group default", ""]);
  await tcp.hangUp();
  await expect.poll(lines, { timeout: 5_000 }).toContainEqual(expect.stringMatching(/^202.* tcp, connection gone, /));
  expect(JSON.parse(await branchline.command("registered", "--json"))).toEqual({
    contacts: [
      expect.objectContaining({ name: "201@pbx.example.com", transport: "udp" }),
      expect.objectContaining({ name: "202@pbx.example.com", connected: false }),
    ],
    members: [
      { group: "default", member: "201", registered: "201@pbx.example.com" },
      { group: "default", member: "203", registered: null },
      { group: "night", member: "201", registered: "201@pbx.example.com" },
      { group: "night", member: `sip:202@${net.host(18)}`, registered: "202@pbx.example.com" },
    ],
    path: [],
    conflicts: [],
  });
  expect(await branchline.command("status")).toContain("\nNOT REGISTERED: 203, group default\n");
});

test("commands: registered lists thousands, piece by piece", async () => {
  const branchline = await Branchline.start({ listen: [`udp:${hostPort(proxy)}`], localnet: [net.network(16)] });
  await branchline.terminate();
  const listener = `${proxy.host} ${proxy.port}`;
  const about = { parameters: "", instance: "", listener, address: net.host(17), port: 5060, callId: "1", cseq: 1 };
  const phone = (index: number) => ({ ...about, contact: `sip:${index}@${net.host(17)}`, left_ms: 3_600_000 });
  const addresses = Array.from({ length: 2_000 }, (_, index) => {
    return { name: `${1_000 + index}@pbx.example.com`, relay: false, bindings: [phone(index), phone(index + 5_000)] };
  });
  await bindingsFile(branchline.stateFolder).save(JSON.stringify({ addresses, callbacks: [] }), Date.now());
  await branchline.restart();
  const lines = (await branchline.command("registered")).trimEnd().split("\n");
  expect(lines).toHaveLength(4_000);
  expect(lines[3_999]).toMatch(/^2999@pbx\.example\.com {2}sip:\d+@/);
});

test("commands: an address that this router hasn't is waited for, and status says so", async () => {
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`, "udp:192.0.2.9:5060", "udp:no-such0:5060"],
    localnet: [net.network(16)],
    gateways: ["sip:10.10.1.3"],
  });
  const stdout = await branchline.command("status");
  expect(stdout).toContain("udp:192.0.2.9:5060 has no address on this router now.");
  expect(stdout).toContain("udp:no-such0:5060 has no address on this router now.");
  expect(stdout).not.toContain(`udp:${hostPort(proxy)} has`);
});

test("commands: a socket that a SIGKILL has left behind is no obstacle", async () => {
  const { branchline } = await office();
  await branchline.killAndRestart();
  expect(await branchline.command("status")).toContain("running for");
});

test("commands: nobody runs: status says so, and fails", async () => {
  const { branchline } = await office();
  await branchline.stop();
  await expect(branchline.command("status")).rejects.toMatchObject({ code: 1 });
  const { stderr } = await promisify(execFile)(process.execPath, [branchline.bundle, "force", "sideways"]).catch(
    (error: { stderr: string }) => error,
  );
  expect(stderr).toContain("up, down, auto");
});

test("commands: no file, and a socket that isn't for everybody: they say what helps", async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/state`);
  writeFileSync(`${folder}/branchline.yaml`, "listen: [udp:127.0.0.1:5060]\nlocalnet: [127.0.0.0/8]\n");
  copyFileSync(new URL("../../dist/branchline.js", import.meta.url), `${folder}/branchline.js`);
  chmodSync(folder, 0o755);
  chmodSync(`${folder}/state`, 0);
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const says = async (command: string, file: string) => {
    const args = [`${folder}/branchline.js`, command, "-c", `${folder}/${file}`];
    const run = promisify(execFile)(process.execPath, args, nobody);
    return (await run.catch((error: { stderr: string }) => error)).stderr;
  };
  expect(await says("check", "none.yaml")).toMatch(/none\.yaml: can't be read: ENOENT.*`branchline init` writes it/);
  expect(await says("status", "branchline.yaml")).toMatch(/^only root may ask the branchline of .*branchline\.yaml/);
});
