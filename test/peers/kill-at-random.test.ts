/**
 * branchline is killed a hundred times at random moments, half of them in the middle of a write, while phones move and
 * are called without a pause; and each time the power goes as well, so that what it had not synced is lost or torn.
 *
 * What is promised: the file of bindings can always be read. A change that a phone had heard of is lost only when it is
 * younger than `state.interval` (news: 5 s, if that is less) and the time of two writes: the one under way and its own.
 * A binding that was there after one start is there after the next.
 */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { mulberry32 } from "../support/simulation.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { BusyBranch, exposure_ms, newestBefore } from "./support/busy-branch.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause, until } from "./support/clock.ts";
import { chooseSeed, TearingDisk } from "./support/tearing-disk.ts";

const net = new Subnet(20);
const isLong = process.env["BRANCHLINE_LONG"] === "1";
/** Side by side: most of the time they wait. */
const BRANCHES = 4;
const KILLS = isLong ? 400 : 100;
const PHONES = 6;
const HOSTS_PER_BRANCH = 20;
const INTERVAL_MS = 1_000;
const LIFE_MS = 2_400;
/** One in so many is killed while it starts. */
const KILLED_AT_START = 6;
const START_MS = 250;
/** What a save takes, more or less. */
const SAVE_MS = 150;
const SAVE_LIMIT_MS = 10_000;
/** About ten steps make a save. */
const DISK_PAUSE_MS = 20;
/** How late a busy machine may be. */
const TOLERANCE_MS = 700;
const LIMIT_MS = isLong ? 600_000 : 180_000;
const FILES =
  /^(?:control\.sock|lock(?:\.\d+(?:\.old)?)?|secret(?:\.new)?|(?:bindings\.json|calls\.jsonl)(?:\.new|\.old)?)$/;

cleanUpAfterEach();

/** What has come to pass in one branch. */
interface Tally {
  kills: number;
  torn: number;
  undone: number;
  saves: number;
  slowestSave_ms: number;
  longestExposure_ms: number;
}

class Victim {
  readonly tally: Tally = { kills: 0, torn: 0, undone: 0, saves: 0, slowestSave_ms: 0, longestExposure_ms: 0 };
  readonly branch: BusyBranch;
  private readonly branchline: Branchline;
  private readonly disk: TearingDisk;
  private readonly random: () => number;
  /** When the newest save began that is on disk for good. */
  private saved_ms: number | undefined;

  private constructor(branch: BusyBranch, branchline: Branchline, disk: TearingDisk, random: () => number) {
    this.branch = branch;
    this.branchline = branchline;
    this.disk = disk;
    this.random = random;
  }

  static async open(index: number, seed: number): Promise<Victim> {
    const at = (offset: number) => net.at(10 + index * HOSTS_PER_BRANCH + offset);
    const random = mulberry32(seed);
    const [proxy, upstream, gateway] = [at(0), at(1), at(2)];
    const phones = Array.from({ length: PHONES }, (_, phone) => at(3 + phone));
    const branch = await BusyBranch.open({ proxy, upstream, gateway, phones }, random);
    const disk = new TearingDisk(seed + 1, DISK_PAUSE_MS);
    const groups = branch.phones.map(({ extension }) => [`5550${extension}`, { members: [extension] }] as const);
    const branchline = await Branchline.start(
      {
        listen: [`udp:${hostPort(proxy)}`],
        localnet: [`${net.host(0)}/24`],
        upstream: `sip:${hostPort(upstream)}`,
        gateways: [`sip:${hostPort(gateway)}`],
        hunt_groups: Object.fromEntries(groups),
        state: { interval: `${INTERVAL_MS}ms` },
      },
      { disk },
    );
    return new Victim(branch, branchline, disk, random);
  }

  /** A life under load, the end of it, and what the next one finds. */
  async liveAndDie(): Promise<void> {
    this.branch.start();
    await (this.random() < 0.5 ? this.untilSaving() : pause(this.random() * LIFE_MS));
    const cut_ms = monotonic_ms();
    await this.branchline.kill();
    this.branch.stop();
    const promised_ms = this.readSaves(cut_ms);
    this.losePower();
    if (this.random() < 1 / KILLED_AT_START) await this.dieAtStart();
    await this.branchline.restart();
    this.readLog();
    await this.checkPhones(cut_ms, promised_ms);
  }

  /** Random moments alone would seldom hit what is short. */
  private async untilSaving(): Promise<void> {
    await until("a save", () => this.disk.saves().some(({ isDurable }) => !isDurable), SAVE_LIMIT_MS);
    await pause(this.random() * SAVE_MS);
  }

