/** The route to the anycast address: the machine cell by cell, and days of it with commands that fail, hang and are overtaken. */
import { describe, expect, test } from "vitest";
import { Announcer, ROUTE, type RouteInput, type RouteState, type RouteWish } from "../../src/app/announcer.ts";
import type { LogFields, Logger } from "../../src/base/ports.ts";
import { Timers } from "../../src/base/timers.ts";
import { Rng } from "../fuzz/rng.ts";

const COMMANDS = { announce: ["birdc", "enable", "anycast"], withdraw: ["birdc", "disable", "anycast"] };
const SECOND_MS = 1_000;

/** State → input → "next: actions"; "-": nothing. */
const TABLE: Readonly<Record<RouteState, Readonly<Record<RouteInput, string>>>> = {
  done: { wish: "running: stopTimer calm run", done: "-", failed: "-", due: "running: run" },
  running: {
    wish: "overtaken: calm",
    done: "done: calm startRepetition tellDone release",
    failed: "failed: startTry tellFailed release",
    due: "-",
  },
  overtaken: { wish: "running: ", done: "running: run", failed: "running: run", due: "-" },
  failed: { wish: "running: stopTimer calm run", done: "-", failed: "-", due: "running: run" },
};

for (const [state, row] of Object.entries(TABLE) as [RouteState, Record<RouteInput, string>][]) {
  for (const [input, expected] of Object.entries(row) as [RouteInput, string][]) {
    test(`${state} × ${input} → ${expected}`, () => {
      const found = ROUTE[state][input];
      expect(found === undefined ? "-" : `${found.next}: ${found.actions.join(" ")}`).toBe(expected);
    });
  }
}

/** A command that runs: what it is for, and how it ends. */
interface Running {
  readonly wish: RouteWish;
  readonly end: (error?: string) => Promise<void>;
}

/** A machine with a routing daemon, which does what it is told once the test says so. */
class Machine {
  now_ms = 0;
  readonly timers = new Timers();
  readonly begun: { readonly wish: RouteWish; readonly at_ms: number }[] = [];
  readonly log: { readonly level: string; readonly event: string; readonly fields: LogFields }[] = [];
  running: Running | undefined = undefined;
  /** Whether two have ever run at once. */
  hasCrowd = false;
  readonly announcer: Announcer;

  constructor() {
    const write = (level: string) => (event: string, fields: LogFields) => void this.log.push({ level, event, fields });
    const log: Logger = { error: write("error"), warn: write("warn"), info: write("info"), debug: write("debug") };
    this.announcer = new Announcer({
      timers: this.timers,
      log,
      commands: COMMANDS,
      run: (command) => this.run(command),
      happen: (event) => event(this.now_ms),
    });
  }

  want(wish: RouteWish): void {
    this.announcer.want(wish, this.now_ms);
  }

  pass(duration_ms: number): void {
    const end_ms = this.now_ms + duration_ms;
    for (
      let next = this.timers.nextDeadline_ms();
      next !== undefined && next <= end_ms;
      next = this.timers.nextDeadline_ms()
    ) {
      this.now_ms = next;
      this.timers.run(next);
    }
    this.now_ms = end_ms;
  }

  /** The command that runs ends so; others that it leads to are left running. */
  async end(error?: string): Promise<void> {
    await this.running?.end(error);
  }

  get events(): string[] {
    return this.log.map(({ level, event, fields }) => `${level} ${event} ${fields["route"] ?? fields["error"]}`);
  }

  private run(command: readonly string[]): Promise<string | undefined> {
    const wish = command === COMMANDS.announce ? "announce" : "withdraw";
    this.hasCrowd ||= this.running !== undefined;
    this.begun.push({ wish, at_ms: this.now_ms });
    return new Promise((resolve) => {
      const end = async (error?: string) => {
        this.running = undefined;
        resolve(error);
        // The announcer hears of it before the test goes on.
        await Promise.resolve().then(() => {});
        await Promise.resolve();
      };
      this.running = { wish, end };
    });
  }
}

const wishes = ({ begun }: Machine) => begun.map(({ wish }) => wish);

