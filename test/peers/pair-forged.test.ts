/**
 * A pair on loopback addresses: the process that has the shared address is killed, and members are flooded from elsewhere.
 *
 * Loopback addresses are on no interface: there, the process that has the port has the address, so no VRRP is needed.
 */
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seal } from "../../src/cluster/envelope.ts";
import { clusterSign } from "../../src/io/node/cluster-link.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { monotonic_ms, pause, until } from "./support/clock.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { answersAll, grantsAll, register } from "./support/pair-phones.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(78);
const SHARED = net.at(1);
const UPSTREAM = net.at(4);
const PHONES = net.at(17);
const MEMBERS = { left: net.at(2, 5059), right: net.at(3, 5059) };
const SECRET = "0123456789abcdef0123456789abcdef";

cleanUpAfterEach();

type Name = keyof typeof MEMBERS;

async function member(name: Name): Promise<Branchline> {
  const folder = temporaryFolder();
  const secret = join(folder, "secret");
  writeFileSync(secret, SECRET, { mode: 0o600 });
  const { host } = MEMBERS[name];
  return Branchline.start({
    listen: [`udp:${hostPort(SHARED)}`, `udp:${host}`],
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${hostPort(UPSTREAM)}`], probe: QUICK_PROBES, hold: "100ms" },
    limits: "none",
    cluster: {
      name,
      members: Object.fromEntries(Object.entries(MEMBERS).map(([one, at]) => [one, hostPort(at)])),
      secret,
      shared: [SHARED.host],
      health_file: join(folder, "healthy"),
    },
  });
}

/** Both members; which of them has the address is told by their logs. */
async function pair() {
  const upstream = await SipAgent.open(UPSTREAM);
  const phones = await SipAgent.open(PHONES);
  const left = await member("left");
  const right = await member("right");
  for (const one of [left, right]) {
    await one.upstreamIs("up");
    await one.logs(/cluster_state state=active/);
    await one.logs(/cluster_member_alive/);
  }
  const holds = /shared_address .*is_here=yes/;
  const holder = await Promise.race([
    left.logs(holds).then((): Name => "left"),
    right.logs(holds).then((): Name => "right"),
  ]);
  const other: Name = holder === "left" ? "right" : "left";
  const [first, second] = holder === "left" ? [left, right] : [right, left];
  return { upstream, phones, holder, other, first, second };
}

async function ask(branchline: Branchline, question: object): Promise<string> {
  const socket = createConnection(join(branchline.stateFolder, "control.sock"));
  socket.write(`${JSON.stringify(question)}\n`);
  let text = "";
  for await (const piece of socket) text += String(piece);
  return text;
}

const knows = async (branchline: Branchline, user: string) =>
  (await ask(branchline, { command: "registered", after: "" })).includes(`"${user}@`);

test("a phone that registers at one is called through the other, once the first is killed", async () => {
  const { upstream, phones, first, second } = await pair();
  grantsAll(upstream);
  await register(phones, ["201"], SHARED);
  const registered_ms = monotonic_ms();
  await until("the other one knows the phone", () => knows(second, "201"));
  console.log(`known at the other one ${Math.round(monotonic_ms() - registered_ms)} ms after the 200`);
  await first.kill();
  await second.logs(/shared_address .*is_here=yes/);
  await upstream.close();
  await second.upstreamIs("down");
  answersAll(phones);
  const caller = await SipAgent.open(net.at(18));
  const call = await OutgoingCall.start(caller, { to: "sip:201@pbx.example.com", through: SHARED });
  await call.established();
});

interface Cluster {
  readonly dropped: Readonly<Record<string, number>>;
  readonly members: readonly { readonly life: string }[];
}

async function clusterOf(branchline: Branchline): Promise<Cluster> {
  return (JSON.parse(await ask(branchline, { command: "status" })) as { status: { cluster: Cluster } }).status.cluster;
}

const FLOOD_MS = 3_000;
/** Of each flood; a busy machine sends fewer. */
const BURST = 100;
const BURST_MS = 10;
const CALLS = 60;
const CALL_MS = 50;

test("a flood from another port than the other member's isn't looked at, whatever is in it, and costs no call", async () => {
  const { upstream, phones, holder, first, other } = await pair();
  grantsAll(upstream);
  answersAll(upstream);
  await register(phones, ["201"], SHARED);
  const sign = clusterSign(SECRET);
  const header = { from: other, to: holder, boot: "0123456789", heard: "-", seq: 1 };
  const evil = [JSON.stringify(["changes", [["aor 666@pbx.example.com", 9, "right", "x", {}, 60_000]]])];
  const datagrams = [
    seal(header, evil, clusterSign("another secret of 32 characters!!")),
    // It was once good, as far as anybody can tell: kept by a stranger, and sent again and again.
    seal(header, evil, sign),
    seal({ ...header, from: "nobody" }, evil, sign),
    seal({ ...header, to: other }, evil, sign),
    seal(header, evil, sign).slice(0, 60),
    "\u0000".repeat(1_400),
    `BLC9 ${"x".repeat(16_400)}`,
  ].map((wire) => Buffer.from(wire, "latin1"));
  const socket = createSocket("udp4");
  defer(() => new Promise((resolve) => socket.close(() => resolve(undefined))));
  // At the other member's address, which has its port itself: pair-spoofed.test.ts has a stranger with both.
  await new Promise((resolve) => socket.bind(0, MEMBERS[other].host, () => resolve(undefined)));
  let sent = 0;
  const burst = () => {
    for (let count = 0; count < BURST; count++) {
      socket.send(
        datagrams[sent % datagrams.length] ?? Buffer.alloc(0),
        MEMBERS[holder].port,
        MEMBERS[holder].host,
        () => {},
      );
      sent += 1;
    }
  };
  const flood = setInterval(burst, BURST_MS);
  defer(() => clearInterval(flood));
  const begin_ms = monotonic_ms();
  const calls: Promise<unknown>[] = [];
  for (let count = 0; count < CALLS; count++) {
    const call = await OutgoingCall.start(phones, { to: "sip:300@pbx.example.com", through: SHARED });
    calls.push(call.established());
    await pause(CALL_MS);
  }
  await Promise.all(calls);
  clearInterval(flood);
  const lasted_ms = monotonic_ms() - begin_ms;
  expect(lasted_ms).toBeGreaterThan(FLOOD_MS - CALL_MS);
  const { dropped } = await clusterOf(first);
  console.log(
    `${Math.round((1_000 * sent) / lasted_ms)} datagrams a second beside ${CALLS} calls; dropped: ${JSON.stringify(dropped)}`,
  );
  // A busy machine may keep a member silent for 400 ms, and then it is heard again.
  const isAlive = async () => (await clusterOf(first)).members.every(({ life }) => life === "alive");
  await until("the members hear each other", isAlive);
  expect(await knows(first, "666")).toBe(false);
  expect(await knows(first, "201")).toBe(true);
  expect(dropped["other_address"]).toBeGreaterThan(0);
});
