/**
 * branchline is killed a hundred times at random moments, half of them in the middle of a write, while phones move and
 * are called without a pause; and each time the power goes as well (but for a binary), so that what it had not synced is lost or torn.
 *
 * What is promised: the file of bindings can always be read. A change that a phone had heard of is lost only when it is
 * younger than `state.interval` (news: 5 s, if that is less) and the time of two writes: the one under way and its own.
 * How old it was is printed, and test/app/binding-keeper.test.ts has the times of saves. Here the file that is left is the last that was
 * saved for good, and has all that phones had heard of when it was taken: it says itself when that was.
 * A binding that was there after one start is there after the next.
 */
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bindingsFile } from "../../src/io/node/state-file.ts";
import { seedOf } from "../support/chance.ts";
import { CLOCK_GRAIN_MS, PATIENCE_MS } from "../support/machine.ts";
import { mulberry32 } from "../support/simulation.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { BusyBranch, exposure_ms, newestBefore } from "./support/busy-branch.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause } from "./support/clock.ts";
import type { Disk } from "./support/tearing-disk.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { CUTS_POWER, diskUnder } from "./support/watched-disk.ts";

const net = new Subnet(20);
const isLong = process.env["BRANCHLINE_LONG"] === "1";
/** Side by side: most of the time they wait. */
const BRANCHES = 4;
const KILLS = isLong ? 400 : 100;
const PHONES = 6;
const HOSTS_PER_BRANCH = 20;
const INTERVAL_MS = 1_000;
/** The log has seconds. */
const ROUNDED_MS = 1_000;
const LIFE_MS = 2_400;
/** One in so many is killed while it starts. */
const KILLED_AT_START = 6;
const START_MS = 250;
/** What a save takes, more or less; the tearing disk is slow. */
const SAVE_MS = CUTS_POWER ? 150 : 5;
/** About ten steps make a save. */
const DISK_PAUSE_MS = 20;
const LIMIT_MS = isLong ? 1_200_000 : 480_000;
const FILES =
  /^(?:control\.sock|lock(?:\.\d+(?:\.old)?)?|secret(?:\.new)?|(?:bindings\.json|(?:calls|history|drills)\.jsonl)(?:\.new|\.old)?)$/;

cleanUpAfterEach();

/** When the newest file that is whole was taken; the program finds the files as they were. */
async function takenAt_ms(folder: string): Promise<number | undefined> {
  const copy = temporaryFolder();
  const names = readdirSync(folder).filter((name) => name.startsWith("bindings.json"));
  for (const name of names) copyFileSync(join(folder, name), join(copy, name));
  const saved = await bindingsFile(copy).load();
  return saved === undefined ? undefined : saved.savedAt_ms - Date.now() + monotonic_ms();
}

/** What has come to pass in one branch. */
interface Tally {
  kills: number;
  torn: number;
  undone: number;
  saves: number;
  /** Saves that the kill has cut off. */
  cut: number;
  slowestSave_ms: number;
  longestExposure_ms: number;
  /** The longest that was promised. */
  promised_ms: number;
}

class Victim {
  readonly tally: Tally = {
    ...{ kills: 0, torn: 0, undone: 0, saves: 0, cut: 0, slowestSave_ms: 0 },
    ...{ longestExposure_ms: 0, promised_ms: 0 },
  };
  readonly branch: BusyBranch;
  private readonly branchline: Branchline;
  private readonly disk: Disk;
  private readonly random: () => number;
  /** When this life began. */
  private born_ms = monotonic_ms();
  /** When what is on disk was taken; undefined: nothing is. */
  private taken_ms: number | undefined;

  private constructor(branch: BusyBranch, branchline: Branchline, disk: Disk, random: () => number) {
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
    const disk = diskUnder(seed + 1, DISK_PAUSE_MS);
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
    const before_ms = this.readSaves(cut_ms);
    this.losePower();
    await this.readFile(before_ms);
    if (this.random() < 1 / KILLED_AT_START) await this.dieAtStart();
    this.born_ms = monotonic_ms();
    await this.branchline.restart();
    this.readLog();
    await this.checkPhones(cut_ms);
  }

