/** What the bundle must do under every Node and on every processor. It only sees sockets, signals and files. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { blocksOf, page } from "../pages/pages.ts";
import { hostPort, sipUri } from "../peers/support/addresses.ts";
import { converse, reinviteBothWays } from "../peers/support/both-ways.ts";
import type { Branchline } from "../peers/support/branchline.ts";
import { CertificateAuthority } from "../peers/support/certificates.ts";
import { Child } from "../peers/support/child.ts";
import { until } from "../peers/support/clock.ts";
import { ringingUpstream } from "../peers/support/flood.ts";
import { IncomingCall } from "../peers/support/incoming-call.ts";
import { OutgoingCall } from "../peers/support/outgoing-call.ts";
import { bePatient } from "../peers/support/patience.ts";
import { describeWith } from "../peers/support/peers.ts";
import { type Registration, register } from "../peers/support/registration.ts";
import { resident_kb, ring } from "../peers/support/ringing-calls.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { upstreamResults } from "../peers/support/upstream-results.ts";
import { newToken, registration, requestText } from "../sip/build.ts";
import { uriIn } from "../sip/message.ts";
import type { SipMessage } from "../sip/sip-message.ts";
import { DnsServer } from "../support/dns-server.ts";
import { CLOCK_GRAIN_MS } from "../support/machine.ts";
import { byNode, wordsOf } from "../support/program.ts";
import { type Branch, branch, frTimer_ms, net, openBranch, outwards, proxy } from "./branch.ts";
import type { Lane } from "./lanes.ts";
import { longInvite, passedOn, REFUSAL } from "./long-invite.ts";

const DEMO = fileURLToPath(new URL("../../dist/demo.mjs", import.meta.url));
const TEST_LIMIT_MS = 90_000;
/** Start-ups of which the best counts. */
const STARTS = 3;
/** The demo plays beside the other tests. */
const DEMO_PATIENCE = 4;
const RINGING = 1_000;
/** How many calls begin in a second, where the processor can take as many. */
const RINGING_PER_SECOND = 300;
/** What a failure shows of it. */
const DEMO_LINES = 60;

/** What is measured on the way. */
export interface Measured {
  version: string;
  /** deploy/run.sh, which tries Node first, until it listens. */
  script_ms: number;
  /** The program until it listens. */
  start_ms: number;
  /** The first OPTIONS, from a phone. */
  answer_ms: number;
  /** Memory once upstream is up, and with {@link RINGING} calls that ring; of qemu-user without its own. */
  idle_kb: number;
  ringing_kb: number;
  tests: number;
  passed: number;
}

/**
 * The tests of one lane.
 * @param isWhole otherwise only what processors may differ in most: time, sockets, files
 */
export function laneTests(title: string, lane: Lane, isWhole: boolean, measured: Measured): void {
  const shows = (what: string, run: () => Promise<void>) => {
    measured.tests += 1;
    test(`${title}: ${what}`, { timeout: lane.patience * TEST_LIMIT_MS }, async () => {
      onTestFinished(({ task }) => {
        if (task.result?.state === "pass") measured.passed += 1;
      });
      await run();
    });
  };

  beforeAll(() => bePatient(lane.patience));
  shows("deploy/run.sh starts it, calls survive an outage, and SIGTERM ends it", () => aDay(lane, measured));
  shows("what it knows of phones outlives it, and another Node reads it", () => bindings(lane));
  if (!isWhole) return;

  // It waits most of the time: meanwhile the others play.
  let demo: Child;
  beforeAll(() => {
    const patience = Math.max(lane.patience, DEMO_PATIENCE);
    const env = { BRANCHLINE_PROGRAM: wordsOf(lane.program).join(" "), BRANCHLINE_PATIENCE: String(patience) };
    demo = new Child(process.execPath, [DEMO], { env });
  });
  afterAll(() => demo.stop("SIGKILL"));
  shows("it starts and ends again and again", () => startUp(lane, measured));
  shows("a phone registers, calls and is called, and a restart harms no call", () => calls(lane));
  shows("a call from the PSTN rings phones on IPv4 and IPv6, and one gets it", () => huntGroup(lane));
  shows("a phone that has opened a TCP connection calls, and is called over it", () => overTcp(lane));
  if (lane.program.node === undefined) shows("a file that wants TLS is refused, with the cure", () => withoutTls(lane));
  else describeWith(["openssl"], `${title}, TLS`, () => shows("a call from TLS to TLS", () => overTls(lane)));
  shows("an INVITE of 4,096 octets, umlauts among them, passes octet by octet", () => longMessage(lane));
  shows("upstream is found by SRV and A records", () => byName(lane));
  shows("check, status, calls, explain, and SIGHUP", () => commands(lane));
  shows(`${RINGING} calls ring at once`, () => ringing(lane, measured));
  shows("the demo's day", async () => {
    const status = await demo.ended;
    expect(status, demo.lines.slice(-DEMO_LINES).join("\n")).toBe(0);
    const drawn = new Set(demo.lines.map(asDrawn));
    expect(ladderInReadme().filter((line) => !drawn.has(asDrawn(line)))).toEqual([]);
  });
}

