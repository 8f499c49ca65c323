/**
 * The WAN goes and comes, again and again, each time cut in another way; phones call all the while and stay registered.
 * Each call must be answered, by upstream or at the gateway.
 *
 *   WAN   ──┐   ┌───┐   ┌───┐   ┌──     silent drop, link down, process dead, silent drop …
 *           └───┘   └───┘   └───┘
 *
 * With BRANCHLINE_LONG=1 there are 30 flaps, and all timers are the defaults: one flap every 5 s, and then one every
 * 10 s, so that the line is away for 5 s and longer than fr_timer; last with a hold so short that calls go up in between
 * each time. Otherwise there are fewer flaps, and everything is five times as fast.
 */
import { expect, test } from "vitest";
import type { Branchline } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause, until } from "./support/clock.ts";
import type { AnsweredCall } from "./support/desk-phone.ts";
import { describeWith } from "./support/peers.ts";
import { takePrecedence } from "./support/priority.ts";
import { CUTS, WanLab } from "./support/wan-lab.ts";

const isLong = process.env["BRANCHLINE_LONG"] === "1";
const SPEED = isLong ? 1 : 5;
const FLAPS = isLong ? 30 : 6;
const NUMBER = "5551234";
const PHONES = 3;
/** What a phone asks for, and gets: within it a REGISTER may have to wait for local_after, and for a busy machine. */
const EXPIRES_S = 30;
const REFRESH_MS = isLong ? 5_000 : 1_500;
const CALL_INTERVAL_MS = 1_000 / SPEED;
const TEST_LIMIT_MS = 60_000 + FLAPS * 16_000;

interface Case {
  readonly what: string;
  readonly period_ms: number;
  readonly hold_ms: number;
  readonly hold_max_ms: number;
  readonly down_interval_ms: number;
  /**
   * At the most: changes of upstream's state for each flap, and of where calls go in all. A busy machine may add some: so
   * they are printed, and test/scenario/flaps.test.ts holds them in virtual time.
   */
  readonly edges: number;
  readonly turns: number;
}

const SHORT = { hold_ms: 1_000, hold_max_ms: 1_000, down_interval_ms: 1_000 };
const defaults = { what: "", hold_ms: 60_000, hold_max_ms: 600_000, down_interval_ms: 5_000, edges: 4, turns: 1 };
const cases: readonly Case[] = [
  // A flap is up-suspect-up, or down-recovering-down; and up-suspect-up once more where a call's fr_timer ends when the
  // line has just come back, and the probe says so. The hold is longer than all: calls turn to the gateway once.
  { ...defaults, period_ms: 5_000 },
  { ...defaults, period_ms: 10_000 },
  // The whole circle, and up-suspect-up once more.
  { what: ", short hold", period_ms: 16_000, ...SHORT, edges: 6, turns: 2 * FLAPS },
];

takePrecedence();
cleanUpAfterEach();

/** A duration that is this long by default. */
const scaled = (duration_ms: number) => `${duration_ms / SPEED}ms`;

async function office({ hold_ms, hold_max_ms, down_interval_ms }: Case) {
  const lab = await WanLab.build(PHONES);
  const probe = {
    interval: scaled(10_000),
    suspect_interval: scaled(1_000),
    down_interval: scaled(down_interval_ms),
    timeout: scaled(2_000),
  };
  const upstream = { fr_timer: scaled(4_000), probe, hold: scaled(hold_ms), hold_max: scaled(hold_max_ms) };
  const registration = { local_after: scaled(3_000) };
  const branchline = await lab.start(upstream, { survival: { notice_hold: scaled(1_000) }, registration });
  await Promise.all(lab.phones.map((phone) => phone.stayRegistered(EXPIRES_S, REFRESH_MS)));
  return { lab, branchline };
}

/** Phones take turns in dialling. */
class Calling {
  readonly calls: Promise<AnsweredCall>[] = [];
  private readonly lab: WanLab;
  private isOver = false;

  constructor(lab: WanLab) {
    this.lab = lab;
  }

  async run(): Promise<void> {
    while (!this.isOver) {
      const phone = this.lab.phones[this.calls.length % PHONES];
      const call = phone?.call(NUMBER);
      // Errors are counted at the end.
      call?.catch(() => {});
      if (call !== undefined) this.calls.push(call);
      await pause(CALL_INTERVAL_MS);
    }
  }

