/** When the last calls are written, in virtual time; the store is a list. */
import { expect, test } from "vitest";
import { CallKeeper } from "../../src/app/call-keeper.ts";
import { NEWS_BURST, NEWS_DELAY_ms, NEWS_PER_HOUR } from "../../src/app/save-pace.ts";
import type { LogFields } from "../../src/base/ports.ts";
import { Timers } from "../../src/base/timers.ts";
import { CallEntry } from "../../src/policy/call-entry.ts";
import { CallLog } from "../../src/policy/call-log.ts";

const INTERVAL_ms = 300_000;
const HOUR_ms = 3_600_000;
const NEW_YEAR_ms = 1_767_225_600_000;

/** A keeper and its calls, on a disk that does what it is told. */
class Desk {
  now_ms = 0;
  readonly timers = new Timers();
  readonly saves: { readonly at_ms: number; readonly body: string }[] = [];
  readonly events: string[] = [];
  stored: { body: string; savedAt_ms: number } | Error | undefined;
  disk: () => Promise<void> = async () => {};
  readonly calls: CallLog;
  readonly keeper: CallKeeper;

  constructor() {
    const tell = (event: string, fields: LogFields = {}) => void this.events.push(`${event} ${fields["error"] ?? ""}`);
    const log = { error: tell, warn: tell, info: tell, debug: tell };
    const store = {
      load: async () => {
        if (this.stored instanceof Error) throw this.stored;
        return this.stored;
      },
      save: async (body: string) => {
        await this.disk();
        this.saves.push({ at_ms: this.now_ms, body });
      },
    };
    this.calls = new CallLog(log);
    const ports = { store, log, wallClock_ms: () => NEW_YEAR_ms + this.now_ms, now_ms: () => this.now_ms };
    this.keeper = new CallKeeper(ports, this.calls, this.timers, INTERVAL_ms);
  }

  /** Something becomes of a call. */
  change(): void {
    this.calls.touch(new CallEntry(1, this.now_ms), this.now_ms);
  }

  async pass(duration_ms: number): Promise<void> {
    const end_ms = this.now_ms + duration_ms;
    for (let next_ms = this.timers.nextDeadline_ms(); ; next_ms = this.timers.nextDeadline_ms()) {
      if (next_ms === undefined || next_ms > end_ms) break;
      this.now_ms = Math.max(this.now_ms, next_ms);
      this.timers.run(this.now_ms);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.now_ms = end_ms;
  }
}

test("a call is on disk 5 s after something has become of it: a power cut costs no more", async () => {
  const desk = new Desk();
  await desk.keeper.start();
  for (const since_ms of [0, 10_000, 3 * HOUR_ms]) {
    await desk.pass(since_ms - desk.now_ms);
    desk.change();
    await desk.pass(1_000);
    desk.change();
    await desk.pass(NEWS_DELAY_ms - 1_000);
    expect(desk.saves[desk.saves.length - 1]?.at_ms).toBe(since_ms + NEWS_DELAY_ms);
  }
  expect(desk.saves).toHaveLength(3);
});

test("a disk with many calls isn't worn out, and one without calls isn't written", async () => {
  const desk = new Desk();
  await desk.keeper.start();
  await desk.pass(24 * HOUR_ms);
  expect(desk.saves).toEqual([]);
  const busyHours = async (hours: number) => {
    for (let call = 0; call < hours * 3_600; call++) {
      desk.change();
      await desk.pass(1_000);
    }
    return desk.saves.splice(0).length;
  };
  const perHour = HOUR_ms / INTERVAL_ms + NEWS_PER_HOUR;
  expect(await busyHours(1)).toBeLessThanOrEqual(perHour + NEWS_BURST);
  expect(await busyHours(10)).toBeLessThanOrEqual(10 * perHour + 1);
  await desk.pass(INTERVAL_ms);
  const atRest = desk.saves.length;
  await desk.pass(24 * HOUR_ms);
  expect(desk.saves).toHaveLength(atRest);
});

test("while a disk hangs one write waits, and it writes the newest", async () => {
  const desk = new Desk();
  await desk.keeper.start();
  let free = () => {};
  const hung = new Promise<void>((resolve) => {
    free = resolve;
  });
  desk.disk = () => hung;
  for (let call = 0; call < 3_600; call++) {
    desk.change();
    await desk.pass(1_000);
  }
  desk.disk = async () => {};
  free();
  await desk.pass(1);
  await desk.keeper.file.stop();
  expect(desk.saves.length).toBeLessThanOrEqual(3);
});

test("the end writes what isn't written yet, and nothing else", async () => {
  const desk = new Desk();
  await desk.keeper.start();
  await desk.keeper.file.stop();
  expect(desk.saves).toEqual([]);
  desk.change();
  await desk.keeper.file.stop();
  expect(desk.saves).toHaveLength(1);
});

test("a disk that is full is told of once, and tried again each interval", async () => {
  const desk = new Desk();
  await desk.keeper.start();
  desk.disk = async () => {
    throw new Error("ENOSPC");
  };
  desk.change();
  await desk.pass(HOUR_ms);
  expect(desk.events).toEqual(["calls_not_saved ENOSPC"]);
  desk.disk = async () => {};
  await desk.pass(INTERVAL_ms);
  expect(desk.saves).toHaveLength(1);
});

test.each([
  ["can't be read", new Error("EIO"), "calls_unreadable EIO"],
  ["holds something else", { body: "{}\n[1]", savedAt_ms: 1 }, "calls_unreadable 2 of 2 lines"],
])("a file that %s is told of, and calls are kept from then on", async (_, stored, event) => {
  const desk = new Desk();
  desk.stored = stored;
  await desk.keeper.start();
  expect(desk.events).toEqual([event]);
  desk.change();
  await desk.pass(INTERVAL_ms);
  expect(desk.saves).toHaveLength(1);
});