/** The lines of README's excerpt from the demo. */
function ladderInReadme(): string[] {
  const block = blocksOf(page("README.md")).find(({ text }) => text.includes("302 Moved Temporarily"));
  const lines = (block?.text ?? "").trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(10);
  return lines;
}

/** A line of a ladder without its time, and without what depends on it and on ports that are free. */
function asDrawn(line: string): string {
  return line
    .replace(/^ *\d+\.\d+/, "")
    .replace(/(127\.[\d.]+):\d+/, "$1")
    .replace(/[─ ]+/g, " ")
    .trim();
}

/** @returns what runs the program, such as "Node 18.20.4" or "QuickJS 2025-04-26" */
async function engineOf({ program, engine, isBigEndian }: Lane): Promise<string> {
  const { command, first, node } = program;
  const { stdout } = await promisify(execFile)(command, [...first, "version", "--json"]);
  const { engine: version } = JSON.parse(stdout) as { engine: string };
  expect(version).toMatch(new RegExp(`^${engine}\\b`));
  if (node === undefined) return version;
  const { stdout: order } = await promisify(execFile)(node, ["-p", "require('os').endianness()"]);
  expect(order.trim()).toBe(isBigEndian ? "BE" : "LE");
  return version;
}

async function aDay(lane: Lane, measured: Measured): Promise<void> {
  const version = await engineOf(lane);
  const office = await branch(lane);
  const branchline = await office.start({ byRunScript: true });
  const answer_ms = await answers(office.phone);
  Object.assign(measured, { version, script_ms: branchline.startUp_ms, answer_ms });
  await branchline.upstreamIs("up");
  await outage(frTimer_ms(lane), office, branchline);
  expect(branchline.lines.filter((line) => line.includes("flags_refused"))).toEqual([]);
  expect(await branchline.terminate()).toBe(0);
}

/** An OPTIONS of its own; returns how long the answer took. */
async function answers(phone: SipAgent): Promise<number> {
  const aor = `<${sipUri("201", phone.endpoint)}>`;
  const parts = { method: "OPTIONS", uri: `sip:${hostPort(proxy)}`, from: `${aor};tag=1`, to: aor, callId: newToken() };
  const sent_ms = await phone.send(requestText(phone.sentBy, { ...parts, cseq: 1 }), proxy);
  const ok = await phone.next({ status: 200, method: "OPTIONS" });
  return ok.at_ms - sent_ms;
}

async function outage(fr_ms: number, { upstream, gateway, phone }: Branch, branchline: Branchline): Promise<void> {
  upstream.isAlive = false;
  const first = await OutgoingCall.start(phone, outwards);
  const notice = await first.response(181);
  expect(first.delay_ms(notice)).toBeGreaterThanOrEqual(fr_ms - CLOCK_GRAIN_MS);
  const redirect = await first.response(302);
  const to = uriIn(redirect.header("contact"));
  expect(to).toBe(`sip:5551234@${gateway.sentBy}`);
  const local = await converse(phone, gateway, { to, through: proxy, after: first });
  await local.caller.ask("BYE", gateway);
  await branchline.upstreamIs("down");

  const back = branchline.upstreamBecomes("up");
  upstream.isAlive = true;
  await back;
  const above = await converse(phone, upstream, outwards);
  await above.callee.ask("BYE", phone);

  await upstream.close();
  const closed = await OutgoingCall.start(phone, outwards);
  const atOnce = await closed.response(181);
  console.log(`lane: port closed: 181 after ${closed.delay_ms(atOnce).toFixed(1)} ms, promised at once`);
  await closed.response(302);
  expect((await upstreamResults(branchline)).get(closed.callId)).toBe("unreachable");
}

async function startUp(lane: Lane, measured: Measured): Promise<void> {
  const { start } = await branch(lane);
  const branchline = await start();
  for (let done = 1; done < STARTS; done++) {
    measured.start_ms = Math.min(measured.start_ms, branchline.startUp_ms);
    // At once, before it has done anything.
    expect(await branchline.terminate()).toBe(0);
    await branchline.restart();
  }
  measured.start_ms = Math.min(measured.start_ms, branchline.startUp_ms);
}