  stop(): void {
    this.isOver = true;
  }
}

async function flap(lab: WanLab, period_ms: number): Promise<void> {
  const start_ms = monotonic_ms();
  const reach = (after_ms: number) => pause(Math.max(0, start_ms + after_ms - monotonic_ms()));
  for (let index = 0; index < FLAPS; index++) {
    const how = CUTS[index % CUTS.length] ?? "silent drop";
    await lab.cut(how);
    await reach((index + 0.5) * period_ms);
    await lab.repair(how);
    await reach((index + 1) * period_ms);
  }
}

function edges(branchline: Branchline): string[] {
  return branchline.lines.flatMap((line) => /upstream_state .*from=(\w+ to=\w+)/.exec(line)?.[1] ?? []);
}

interface Figures {
  readonly up: number;
  readonly atGateway: number;
  /** Why each call that nobody answered wasn't. */
  readonly lost: readonly string[];
  readonly longest_ms: number;
  /** REGISTERs that each phone got a 200 for. */
  readonly granted: readonly number[];
  readonly refusals: readonly string[];
  /** The least that a binding had left when it was refreshed. */
  readonly left_ms: number;
  /** Changes of upstream's state. */
  readonly edges: readonly string[];
}

async function liveThrough(one: Case): Promise<Figures> {
  const { lab, branchline } = await office(one);
  const before = edges(branchline).length;
  const calling = new Calling(lab);
  const called = calling.run();
  await flap(lab, one.period_ms / SPEED);
  calling.stop();
  await called;
  const ends = await Promise.allSettled(calling.calls);
  const seen = edges(branchline).slice(before);
  const waiting = () => lab.upstream.unacknowledged + lab.gateway.unacknowledged;
  await until("the last ACK", () => waiting() === 0);
  const answered = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  const up = answered.filter(({ by }) => by === lab.upstream.agent.endpoint.host).length;
  return {
    up,
    atGateway: answered.length - up,
    lost: ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : [])),
    longest_ms: Math.max(...answered.map((call) => call.answeredAt_ms - call.dialledAt_ms)),
    granted: lab.phones.map(({ grants }) => grants.length),
    refusals: lab.phones.flatMap(({ refusals }) => refusals),
    left_ms: Math.min(...lab.phones.map(({ leastLeft_ms }) => leastLeft_ms)),
    edges: seen,
  };
}

/** How often calls have turned away from upstream, and back. */
function turns({ edges }: Figures): number {
  return edges.filter((edge) => edge === "suspect to=down" || edge === "recovering to=up").length;
}

function print(title: string, one: Case, figures: Figures): void {
  const { up, atGateway, lost, longest_ms, granted, left_ms } = figures;
  const calls = up + atGateway + lost.length;
  console.log(
    `${title}: ${calls} calls: ${up} upstream, ${atGateway} at the gateway, ${lost.length} lost; the longest waited ` +
      `${(longest_ms / 1_000).toFixed(3)} s`,
  );
  console.log(
    `${title}: ${granted.join(" + ")} REGISTERs granted, the latest ${(left_ms / 1_000).toFixed(3)} s before the ` +
      `binding's end; ${figures.edges.length} changes of state (promised ${one.edges * FLAPS} at the most), ` +
      `${turns(figures)} of where calls go (promised ${one.turns})`,
  );
}

describeWith(["namespaces", "nft", "sysctl"], "WAN flaps", () => {
  for (const one of cases) {
    const title = `WAN flaps: ${FLAPS}, one every ${one.period_ms / SPEED / 1_000} s${one.what}`;
    const run = async () => {
      const figures = await liveThrough(one);
      print(title, one, figures);
      expect(figures.lost).toEqual([]);
      expect(figures.refusals).toEqual([]);
      expect(figures.left_ms).toBeGreaterThan(0);
      // With a hold that is longer than all, calls turn to the gateway, and stay there.
      if (one.turns === 1) expect(turns(figures)).toBeLessThanOrEqual(1);
      else expect(figures.up).toBeGreaterThan(0);
    };
    test(`${title}: no call is lost, no phone loses its registration`, run, TEST_LIMIT_MS);
  }
});
