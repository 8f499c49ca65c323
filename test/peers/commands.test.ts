/** The running bundle and the commands that reach it: status, force, what it says when nobody runs. */
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bindingsFile } from "../../src/io/node/state-file.ts";
import { DnsServer } from "../support/dns-server.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { fileOf, PROGRAM, wordsOf } from "../support/program.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { openOffice } from "./support/office.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { register } from "./support/registration.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(41);
const proxy = net.at(1);

cleanUpAfterEach();

const office = () => openOffice(net, () => ({ survival: { notice_hold: "0s" } }));

test("commands: status shows upstream and gateways; force down keeps calls here", async () => {
  const { upstream, gateway, phone, branchline } = await office();
  expect(await branchline.command("status")).toMatch(new RegExp(`^Upstream ${upstream.sentBy}: up for \\d+ s `, "m"));
  expect(await branchline.command("status")).toContain(`Gateway ${gateway.sentBy}:`);
  const forced = await branchline.command("force", "down");
  expect(forced).toMatch(
    /^Upstream is FORCED down: calls go to the gateway; `branchline force auto` ends\n {2}that\n$/,
  );
  const shown = await branchline.command("status");
  expect(shown).toContain("\nUpstream is FORCED down: calls go to the gateway");
  expect(shown).toContain(`\nUpstream ${upstream.sentBy}: taken to be down; seen: up for`);
  expect(shown).toContain(": up to down, forced\n");
  const call = await OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy });
  await call.response(302);
  expect(upstream.all({ method: "INVITE" })).toEqual([]);
  const status: unknown = JSON.parse(await branchline.command("status", "--json"));
  expect(status).toMatchObject({
    force: "down",
    forced: { by: "command" },
    calls_go_to: { role: "gateway", peers: [gateway.sentBy] },
    upstream: [{ state: "down", observed: "up" }],
    file_on_disk: { state: "same" },
  });
  expect(await branchline.command("force", "auto")).toBe(
    `Upstream isn't forced: ${upstream.sentBy} is up; calls go to ${upstream.sentBy}\n`,
  );
});

test("commands: force --for ends by itself; a time that isn't one changes nothing", async () => {
  const { branchline } = await office();
  for (const time of ["10", "0s", "8d", "1.5h", "-1s", "soon", ""]) {
    await expect(branchline.command("force", "down", `--for=${time}`)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Must be a time from 1s to 7d"),
    });
  }
  await expect(branchline.command("force", "auto", "--for", "10m")).rejects.toMatchObject({ code: 2 });
  expect(JSON.parse(await branchline.command("status", "--json"))).toMatchObject({ force: "auto" });
  const forced = await branchline.command("force", "down", "--for", "10m", "--json");
  expect(JSON.parse(forced)).toMatchObject({ force: "down", forced: { by: "command", left_s: 600 } });
  expect(await branchline.command("status")).toMatch(
    /\nUpstream is FORCED down until [\d:]+ \((10 min|9 min \d+ s) left\)/,
  );
  const explained = (await branchline.command("explain", net.host(17), "1")).replace(/\n */g, " ");
  expect(explained).toContain("forced down for another");
  expect(await branchline.command("force", "up", "--for", "1s")).toMatch(/FORCED up until [\d:]+ \(1 s left\)/);
  await expect
    .poll(() => branchline.lines.join("\n"), { timeout: PATIENCE_MS })
    .toMatch(/<4>force_ended upstream=up now=auto/);
  expect(branchline.lines.join("\n")).toMatch(/<4>force upstream=up for_s=1\b/);
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
    const status = async () => (await branchline.command("status")).replace(/\n {2}/g, " ");
    expect(await status()).toMatch(/Upstream .*: DOWN for .*, refuses OPTIONS: no program listens there\)/);
    await upstream.reopen();
    await branchline.upstreamBecomes("up");
    expect(await status()).toMatch(/Upstream .*: up for .*, has answered for the whole hold\)/);
    upstream.isAlive = false;
    await branchline.upstreamBecomes("down");
    expect(await status()).toMatch(/Upstream .*: DOWN for .*, no answer to OPTIONS\)/);
  },
);

test("commands: calls shows who decided and why; explain foresees it", async () => {
  const { gateway, phone, branchline } = await office();
  await branchline.command("force", "down");
  const foreseen = await branchline.command("explain", phone.endpoint.host, "5551234");
  expect(foreseen).toContain("Rule call: upstream is forced down.");
  expect(foreseen).toContain(`answers 302, Contact: <sip:5551234@${gateway.sentBy}>`);
  const call = await OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy });
  await call.response(302);
  const calls = await branchline.command("calls");
  expect(calls).toContain("rule call: upstream is forced down");
  expect(calls).toMatch(/^ {2}redirect to gateway .*: 302 after /m);
  await branchline.stop();
  expect(await branchline.command("explain", phone.endpoint.host, "5551234")).toContain("branchline isn't running");
});

