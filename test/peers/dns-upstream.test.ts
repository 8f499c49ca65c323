/**
 * An upstream that DNS names: its servers fail, then DNS itself, and calls go on.
 *
 *   phone        branchline          DNS          first   second   third
 *     │── INVITE ──▶│─ SRV, A ────────▶│            ┆       ┆       │     priorities 1, 2, 3
 *     │             │── INVITE ─────────────────────▶┆      ┆       │     silent: half of fr_timer
 *     │             │── INVITE ──────────────────────┆─────▶╳       │     port closed
 *     │◀─ 486 ──────│── INVITE ──────────────────────┆──────┆──────▶│
 */
import { expect, test } from "vitest";
import { DnsServer } from "../support/dns-server.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { monotonic_ms, pause } from "./support/clock.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { expectAt, expectAtOnce } from "./support/promised-times.ts";
import { SipAgent } from "./support/sip-agent.ts";

const net = new Subnet(83);
const proxy = net.at(1);
const phoneAddress = net.at(17);
const DOMAIN = "hq.example.com";
const NUMBER = `sip:5551234@${DOMAIN}`;
/** The first server has half of it; no busy machine takes as long. */
const FR_TIMER_MS = 24_000;
/** The least lifetime that branchline believes. */
const LIFETIME_MS = 5_000;
const CALLS_WITHOUT_DNS = 20;
const CALLS = 1_000;
const WEIGHTS = [10, 30, 60];

cleanUpAfterEach();

/** DNS with an SRV record for each server, and branchline with a phone. */
async function branch(priorityAndWeight: readonly (readonly [number, number])[]) {
  const dns = await DnsServer.open(net.host(2));
  let isOpen = true;
  const kill = async () => {
    if (isOpen) await dns.close();
    isOpen = false;
  };
  defer(kill);
  const servers = priorityAndWeight.map((_, index) => net.at(3 + index));
  dns.zone.set(
    `_sip._udp.${DOMAIN}`,
    priorityAndWeight.map(([priority, weight], index) => {
      return { type: "SRV", srv: [priority, weight, 5060, `server${index}.${DOMAIN}`] };
    }),
  );
  for (const [index, { host }] of servers.entries()) {
    dns.zone.set(`server${index}.${DOMAIN}`, [{ type: "A", address: host, ttl_s: 1 }]);
  }
  const start = () =>
    Branchline.start({
      listen: [`udp:${hostPort(proxy)}`],
      localnet: [net.network(16)],
      upstream: { targets: [`sip:${DOMAIN}`], fr_timer: `${FR_TIMER_MS}ms`, probe: QUICK_PROBES },
      dns: { servers: [dns.address] },
    });
  return { dns, kill, servers, start, phone: await SipAgent.open(phoneAddress) };
}

/** A server at which everybody is busy. */
async function busy(at: { host: string; port: number }): Promise<SipAgent> {
  const agent = await SipAgent.open(at);
  agent.attendant = (message) => {
    if (message.method === "INVITE") void agent.reply(message, 486, "Busy Here", { toTag: "busy" });
    return true;
  };
  return agent;
}

/** Calls once; returns how long the answer took. */
async function call(phone: SipAgent, limit_ms = FR_TIMER_MS + PATIENCE_MS): Promise<number> {
  const made = await OutgoingCall.start(phone, { to: NUMBER, through: proxy });
  return made.delay_ms(await made.response(486, limit_ms));
}

test("dns: the first server is silent, the second refuses: calls complete, and go on when DNS dies", async () => {
  const { dns, kill, servers, start, phone } = await branch([
    [1, 0],
    [2, 0],
    [3, 0],
  ]);
  const [first, , third] = servers;
  if (first === undefined || third === undefined) throw new Error("three servers are needed");
  const silent = await SipAgent.open(first);
  silent.isAlive = false;
  await busy(third);
  const branchline = await start();
  const first_ms = await call(phone);
  expectAt("dns: the first server is silent: answer of the third", first_ms, FR_TIMER_MS / 2);
  await branchline.upstreamIs("up");
  const with_ms = await call(phone);
  await kill();
  const asked = dns.asked.length;
  const without_ms: number[] = [];
  const start_ms = monotonic_ms();
  const elapsed_ms = () => monotonic_ms() - start_ms;
  while (elapsed_ms() < 2 * LIFETIME_MS + 1_000 || without_ms.length < CALLS_WITHOUT_DNS) {
    without_ms.push(await call(phone));
    await pause(250);
  }
  const most_ms = Math.max(...without_ms);
  console.log(
    `dns: first call ${first_ms.toFixed(0)} ms, next ${with_ms.toFixed(0)} ms; DNS dead after ${asked} questions: ` +
      `${without_ms.length} calls in ${elapsed_ms().toFixed(0)} ms, ${most_ms.toFixed(0)} ms at the most`,
  );
  expectAtOnce("dns: DNS is dead: answers", most_ms);
  expect(branchline.lines.filter((line) => /to=down/.test(line))).toEqual([]);
});

test(`dns: ${CALLS} calls are spread over three servers by weight`, { timeout: 180_000 }, async () => {
  const { servers, start, phone } = await branch(WEIGHTS.map((weight) => [1, weight] as const));
  const agents = await Promise.all(servers.map(busy));
  const branchline = await start();
  await branchline.upstreamIs("up");
  for (let done = 0; done < CALLS; done += 20) await Promise.all(Array.from({ length: 20 }, () => call(phone)));
  const counts = agents.map((agent) => new Set(agent.all({ method: "INVITE" }).map(({ callId }) => callId)).size);
  const total = WEIGHTS.reduce((sum, weight) => sum + weight, 0);
  const chiSquare = counts.reduce((sum, count, index) => {
    const expected = (CALLS * (WEIGHTS[index] ?? 0)) / total;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  console.log(
    `dns: ${CALLS} calls by weights ${WEIGHTS.join(":")} went ${counts.join(":")}, chi² ${chiSquare.toFixed(1)}`,
  );
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(CALLS);
  // Two degrees of freedom: exceeded once in 3,000,000 runs.
  expect(chiSquare).toBeLessThan(30);
});