/** @returns the answer to its REGISTER in an outage */
async function registerLocally(phone: SipAgent, user: string): Promise<SipMessage> {
  const callId = newToken();
  const parts = registration({ user, contact: sipUri(user, phone.endpoint), callId, cseq: 1, expires_s: 300 });
  await phone.send(requestText(phone.sentBy, parts), proxy);
  return phone.next({ isFinal: true, method: "REGISTER", callId });
}

/** The files are written by this machine's own Node, read and written by the lane's, and read by this machine's again. */
async function bindings(lane: Lane): Promise<void> {
  const { upstream, gateway, phone, other, start } = await branch(lane, {
    hunt_groups: {},
    state: { interval: "1s" },
  });
  const stranger = await SipAgent.open(net.at(19));
  const branchline = await start({ program: byNode(process.execPath) });
  const secret = () => readFileSync(join(branchline.stateFolder, "secret"), "latin1");
  /** The PSTN calls an extension, and the phone there has the call. */
  const rings = async (user: string, there: SipAgent) => {
    const call = await converse(gateway, there, { to: sipUri(user, proxy), through: proxy });
    await call.caller.ask("BYE", there);
  };
  /** Upstream calls it by the Path that it has registered with. */
  const isCalled = async (there: SipAgent, { contact, path }: Registration) => {
    const call = await converse(upstream, there, { to: contact, through: proxy, routes: path });
    await call.caller.ask("BYE", there);
  };

  await branchline.upstreamIs("up");
  const first = await register(phone, upstream, proxy, "201");
  const firstSecret = secret();
  expect(await branchline.terminate()).toBe(0);

  await branchline.restart({ program: lane.program });
  await branchline.upstreamIs("up");
  const second = await register(other, upstream, proxy, "202");
  await isCalled(phone, first);
  const down = branchline.upstreamBecomes("down");
  await upstream.close();
  await down;
  await rings("201", phone);
  expect((await registerLocally(phone, "201")).status).toBe(200);
  expect((await registerLocally(stranger, "203")).status).toBe(503);
  const file = join(branchline.stateFolder, "bindings.json");
  await until("202 is stored", () => textOf(file).includes("sip:202@"));
  await branchline.kill();

  await branchline.restart({ program: byNode(process.execPath) });
  await branchline.upstreamIs("down");
  await rings("201", phone);
  await rings("202", other);
  expect(secret()).toBe(firstSecret);
  const up = branchline.upstreamBecomes("up");
  await upstream.reopen();
  await up;
  await isCalled(other, second);
}

/** "" while there is none, as for a moment whenever it is written anew. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

async function calls(lane: Lane): Promise<void> {
  const { upstream, phone, branchline } = await openBranch(lane);
  const { contact, path } = await register(phone, upstream, proxy);
  const out = await converse(phone, upstream, outwards);
  const back = await converse(upstream, phone, { to: contact, through: proxy, routes: path });
  await branchline.killAndRestart();
  await reinviteBothWays(out);
  await out.caller.ask("BYE", upstream);
  await back.callee.ask("BYE", upstream);
}

async function huntGroup(lane: Lane): Promise<void> {
  const { gateway, phone, other, six, proxy6 } = await openBranch(lane);
  const call = await OutgoingCall.start(gateway, { to: sipUri("5550100", proxy), through: proxy });
  const [first, second, third] = await Promise.all([
    IncomingCall.at(phone, call.callId),
    IncomingCall.at(other, call.callId),
    IncomingCall.at(six, call.callId),
  ]);
  await Promise.all([first, second, third].map((incoming) => incoming.ring()));
  await call.response(180);
  const answered = third.answer();
  const cancels = await Promise.all([first, second].map((incoming) => incoming.cancelled()));
  const caller = await call.established();
  const callee = await answered;
  for (const cancel of cancels) {
    expect(cancel.header("reason")).toBe('SIP;cause=200;text="Call completed elsewhere"');
  }
  expect(six.all({ method: "CANCEL" })).toEqual([]);
  expect(third.invite.from).toEqual(proxy6);
  await callee.ask("INVITE", gateway);
  await caller.ask("BYE", six);
}

async function overTcp(lane: Lane): Promise<void> {
  const { upstream, gateway } = await openBranch(lane);
  const phone = await SipAgent.open(net.at(19), undefined, "tcp");
  const { contact, path } = await register(phone, upstream, proxy, "203");
  const out = await converse(phone, upstream, outwards);
  await out.caller.ask("BYE", upstream);
  const back = await converse(upstream, phone, { to: contact, through: proxy, routes: path });
  await back.callee.ask("INVITE", upstream);
  await back.caller.ask("BYE", phone);
  const inside = await converse(gateway, phone, { to: sipUri("203", proxy), through: proxy });
  await inside.caller.ask("BYE", phone);
  // The other end of what it has opened; a connection to its own port would come from any.
  expect([...new Set(phone.received.map(({ from }) => hostPort(from)))]).toEqual([hostPort(proxy)]);
}

async function overTls(lane: Lane): Promise<void> {
  const authority = new CertificateAuthority();
  const identity = (last: number) => ({
    ...authority.issue(`agent ${last}`, `IP:${net.host(last)}`),
    ca: authority.file,
  });
  const upstream = await SipAgent.open(net.at(4, 5061), undefined, identity(4));
  const phone = await SipAgent.open(net.at(20, 5061), undefined, identity(20));
  const { branchline } = await openBranch(lane, {
    listen: [`tls:${net.host(1)}:5061`, `udp:${hostPort(proxy)}`],
    tls: identity(1),
    upstream: `sip:${upstream.sentBy};transport=tls`,
    hunt_groups: {},
  });
  const call = await converse(phone, upstream, { to: outwards.to, through: net.at(1, 5061) });
  await call.callee.ask("BYE", phone);
  expect(branchline.lines.filter((line) => line.includes("tls_failed"))).toEqual([]);
}

/** A binary without TLS never starts with a file that it can't obey. */
async function withoutTls({ program: { command, first } }: Lane): Promise<void> {
  const file = join(temporaryFolder(), "branchline.yaml");
  const tls = { certificate: "/etc/ssl/cert.pem", key: "/etc/ssl/key.pem" };
  writeFileSync(file, stringify({ listen: [`tls:${net.host(1)}:5061`], localnet: [net.network(16)], tls }));
  for (const words of [
    ["run", "-c", file],
    ["check", file],
  ]) {
    await expect(promisify(execFile)(command, [...first, ...words])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/branchline\.yaml:\d+:\d+: .*this build of branchline has no TLS/),
    });
  }
}

