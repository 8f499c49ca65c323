/** When a member of mode anycast announces its address: in virtual time, with a routing daemon that obeys after a while. */
import { beforeEach, describe, expect, test } from "vitest";
import { AnycastRoute } from "../../src/app/anycast-route.ts";
import type { Engine } from "../../src/app/engine.ts";
import { QUIET_HOST } from "../../src/app/quiet-host.ts";
import { Timers } from "../../src/base/timers.ts";
import type { ClusterSettings } from "../../src/cluster/settings.ts";

const ROUTE = { announce: ["announce"], withdraw: ["withdraw"] };

let now_ms: number;
let timers: Timers;
let ran: string[];
let finish: (error?: string) => Promise<void>;

beforeEach(() => {
  now_ms = 10_000;
  timers = new Timers();
  ran = [];
});

function routeOf(route: ClusterSettings["route"]): AnycastRoute {
  const host = { now_ms: () => now_ms, log: QUIET_HOST.log };
  const engine = { host, timers, run: (event: (now_ms: number) => void) => event(now_ms) } as unknown as Engine;
  const runRoute = ([word = ""]: readonly string[]) => {
    ran.push(word);
    return new Promise<string | undefined>((resolve) => {
      finish = async (error) => {
        resolve(error);
        await settle();
      };
    });
  };
  return new AnycastRoute(engine, { route } as ClusterSettings, { runRoute });
}

/** All that wait for a promise go on. */
async function settle(): Promise<void> {
  for (let ticks = 0; ticks < 10; ticks++) await Promise.resolve();
}

async function pass(duration_ms: number): Promise<void> {
  const end_ms = now_ms + duration_ms;
  for (let at_ms = timers.nextDeadline_ms(); at_ms !== undefined && at_ms <= end_ms; at_ms = timers.nextDeadline_ms()) {
    now_ms = at_ms;
    timers.run(at_ms);
    await settle();
  }
  now_ms = end_ms;
}

/** How long it takes until nothing comes here any more. */
async function quietAfter_ms(route: AnycastRoute, finish_ms?: number, error?: string): Promise<number> {
  const begun_ms = now_ms;
  let isQuiet = false;
  void route.whenQuiet().then(() => {
    isQuiet = true;
  });
  await settle();
  for (; !isQuiet && now_ms - begun_ms < 10_000; await pass(50)) {
    if (now_ms - begun_ms === finish_ms) await finish(error);
    if (isQuiet) break;
  }
  return now_ms - begun_ms;
}

describe("the route follows the word of health", () => {
  test("a process that starts withdraws first: the one before may have left the route behind", async () => {
    const route = routeOf(ROUTE);
    route.tell("no");
    expect(ran).toEqual(["withdraw"]);
    await finish();
    for (const word of ["yes", "alone", "yes"] as const) route.tell(word);
    expect(ran).toEqual(["withdraw", "announce"]);
  });

  test("a member that is restarted while no other takes calls keeps the route", () => {
    const route = routeOf(ROUTE);
    route.tell("alone");
    expect(ran).toEqual(["announce"]);
    expect(route.facts).toEqual({ wish: "announce", is_done: false, error: undefined });
  });

  test("without commands a script follows the file: nothing runs, and nothing is said of the route", () => {
    const route = routeOf(undefined);
    route.tell("yes");
    expect([ran, route.facts]).toEqual([[], undefined]);
  });
});

describe("a member that stops is quiet", () => {
  test("1.5 s after the command is done, so that routers know", async () => {
    const route = routeOf(ROUTE);
    route.tell("no");
    expect(await quietAfter_ms(route, 100)).toBe(1_600);
  });

  test("when the command has failed", async () => {
    const route = routeOf(ROUTE);
    route.tell("no");
    expect(await quietAfter_ms(route, 1_800, "no socket")).toBe(1_800);
    expect(route.isQuiet(now_ms + 10_000)).toBe(false);
  });

  test("after 2 s where the command hangs", async () => {
    const route = routeOf(ROUTE);
    route.tell("no");
    expect(await quietAfter_ms(route)).toBe(2_000);
  });

  test("after 2 s where a script has to see the file first", async () => {
    const route = routeOf(undefined);
    route.tell("no");
    expect(await quietAfter_ms(route)).toBe(2_000);
  });

  test("after no more than that, though it has just announced the route: it would be killed", async () => {
    const route = routeOf(ROUTE);
    route.tell("yes");
    await finish();
    route.tell("no");
    expect(await quietAfter_ms(route, 100)).toBe(1_600);
  });

  test("at once where it was drained before", async () => {
    const route = routeOf(ROUTE);
    route.tell("no");
    await finish();
    await pass(5_000);
    expect(await quietAfter_ms(route)).toBe(0);
  });

  test("at once where the route stays, since no other member takes calls", async () => {
    const route = routeOf(ROUTE);
    route.tell("alone");
    await finish();
    expect(await quietAfter_ms(route)).toBe(0);
  });
});

describe("a member that drains has the route", () => {
  test("until 1.5 s after the command is done", async () => {
    const route = routeOf(ROUTE);
    route.tell("yes");
    await finish();
    route.tell("no");
    await pass(5_000);
    expect(route.isQuiet(now_ms)).toBe(false);
    await finish();
    await pass(1_499);
    expect(route.isQuiet(now_ms)).toBe(false);
    await pass(1);
    expect(route.isQuiet(now_ms)).toBe(true);
    // The command is repeated, which is no news.
    await pass(28_500);
    expect([ran, route.isQuiet(now_ms)]).toEqual([["announce", "withdraw", "withdraw"], true]);
    await finish();
    expect(route.isQuiet(now_ms)).toBe(true);
    route.tell("yes");
    expect(route.isQuiet(now_ms)).toBe(false);
  });

  test("for 5 s more after an announcement a moment before: a router of OSPF drops the withdrawal, and is told again", async () => {
    const route = routeOf(ROUTE);
    route.tell("yes");
    await pass(5_000);
    await finish();
    await pass(1_399);
    route.tell("no");
    await pass(100);
    await finish();
    await pass(6_499);
    expect(route.isQuiet(now_ms)).toBe(false);
    await pass(1);
    expect(route.isQuiet(now_ms)).toBe(true);
  });

  test("for no longer after an announcement 1.5 s before", async () => {
    const route = routeOf(ROUTE);
    route.tell("yes");
    await pass(5_000);
    await finish();
    await pass(1_400);
    route.tell("no");
    await pass(100);
    await finish();
    await pass(1_500);
    expect(route.isQuiet(now_ms)).toBe(true);
  });

  test("for 5 s more where a script follows the file, and has just had another word", () => {
    const route = routeOf(undefined);
    route.tell("yes");
    now_ms += 1_999;
    route.tell("no");
    expect([route.isQuiet(now_ms + 6_999), route.isQuiet(now_ms + 7_000)]).toEqual([false, true]);
    route.tell("yes");
    now_ms += 2_000;
    route.tell("no");
    expect([route.isQuiet(now_ms + 1_999), route.isQuiet(now_ms + 2_000)]).toEqual([false, true]);
  });
});
