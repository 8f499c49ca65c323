/**
 * Two routers with keepalived, in namespaces, and a stranger in their LAN who sends from the address and port of one of them, 10,000 datagrams a
 * second: forged and malformed ones, what the members have said themselves, in this life and in the one before, and forged responses.
 *
 * It lasts 4 s, with BRANCHLINE_LONG=1 60 s.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { seal } from "../../src/cluster/envelope.ts";
import { clusterSign } from "../../src/io/node/cluster-link.ts";
import type { Transactions } from "../sip/transactions.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import type { Endpoint } from "./support/addresses.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { pause, until } from "./support/clock.ts";
import { openPort } from "./support/datagram-port.ts";
import { PlacedCall, RingingPhones, transactionsAt } from "./support/pair-calls.ts";
import { type Member, PairLab, SECRET, SHARED_LAN, SHARED_WAN } from "./support/pair-lab.ts";
import { grantsAll, register } from "./support/pair-phones.ts";
import { describeWith } from "./support/peers.ts";
import { processor_ms } from "./support/ringing-calls.ts";

const FORGER = fileURLToPath(new URL("support/forger.mjs", import.meta.url));
const FLOOD_MS = process.env["BRANCHLINE_LONG"] === "1" ? 60_000 : 4_000;
const PER_SECOND = 10_000;
/** Of them, to the port for SIP. */
const RESPONSES_PER_SECOND = 2_000;
const CALLED = "sip:300@pbx.example.com";
/** 20 calls a second. */
const CALL_INTERVAL_MS = 50;
const CLUSTER_PORT = 5059;
const LEFT = { host: "10.222.237.2", port: CLUSTER_PORT };
const RIGHT = { host: "10.222.237.3", port: CLUSTER_PORT };
const UPSTREAM = { host: "198.51.100.10", port: 5060 };
/** The stranger's addresses in each network: its own one, and another host's. */
const IN_LAN = { own: { host: "10.222.237.99", port: CLUSTER_PORT }, spoofed: RIGHT };
const IN_WAN = { own: { host: "198.51.100.99", port: 5060 }, spoofed: UPSTREAM };
/** Datagrams of each life that the stranger has kept. */
const KEPT = 20;

/** Each is met. */
const REASONS = [
  ...["other_address", "malformed", "other_version", "other_receiver", "unknown_sender", "own_name"],
  ...["forged", "replayed"],
];

cleanUpAfterEach();

/** A datagram of the flood. */
interface Forged {
  readonly by: keyof typeof IN_LAN;
  readonly to: Endpoint;
  readonly wire: string;
  /** Where it has a number of 15 digits that grows. */
  readonly numberAt?: number | undefined;
}

const NUMBER = 700_000_000_000_000;
/** What another member would say to have a phone registered that isn't. */
const EVIL = [JSON.stringify(["changes", [["aor 666@pbx.example.com", 9, "right", "x", {}, 60_000]]])];

/**
 * What the left member may believe to come from the right one, but for a detail of each.
 * @param real what the right one has said: its life and the left one's are in it
 */
function lies(real: string): string[] {
  const sign = clusterSign(SECRET);
  const otherSign = clusterSign("another secret of 32 characters!!");
  const header = { from: "right", to: "left", boot: "0123456789", heard: "-", seq: NUMBER };
  const [, , , , boot = "", heard = ""] = real.split(" ");
  return [
    seal(header, EVIL, otherSign),
    seal({ ...header, boot, heard }, EVIL, otherSign),
    seal({ ...header, from: "nobody" }, EVIL, sign),
    seal({ ...header, from: "left" }, EVIL, sign),
    seal({ ...header, to: "right" }, EVIL, sign),
    seal(header, EVIL, sign).slice(0, 60),
    "\u0000".repeat(1_400),
    `BLC9 ${"x".repeat(1_000)}`,
  ];
}

/** A response to nobody's INVITE, with a branch as ours are, that leads to a phone. */
function response(branch: string, phone: string): string {
  return [
    "SIP/2.0 200 OK",
    `Via: SIP/2.0/UDP ${SHARED_WAN.host}:${SHARED_WAN.port};branch=${branch}`,
    `Via: SIP/2.0/UDP ${phone};branch=z9hG4bKforged`,
    `From: <sip:caller@${phone}>;tag=forged`,
    "To: <sip:300@pbx.example.com>;tag=forged",
    "Call-ID: forged",
    "CSeq: 1 INVITE",
    "Contact: <sip:666@198.51.100.99>",
    "Content-Length: 0\r\n\r\n",
  ].join("\r\n");
}

/** Sends all of them, over and over. @returns what it says, once it is over */
function flood(who: typeof IN_LAN, namespace: string, perSecond: number, datagrams: readonly Forged[]) {
  const order = { ...who, perSecond, duration_ms: FLOOD_MS };
  const child = new Child(process.execPath, [FORGER, JSON.stringify(order)], { namespace, stdin: "pipe" });
  defer(() => child.stop("SIGKILL"));
  for (const { wire, ...more } of datagrams) {
    child.type(JSON.stringify({ ...more, base64: Buffer.from(wire, "latin1").toString("base64") }));
  }
  child.type("");
  return child.line(/^sent /, FLOOD_MS + PATIENCE_MS);
}