  /** Random moments alone would seldom hit what is short. */
  private async untilSaving(): Promise<void> {
    await this.disk.saving(PATIENCE_MS);
    await pause(this.random() * SAVE_MS);
  }

  private async dieAtStart(): Promise<void> {
    const started = this.branchline.restart().catch(() => {});
    await pause(this.random() * START_MS);
    await this.branchline.kill();
    await started;
    this.losePower();
  }

  /** Returns what the last save that is on disk for good was taken after: the end of the one before it. */
  private readSaves(cut_ms: number): number {
    const { tally } = this;
    const saves = this.disk.saves();
    const durable = saves.filter(({ isDurable }) => isDurable);
    const slowest_ms = Math.max(0, ...saves.map((save) => (save.isDurable ? save.ended_ms : cut_ms) - save.began_ms));
    tally.saves += durable.length;
    tally.cut += saves.length - durable.length;
    tally.slowestSave_ms = Math.max(tally.slowestSave_ms, slowest_ms);
    tally.promised_ms = Math.max(tally.promised_ms, INTERVAL_MS + 2 * slowest_ms);
    return durable.length === 0 ? Number.NEGATIVE_INFINITY : (durable.at(-2)?.ended_ms ?? this.born_ms);
  }

  private async readFile(before_ms: number): Promise<void> {
    this.taken_ms = await takenAt_ms(this.branchline.stateFolder);
    if (before_ms === Number.NEGATIVE_INFINITY) return;
    expect(this.taken_ms ?? Number.NaN, "the last that was saved is there").toBeGreaterThan(before_ms - CLOCK_GRAIN_MS);
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
    if (this.taken_ms === undefined) return;
    const restored = lines.find((line) => line.includes("bindings_restored")) ?? "nothing restored";
    expect(restored).toMatch(/phones=\d+ age_s=\d+$/);
    const age_ms = Number(/age_s=(\d+)/.exec(restored)?.[1]) * 1_000;
    expect(age_ms).toBeLessThanOrEqual(monotonic_ms() - this.taken_ms + ROUNDED_MS);
  }

  private async checkPhones(cut_ms: number): Promise<void> {
    const { branch, tally, taken_ms } = this;
    const generations = await Promise.all(branch.phones.map((phone) => branch.generationOf(phone)));
    for (const [index, phone] of branch.phones.entries()) {
      const generation = generations[index] ?? 0;
      const exposed_ms = exposure_ms(phone.accepted, generation, cut_ms);
      tally.longestExposure_ms = Math.max(tally.longestExposure_ms, exposed_ms);
      // Of what came before this life, nothing may be lost.
      const certain = taken_ms === undefined ? 0 : newestBefore(phone.accepted, taken_ms - CLOCK_GRAIN_MS);
      expect(generation, `${phone.extension}: was saved for good`).toBeGreaterThanOrEqual(certain);
      branch.forgetLost(phone, generation);
    }
  }
}

test(`kill -9${CUTS_POWER ? " and power cut" : ""}, ${KILLS} times under load: bindings are whole, and none is lost that was on disk`, {
  timeout: LIMIT_MS,
}, async () => {
  const seed = seedOf("kill at random");
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
      `${sum(({ tally }) => tally.saves)} saves, ${sum(({ tally }) => tally.cut)} cut off, the slowest ${most(({ tally }) => tally.slowestSave_ms)} ms, ` +
      `${sum(({ tally }) => tally.torn)} files torn, ${sum(({ tally }) => tally.undone)} changes of names undone, ` +
      `${sum(({ branch }) => branch.registrations)} REGISTERs accepted, ${sum(({ branch }) => branch.calls)} calls; ` +
      `the oldest change that was lost: ${most(({ tally }) => tally.longestExposure_ms)} ms ` +
      `(promised ${most(({ tally }) => tally.promised_ms)} ms)`,
  );
  expect(sum(({ tally }) => tally.torn) > 0).toBe(CUTS_POWER);
  expect(sum(({ tally }) => tally.undone) > 0).toBe(CUTS_POWER);
  expect(sum(({ branch }) => branch.calls)).toBeGreaterThan(kills);
});