  private async dieAtStart(): Promise<void> {
    const started = this.branchline.restart().catch(() => {});
    await pause(this.random() * START_MS);
    await this.branchline.kill();
    await started;
    this.losePower();
  }

  /** Returns how old a change may be that is lost. */
  private readSaves(cut_ms: number): number {
    const { tally } = this;
    const saves = this.disk.saves();
    const durable = saves.filter(({ isDurable }) => isDurable);
    const slowest_ms = Math.max(0, ...saves.map((save) => (save.isDurable ? save.ended_ms : cut_ms) - save.began_ms));
    this.saved_ms = durable.at(-1)?.began_ms ?? this.saved_ms;
    tally.saves += durable.length;
    tally.slowestSave_ms = Math.max(tally.slowestSave_ms, slowest_ms);
    return INTERVAL_MS + 2 * slowest_ms + TOLERANCE_MS;
  }

  private losePower(): void {
    const { torn, undone, files } = this.disk.losePower();
    this.tally.kills += 1;
    this.tally.torn += torn;
    this.tally.undone += undone;
    expect(files.filter((name) => !FILES.test(name))).toEqual([]);
  }

  private readLog(): void {
    const { lines } = this.branchline;
    expect(
      lines.filter((line) => /(?:bindings|calls)_(?:unreadable|not_saved)|state_(?:folder|lock|in_use)/.test(line)),
    ).toEqual([]);
    expect(readdirSync(this.branchline.stateFolder).filter((name) => !FILES.test(name))).toEqual([]);
    if (this.saved_ms === undefined) return;
    const restored = lines.find((line) => line.includes("bindings_restored")) ?? "nothing restored";
    expect(restored).toMatch(/phones=\d+ age_s=\d+$/);
    const age_ms = Number(/age_s=(\d+)/.exec(restored)?.[1]) * 1_000;
    expect(age_ms).toBeLessThanOrEqual(monotonic_ms() - this.saved_ms + TOLERANCE_MS);
  }

  private async checkPhones(cut_ms: number, promised_ms: number): Promise<void> {
    const { branch, tally, saved_ms } = this;
    const generations = await Promise.all(branch.phones.map((phone) => branch.generationOf(phone)));
    for (const [index, phone] of branch.phones.entries()) {
      const generation = generations[index] ?? 0;
      const exposed_ms = exposure_ms(phone.accepted, generation, cut_ms);
      tally.longestExposure_ms = Math.max(tally.longestExposure_ms, exposed_ms);
      expect(exposed_ms, `${phone.extension}: what was lost had been accepted so long ago`).toBeLessThan(promised_ms);
      // The snapshot is taken a moment before the save begins.
      const certain = saved_ms === undefined ? 0 : newestBefore(phone.accepted, saved_ms - TOLERANCE_MS);
      expect(generation, `${phone.extension}: was saved for good`).toBeGreaterThanOrEqual(certain);
      branch.forgetLost(phone, generation);
    }
  }
}

test(`kill -9 and power cut, ${KILLS} times under load: bindings are whole, and never older than promised`, {
  timeout: LIMIT_MS,
}, async () => {
  const seed = chooseSeed("kill at random");
  const begun_ms = monotonic_ms();
  const victims = await Promise.all(
    Array.from({ length: BRANCHES }, (_, index) => Victim.open(index, seed + 10 * index)),
  );
  let kills = 0;
  const play = async (victim: Victim) => {
    while (kills < KILLS) {
      const before = victim.tally.kills;
      await victim.liveAndDie();
      kills += victim.tally.kills - before;
    }
  };
  await Promise.all(victims.map(play));
  const sum = (of: (victim: Victim) => number) => victims.reduce((total, victim) => total + of(victim), 0);
  const most = (of: (victim: Victim) => number) => Math.max(...victims.map(of)).toFixed(0);
  console.log(
    `kill at random: ${kills} kills in ${((monotonic_ms() - begun_ms) / 1_000).toFixed(1)} s, ` +
      `${sum(({ tally }) => tally.saves)} saves, the slowest ${most(({ tally }) => tally.slowestSave_ms)} ms, ` +
      `${sum(({ tally }) => tally.torn)} files torn, ${sum(({ tally }) => tally.undone)} changes of names undone, ` +
      `${sum(({ branch }) => branch.registrations)} REGISTERs accepted, ${sum(({ branch }) => branch.calls)} calls; ` +
      `the oldest change that was lost: ${most(({ tally }) => tally.longestExposure_ms)} ms`,
  );
  expect(sum(({ tally }) => tally.torn)).toBeGreaterThan(0);
  expect(sum(({ tally }) => tally.undone)).toBeGreaterThan(0);
  expect(sum(({ branch }) => branch.calls)).toBeGreaterThan(kills);
});