async function longMessage(lane: Lane): Promise<void> {
  const { upstream, phone } = await openBranch(lane);
  const { wire, callId } = longInvite(phone, outwards.to);
  expect(wire).toHaveLength(4_096);
  await phone.send(wire, proxy);
  const arrived = await upstream.next({ method: "INVITE", callId });
  expect(passedOn(arrived.wire)).toEqual(passedOn(wire));
  expect(arrived.body).toBe(wire.slice(wire.indexOf("\r\n\r\n") + 4));
  await upstream.reply(arrived, 486, REFUSAL, { toTag: "busy" });
  const refusal = await phone.next({ status: 486, callId });
  expect(refusal.reason).toBe(REFUSAL);
}

async function byName(lane: Lane): Promise<void> {
  const dns = await DnsServer.open(net.host(5));
  const upstream = await SipAgent.open(net.at(6, 5070));
  dns.zone.set("_sip._udp.hq.example.com", [{ type: "SRV", srv: [1, 0, 5070, "server.hq.example.com"] }]);
  dns.zone.set("server.hq.example.com", [{ type: "A", address: net.host(6) }]);
  try {
    const { phone } = await openBranch(lane, { upstream: "sip:hq.example.com", dns: { servers: [dns.address] } });
    const call = await converse(phone, upstream, outwards);
    await call.caller.ask("BYE", upstream);
  } finally {
    await dns.close();
  }
}

async function ringing(lane: Lane, measured: Measured): Promise<void> {
  await ringingUpstream(net.at(7));
  const { branchline } = await openBranch(lane, { upstream: `sip:${hostPort(net.at(7))}`, limits: "none" });
  measured.idle_kb = resident_kb(branchline.pid);
  const sources = [net.host(21), net.host(22)];
  await ring(branchline, { sources, target: proxy, count: RINGING, perSecond: RINGING_PER_SECOND });
  measured.ringing_kb = resident_kb(branchline.pid);
}

/** Each runs under the lane's Node, too. */
async function commands(lane: Lane): Promise<void> {
  const { upstream, gateway, phone, branchline } = await openBranch(lane);
  const ask = (...words: readonly [string, ...string[]]) => branchline.command(...words);
  expect(await ask("check")).toContain(gateway.sentBy);
  expect(await ask("status")).toContain(`Upstream ${upstream.sentBy}: up for `);
  expect(await ask("registered")).toContain("No phone is registered.\n");
  expect(await ask("calls", "5551234", "-n", "1")).toBe("No call of 5551234 is known.\n");
  expect(await ask("explain", phone.endpoint.host, "5551234", "--down")).toContain(`<sip:5551234@${gateway.sentBy}>`);
  const { findings } = JSON.parse(await ask("doctor", "--json")) as { findings: { check: string; severity: string }[] };
  const severities = ["running", "ports", "upstream", "gateways"].map(
    (name) => findings.find(({ check }) => check === name)?.severity,
  );
  expect(severities).toEqual(["ok", "ok", "ok", "ok"]);
  expect(await branchline.reload()).toMatch(/<6>reloaded /);
}
