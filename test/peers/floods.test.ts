/**
 * Floods of 20,000 datagrams a second and of silent connections, one after the other, while the branch telephones: none of its calls is lost.
 *
 *   stranger, bad phone        branchline              upstream
 *     │══ 20,000/s ═════════════▶┆ quotas                 │
 *   SIPp phones                  │                        │
 *     │── INVITE, ACK, BYE ─────▶│── INVITE, ACK, BYE ───▶│    20 calls/s
 *
 * Each lasts 4 s, with BRANCHLINE_LONG=1 30 s. In the end branchline is as it was before them.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cpuTime_us, udpDrops } from "../bench/proc.ts";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Branchline, UNHURRIED } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause } from "./support/clock.ts";
import { type FloodOrder, flood, idlers, type Nuisance } from "./support/flood.ts";
import { describeWith } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { Sipp } from "./support/sipp.ts";
import { Switchboard } from "./support/switchboard.ts";

const net = new Subnet(31);
const proxy = net.at(1);
const upstream = net.at(2);
const phones = net.at(17);
const BAD_PHONE = net.host(18);
/** Enough to take all places. */
const BAD_PHONES = Array.from({ length: 10 }, (_, index) => net.host(20 + index));
const STRANGERS = Array.from({ length: 16 }, (_, index) => net.host(200 + index));
const FLOOD_S = process.env["BRANCHLINE_LONG"] === "1" ? 30 : 4;
const CALLS_PER_SECOND = 20;
/** More than 40,000 lingering transactions need. */
const MEMORY_MOST_MB = 300;
/** Timers J and M, and some. */
const IDLE_LIMIT_MS = 60_000;
const IDLE_MEASURED_MS = 2_000;
const IDLE_SHARE_MOST = 0.05;
/** Of 20,000 a second: a busy machine sends fewer, and its kernel drops others. */
const OVER_QUOTA_LEAST = FLOOD_S * 1_000;
const LIMIT_MS = 14 * (FLOOD_S * 1_000 + 40_000) + IDLE_LIMIT_MS;

interface Status {
  readonly dropped: Readonly<Record<string, number>>;
  readonly tables: readonly { readonly name: string; readonly size: number; readonly limit: number }[];
}

const order = (kind: FloodOrder["kind"], sources: readonly string[]): FloodOrder => {
  return { kind, sources, target: proxy, perSecond: 20_000, duration_ms: FLOOD_S * 1_000 };
};

/** 10,000 in all. */
const silence = (sources: readonly string[]): Omit<FloodOrder, "kind"> => {
  return { sources, target: proxy, perSecond: 10_000 / FLOOD_S, duration_ms: FLOOD_S * 1_000 };
};

/** What branchline must bear; whoever has another trouble to make adds it here. */
const NUISANCES: readonly (readonly [what: string, start: () => Nuisance])[] = [
  ["junk from strangers", () => flood(order("junk", STRANGERS))],
  ["INVITEs from strangers", () => flood(order("INVITE", STRANGERS))],
  ["REGISTERs from a stranger", () => flood(order("REGISTER", STRANGERS.slice(0, 1)))],
  ["REGISTERs from a bad phone", () => flood(order("REGISTER", [BAD_PHONE]))],
  ["10,000 silent connections of strangers", () => idlers(silence(STRANGERS))],
  ["10,000 silent connections of bad phones", () => idlers(silence(BAD_PHONES))],
];

cleanUpAfterEach();

async function statusOf(branchline: Branchline): Promise<Status> {
  return JSON.parse(await branchline.command("status", "--json")) as Status;
}

/** In MB: now, and the most so far. */
function memoryOf(pid: number): { now: number; most: number } {
  const text = readFileSync(`/proc/${pid}/status`, "latin1");
  const read = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1]) / 1_024);
  return { now: read("VmRSS"), most: read("VmHWM") };
}

/** The branch telephones while something goes on; how many of its calls have failed. */
async function telephone(nuisance: () => Nuisance): Promise<{ failed: number; successful: number; report: string }> {
  const calls = CALLS_PER_SECOND * FLOOD_S;
  const options = { remote: proxy, calls, callsPerSecond: CALLS_PER_SECOND };
  const caller = await Sipp.start("phone", phones, options);
  const { over } = nuisance();
  const [{ failed, successful, retransmissions }, report] = await Promise.all([caller.finished(), over]);
  return {
    failed,
    successful,
    report: `${successful} calls, ${failed} failed, ${retransmissions} sent again; ${report}`,
  };
}

/** What is left in the tables of things in progress. */
function leftovers({ tables }: Status): string[] {
  const busy = ["transactions", "unanswered", "lingering", "lookups", "calls", "redirects", "connections"];
  return tables
    .filter(({ name, size }) => busy.includes(name) && size > (name === "transactions" || name === "lingering" ? 2 : 0))
    .map(({ name, size }) => `${name} ${size}`);
}

describeWith(["sipp"], "floods", () => {
  test("floods: no call is lost, memory stays bounded, and all is quiet afterwards", {
    timeout: LIMIT_MS,
  }, async () => {
    const pbx = new Switchboard(await SipAgent.open(upstream));
    pbx.agent.always({ method: "REGISTER" }, (request) => pbx.agent.reply(request, 403, "Forbidden", { toTag: "no" }));
    const branchline = await Branchline.start({
      listen: [`udp:${hostPort(proxy)}`, `tcp:${hostPort(proxy)}`],
      localnet: [net.network(16)],
      upstream: { targets: [sipUri("", upstream).replace("@", "")], ...UNHURRIED },
      strangers: "reject",
    });
    await branchline.upstreamIs("up");
    const { pid } = branchline;
    const { now: before } = memoryOf(pid);

    for (const [what, start] of NUISANCES) {
      const [cpu_us, lost] = [cpuTime_us([pid]), udpDrops(pid, proxy).there];
      const { failed, successful, report } = await telephone(start);
      const { now, most } = memoryOf(pid);
      const cpu_s = ((cpuTime_us([pid]) - cpu_us) / 1e6).toFixed(1);
      const drops = udpDrops(pid, proxy).there - lost;
      console.log(`${what}: ${report}; CPU ${cpu_s} s, ${drops} lost by the kernel, ${now} MB, at most ${most} MB`);
      expect([failed, successful], what).toEqual([0, CALLS_PER_SECOND * FLOOD_S]);
      expect(most, what).toBeLessThan(MEMORY_MOST_MB);
    }

    const flooded = await statusOf(branchline);
    expect(flooded.tables.filter(({ size, limit }) => size > limit)).toEqual([]);
    expect(flooded.dropped["over_quota"] ?? 0).toBeGreaterThan(OVER_QUOTA_LEAST);
    const end_ms = monotonic_ms() + IDLE_LIMIT_MS;
    let left = leftovers(flooded);
    while (left.length > 0 && monotonic_ms() < end_ms) {
      await pause(1_000);
      left = leftovers(await statusOf(branchline));
    }
    expect(left).toEqual([]);
    const cpu_us = cpuTime_us([pid]);
    await pause(IDLE_MEASURED_MS);
    const share = (cpuTime_us([pid]) - cpu_us) / (IDLE_MEASURED_MS * 1_000);
    const dropped = JSON.stringify(flooded.dropped);
    console.log(
      `afterwards: CPU ${(share * 100).toFixed(1)} %, ${memoryOf(pid).now} MB, before ${before} MB; ${dropped}`,
    );
    expect(share).toBeLessThan(IDLE_SHARE_MOST);
  });
});