test("commands: explain assumes the Path of a phone's registration, and the call that upstream sends with it passes", async () => {
  const { upstream, phone, branchline } = await office();
  const explain = async () =>
    (await branchline.command("explain", upstream.endpoint.host, "201")).replace(/\n +/g, " ");
  expect(await explain()).toContain("Note: 201 isn't registered here");
  await register(phone, upstream, proxy, "201");
  expect(await explain()).toContain("with the Path of the registration of 201.");
  expect(await explain()).toContain(`Rule path: Path leads to ${phone.endpoint.host}.`);
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
  expect(await branchline.command("status")).toContain(`Upstream pbx.branch.example (${net.host(2)}): up for `);
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
    /^No phone is registered\.\nNOT REGISTERED: 201 \(groups default, night\)/,
  );
  await register(tcp, upstream, proxy, "202");
  await register(phone, upstream, proxy, "201");
  const lines = async () => (await branchline.command("registered")).split("\n");
  const [head, first, second, ...rest] = await lines();
  expect(head).toMatch(/^EXTENSION +FROM +EXPIRES +GROUPS$/);
  expect(first).toMatch(new RegExp(`^201 +${phone.sentBy} +udp +in .* default, night$`));
  expect(second).toMatch(/^202 .* tcp +in .* night$/);
  expect(rest).toEqual(["NOT REGISTERED: 203 (group default)", ""]);
  expect(await branchline.command("registered", "201")).toContain(`Contact: sip:201@${phone.sentBy}`);
  expect(await branchline.command("registered", "201")).not.toMatch(/^202 /m);
  await tcp.hangUp();
  await expect.poll(lines, { timeout: PATIENCE_MS }).toContainEqual(expect.stringMatching(/^202.* tcp, gone /));
  expect(JSON.parse(await branchline.command("registered", "--json"))).toEqual({
    contacts: [
      expect.objectContaining({ name: "201@pbx.example.com", transport: "udp", groups: ["default", "night"] }),
      expect.objectContaining({ name: "202@pbx.example.com", connected: false, groups: ["night"] }),
    ],
    members: [
      { group: "default", member: "201", registered: "201@pbx.example.com" },
      { group: "default", member: "203", registered: null },
      { group: "night", member: "201", registered: "201@pbx.example.com" },
      { group: "night", member: `sip:202@${net.host(18)}`, registered: "202@pbx.example.com" },
    ],
    path: [],
    refused: [],
    conflicts: [],
  });
  expect(await branchline.command("status")).toContain("\nNOT REGISTERED: 203 (group default)\n");
});

test("commands: registered lists thousands, piece by piece", async () => {
  const branchline = await Branchline.start({ listen: [`udp:${hostPort(proxy)}`], localnet: [net.network(16)] });
  await branchline.terminate();
  const listener = `${proxy.host} ${proxy.port}`;
  const about = { parameters: "", instance: "", listener, address: net.host(17), port: 5060, callId: "1", cseq: 1 };
  const phone = (index: number) => ({ ...about, contact: `sip:${index}@${net.host(17)}`, left_ms: 3_590_000 });
  const addresses = Array.from({ length: 2_000 }, (_, index) => {
    return { name: `${1_000 + index}@pbx.example.com`, relay: false, bindings: [phone(index), phone(index + 5_000)] };
  });
  await bindingsFile(branchline.stateFolder).save(JSON.stringify({ addresses, callbacks: [] }), Date.now());
  await branchline.restart();
  const lines = (await branchline.command("registered")).trimEnd().split("\n");
  expect(lines).toHaveLength(4_001);
  expect(lines[4_000]).toMatch(/^2999 .* in 59 min/);
});

test("commands: an address that this router hasn't is waited for, and status says so", async () => {
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`, "udp:192.0.2.9:5060", "udp:no-such0:5060"],
    localnet: [net.network(16)],
    gateways: ["sip:10.10.1.3"],
  });
  const stdout = await branchline.command("status");
  expect(stdout).toContain("WARNING: the address of udp:192.0.2.9:5060 is not on this router now\n");
  expect(stdout).toContain("WARNING: udp:no-such0:5060 has no address on this router now\n");
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
  await expect(branchline.command("status")).rejects.toMatchObject({
    code: 1,
    stderr: `branchline isn't running with ${branchline.file} (start: branchline run -c ${branchline.file})\n`,
  });
  const { stderr } = await promisify(execFile)(PROGRAM.command, [...PROGRAM.first, "force", "sideways"]).catch(
    (error: { stderr: string }) => error,
  );
  expect(stderr).toContain("up, down, auto");
});

test("commands: no file, and a socket that isn't for everybody: they say what helps", async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/state`);
  writeFileSync(`${folder}/branchline.yaml`, "listen: [udp:127.0.0.1:5060]\nlocalnet: [127.0.0.0/8]\n");
  copyFileSync(fileOf(PROGRAM), `${folder}/program`);
  chmodSync(folder, 0o755);
  chmodSync(`${folder}/state`, 0);
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const says = async (command: string, file: string) => {
    const [program = "", ...first] = wordsOf(PROGRAM, `${folder}/program`);
    const run = promisify(execFile)(program, [...first, command, "-c", `${folder}/${file}`], nobody);
    return (await run.catch((error: { stderr: string }) => error)).stderr;
  };
  expect(await says("check", "none.yaml")).toMatch(
    /none\.yaml: no such file\. Create it with `branchline init`, or name another with -c FILE/,
  );
  expect(await says("status", "empty/none.yaml")).toMatch(
    /^branchline isn't running with .*none\.yaml, and there is no such file: write it with `branchline init`, or name another/,
  );
  expect(await says("status", "branchline.yaml")).toMatch(/^Permission denied .*branchline\.yaml: run with sudo\n$/);
});