describe("the announcer", () => {
  test("does nothing before it knows what is wanted, and then once what is wanted again and again", async () => {
    const machine = new Machine();
    expect(machine.announcer.facts).toEqual({ wish: undefined, is_done: false, error: undefined });
    machine.pass(60 * SECOND_MS);
    expect(wishes(machine)).toEqual([]);
    for (let again = 0; again < 3; again++) machine.want("withdraw");
    expect(wishes(machine)).toEqual(["withdraw"]);
    await machine.end();
    machine.want("withdraw");
    expect(wishes(machine)).toEqual(["withdraw"]);
    expect(machine.announcer.facts).toEqual({ wish: "withdraw", is_done: true, error: undefined });
    expect(machine.events).toEqual(["info route withdrawn"]);
  });

  test("runs one command at a time, and the last wish wins", async () => {
    const machine = new Machine();
    machine.want("withdraw");
    machine.want("announce");
    machine.want("withdraw");
    machine.want("announce");
    expect(wishes(machine)).toEqual(["withdraw"]);
    await machine.end();
    expect(wishes(machine)).toEqual(["withdraw", "announce"]);
    expect(machine.announcer.facts).toMatchObject({ wish: "announce", is_done: false });
    await machine.end();
    expect(machine.announcer.facts).toMatchObject({ wish: "announce", is_done: true });
    expect(machine.events).toEqual(["info route announced"]);
  });

  test("needs no second run where the wish comes back while its command runs", async () => {
    const machine = new Machine();
    machine.want("announce");
    machine.want("withdraw");
    machine.want("announce");
    await machine.end();
    machine.pass(10 * SECOND_MS);
    expect(wishes(machine)).toEqual(["announce"]);
    expect(machine.announcer.facts).toMatchObject({ is_done: true });
  });

  test("tells once of a command that fails, with a cure, and when it is done at last", async () => {
    const machine = new Machine();
    machine.want("announce");
    for (let tries = 0; tries < 8; tries++) {
      await machine.end("exit status 1: no socket");
      machine.pass(30 * SECOND_MS);
    }
    expect(machine.begun).toHaveLength(9);
    expect(machine.events).toEqual(["warn route_command exit status 1: no socket"]);
    expect(machine.log[0]?.fields).toMatchObject({
      command: "birdc enable anycast",
      effect: "no messages come here",
      cure: expect.stringContaining("deploy/anycast.md"),
    });
    expect(machine.announcer.facts).toMatchObject({ is_done: false, error: "exit status 1: no socket" });
    await machine.end();
    expect(machine.events.at(-1)).toBe("info route announced");
  });

  test("tries a command that fails again after 1 s, 2 s and so on up to 30 s, and begins anew with another wish", async () => {
    const machine = new Machine();
    const paceOf = async (wish: RouteWish) => {
      machine.want(wish);
      const first = machine.begun.length;
      for (let tries = 0; tries < 7; tries++) {
        const before = machine.begun.length;
        await machine.end("no");
        while (machine.begun.length === before) machine.pass(100);
      }
      const at = machine.begun.slice(first - 1).map(({ at_ms }) => at_ms);
      return at.slice(1).map((at_ms, index) => (at_ms - (at[index] ?? 0)) / SECOND_MS);
    };
    expect(await paceOf("announce")).toEqual([1, 2, 4, 8, 16, 30, 30]);
    await machine.end("no");
    expect(await paceOf("withdraw")).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(machine.events).toEqual(["warn route_command no", "warn route_command no"]);
    expect(machine.log.map(({ fields }) => fields["effect"])).toEqual([
      "no messages come here",
      "messages still come here, and go to other members",
    ]);
  });

  test("repeats what was done each 30 s, without a word: a routing daemon that was started anew has forgotten it", async () => {
    const machine = new Machine();
    machine.want("announce");
    await machine.end();
    for (let minutes = 0; minutes < 3; minutes++) {
      machine.pass(30 * SECOND_MS);
      await machine.end();
    }
    expect(machine.begun.map(({ at_ms }) => at_ms / SECOND_MS)).toEqual([0, 30, 60, 90]);
    expect(machine.events).toEqual(["info route announced"]);
    machine.pass(30 * SECOND_MS);
    await machine.end("the daemon is gone");
    expect(machine.events).toEqual(["info route announced", "warn route_command the daemon is gone"]);
    machine.pass(SECOND_MS);
    await machine.end();
    expect(machine.events.at(-1)).toBe("info route announced");
  });

  test("lets nobody wait for another try of a command that fails", async () => {
    const machine = new Machine();
    machine.want("withdraw");
    const wait = machine.announcer.whenEnded(2_000, 0);
    await machine.end("no");
    await wait;
    await machine.announcer.whenEnded(2_000, 0);
    expect(machine.now_ms).toBe(0);
  });

  test("lets nobody wait longer than the limit for a command that hangs", async () => {
    const machine = new Machine();
    machine.want("withdraw");
    const ends: number[] = [];
    const wait = machine.announcer.whenEnded(2_000, 0).then(() => void ends.push(machine.now_ms));
    machine.pass(1_999);
    await Promise.resolve();
    expect(ends).toEqual([]);
    machine.pass(1);
    await wait;
    expect(ends).toEqual([2_000]);
  });

  test("tells those that wait at once where the command is done", async () => {
    const machine = new Machine();
    machine.want("announce");
    machine.want("withdraw");
    let isDone = false;
    const wait = machine.announcer.whenEnded(2_000, 0).then(() => {
      isDone = true;
    });
    await machine.end();
    expect(isDone).toBe(false);
    await machine.end();
    await wait;
    expect(isDone).toBe(true);
    await machine.announcer.whenEnded(2_000, 0);
    expect(machine.timers.nextDeadline_ms()).toBe(30 * SECOND_MS);
  });

  test("begins nothing once it is stopped, whatever ends then", async () => {
    const machine = new Machine();
    machine.want("announce");
    machine.want("withdraw");
    machine.announcer.stop();
    await machine.end();
    machine.pass(60 * SECOND_MS);
    expect(wishes(machine)).toEqual(["announce"]);
    expect(machine.timers.count).toBe(0);
  });
});

/** Wishes, ends and failures as chance has them: in the end the daemon has done the last wish, and no two commands ever ran at once. */
test("whatever comes when, the last command that was done is that of the last wish", async () => {
  const seed = Number(process.env["BRANCHLINE_SEED"] ?? 17_004);
  const rng = new Rng(seed);
  for (let day = 0; day < 200; day++) {
    const machine = new Machine();
    let last: RouteWish = "withdraw";
    let done: RouteWish | undefined;
    const end = async (error?: string) => {
      if (machine.running !== undefined && error === undefined) done = machine.running.wish;
      await machine.end(error);
    };
    machine.want(last);
    for (let step = 0; step < 60; step++) {
      if (rng.chance(0.3)) {
        last = rng.pick(["announce", "withdraw"]);
        machine.want(last);
      } else if (rng.chance(0.5)) await end(rng.chance(0.4) ? "no" : undefined);
      else machine.pass(rng.below(5_000));
    }
    for (let more = 0; more < 3; more++) {
      await end();
      machine.pass(31 * SECOND_MS);
    }
    expect([day, done, machine.hasCrowd], `BRANCHLINE_SEED=${seed}`).toEqual([day, last, false]);
  }
});