interface Cluster {
  readonly dropped: Readonly<Record<string, number>>;
}

async function clusterOf(member: Member): Promise<Cluster> {
  return ((await member.ask({ command: "status" })) as { status: { cluster: Cluster } }).status.cluster;
}

/** Datagrams that the kernel has dropped since it had no room for them: of the process, which has no other sockets in its namespace. */
function lost(member: Member): number {
  const udp = readFileSync(`/proc/${member.branchline.pid}/net/snmp`, "latin1")
    .split("\n")
    .filter((line) => line.startsWith("Udp:"));
  const [names, values] = udp.map((line) => line.split(" "));
  return Number(values?.[names?.indexOf("RcvbufErrors") ?? -1]);
}

/** Of our INVITE, as upstream has it. */
async function branchOf(call: PlacedCall, callee: RingingPhones): Promise<string> {
  expect((await call.final()).status).toBe(200);
  return /branch=([^;]*)/.exec(callee.copiesOf(call.callId)[0]?.request.header("via") ?? "")?.[1] ?? "";
}

async function calls(agent: Transactions, isOver: () => boolean) {
  const placed: { readonly call: PlacedCall; readonly start_ms: number }[] = [];
  while (!isOver()) {
    placed.push({ call: new PlacedCall(agent, CALLED, SHARED_LAN), start_ms: performance.now() });
    await pause(CALL_INTERVAL_MS);
  }
  const statuses = await Promise.all(placed.map(async ({ call }) => (await call.final()).status));
  return { statuses, resent: agent.resent };
}

describeWith(["namespaces", "keepalived", "sysctl"], "a stranger has a member's address", () => {
  test("10,000 datagrams a second change nothing, reach nobody and cost no call", {
    timeout: FLOOD_MS + 90_000,
  }, async () => {
    const lab = await PairLab.build();
    const { left, right, upstream } = lab;
    grantsAll(upstream);
    const callee = new RingingPhones(transactionsAt(upstream));
    callee.onRing = ({ request }) => callee.end(request.callId, 200);
    await register(lab.phones.left, ["201"], SHARED_LAN);
    const kept: string[] = [];
    const ears = await openPort(LEFT, (wire) => void kept.push(wire), lab.impostor("lan", 98, 2).name);
    defer(() => ears.close());
    const overheard = () => until("the stranger hears the members", () => kept.length >= KEPT);
    await overheard();
    const former = kept.splice(0);
    await right.branchline.killAndRestart();
    await right.isActive();
    await overheard();
    const phones = transactionsAt(lab.phones.left);
    const branch = await branchOf(new PlacedCall(phones, CALLED, SHARED_LAN), callee);

    const forged = lies(kept.at(-1) ?? "");
    const inLan: Forged[] = [...forged, ...former.slice(0, 5), ...kept.slice(0, 5)].flatMap((wire) => {
      const place = wire.indexOf(`${NUMBER}`);
      const datagram = { to: LEFT, wire, numberAt: place < 0 ? undefined : place };
      return [{ ...datagram, by: "spoofed" }, ...(wire === forged[0] ? [{ ...datagram, by: "own" } as const] : [])];
    });
    const inWan: Forged[] = [
      // It has heard a branch, and takes it for one of an earlier life.
      { by: "own", to: SHARED_WAN, wire: response(branch, phones.sentBy) },
      { by: "own", to: SHARED_WAN, wire: response(`${branch.slice(0, 24)}0000-0000000000.000000`, phones.sentBy) },
      { by: "spoofed", to: SHARED_WAN, wire: response("z9hG4bK0000000000.aaaa1", phones.sentBy) },
    ];
    const before = await clusterOf(left);
    const [cpu_ms, lost_before] = [processor_ms(left.branchline.pid), lost(left)];
    let isOver = false;
    const flooded = Promise.all([
      flood(IN_LAN, lab.impostor("lan", 99, 3).name, PER_SECOND - RESPONSES_PER_SECOND, inLan),
      flood(IN_WAN, lab.impostor("wan", 99, 10).name, RESPONSES_PER_SECOND, inWan),
    ]).finally(() => {
      isOver = true;
    });
    const { statuses, resent } = await calls(phones, () => isOver);
    const said = await flooded;
    const { dropped } = await clusterOf(left);
    const sum = Object.entries(dropped).reduce((all, [why, count]) => all + count - (before.dropped[why] ?? 0), 0);
    console.log(
      `${said.join(" and ")} beside ${statuses.length} calls, ${resent} messages of which were sent again; ` +
        `dropped ${sum}, by the kernel ${lost(left) - lost_before}; ` +
        `${Math.round(processor_ms(left.branchline.pid) - cpu_ms)} ms of the processor: ${JSON.stringify(dropped)}`,
    );
    expect(statuses).toEqual(Array(statuses.length).fill(200));
    expect(REASONS.filter((why) => dropped[why] === before.dropped[why])).toEqual([]);
    expect(lab.phones.left.received.filter(({ callId }) => callId === "forged")).toEqual([]);
    for (const one of [left, right]) {
      await until("the members hear each other", () => one.hearsOther());
      expect(await one.contacts()).toEqual([`201@pbx.example.com sip:201@${lab.phones.left.sentBy}`]);
    }
  });
});
