/** What the manager of services is told, in virtual time. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { serviceLine } from "../../src/app/observe/service-line.ts";
import type { RunningStatus } from "../../src/app/status-facts.ts";
import { managerWishes, ServiceNews } from "../../src/cli/service-manager.ts";
import { OUTAGE, STATUS } from "../app/status-sample.ts";
import { SilentLog } from "../support/silent-log.ts";

const LINE =
  "STATUS=Upstream pbx.example.com is up since 2026-11-29T10:25:05Z; calls go to upstream; 2 numbers registered";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** News whose words are kept, and how sending them goes. */
function newsOf(watchdog_ms: number | undefined, { answer = async (): Promise<string | undefined> => undefined } = {}) {
  const said: string[] = [];
  let status: RunningStatus = STATUS;
  const sender = { answer };
  const tell = (words: readonly string[]) => {
    said.push(words.join(" | "));
    return sender.answer();
  };
  const log = new SilentLog();
  const news = new ServiceNews(tell, watchdog_ms, log);
  const { server } = news.door(() => status);
  const become = (change: Partial<RunningStatus>) => {
    status = { ...status, ...change };
  };
  /** What has been said since the last time. */
  const heard = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    return said.splice(0);
  };
  return { news, server, sender, become, heard, warnings: log.lines };
}

describe("news", () => {
  test("is ready once the doors are open, then alive three times within the watchdog's limit", async () => {
    const { server, heard } = newsOf(90_000);
    expect(await heard(100_000)).toEqual([]);
    await server.open();
    expect(await heard(0)).toEqual([`READY=1 | WATCHDOG=1 | ${LINE}`]);
    expect(await heard(90_000)).toEqual(["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
    await server.close();
    expect(await heard(90_000)).toEqual([]);
  });

  test("tells how branchline is where that has changed, and nothing else without a watchdog", async () => {
    const { server, become, heard } = newsOf(undefined);
    await server.open();
    expect(await heard(600_000)).toEqual([`READY=1 | ${LINE}`]);
    become(OUTAGE);
    expect(await heard(60_000)).toEqual([
      "STATUS=Upstream pbx.example.com is down since 2026-11-28T23:00:22Z; calls go to the gateway; 2 numbers registered",
    ]);
    expect(await heard(600_000)).toEqual([]);
  });

  test("a reload is told before it begins and after it, and stopping at once", async () => {
    const { news, server, heard } = newsOf(90_000);
    news.reloading();
    await server.open();
    expect(await heard(0)).toEqual([`READY=1 | WATCHDOG=1 | ${LINE}`]);
    news.reloading();
    expect(await heard(1)).toEqual(["RELOADING=1", "READY=1"]);
    news.stopping();
    expect(await heard(0)).toEqual(["STOPPING=1"]);
  });

  test("one word at a time, in order; while one is on its way a beat says nothing more, and of reloads the last word is READY", async () => {
    const answers: (() => void)[] = [];
    const answer = () => new Promise<undefined>((resolve) => answers.push(() => resolve(undefined)));
    const { news, server, heard } = newsOf(90_000, { answer });
    await server.open();
    expect(await heard(300_000)).toEqual([`READY=1 | WATCHDOG=1 | ${LINE}`]);
    for (let reload = 0; reload < 50; reload += 1) {
      news.reloading();
      expect(await heard(1)).toEqual([]);
    }
    const later: string[] = [];
    while (answers.length > 0) {
      answers.shift()?.();
      later.push(...(await heard(1)));
    }
    expect(later).toEqual(["RELOADING=1", "READY=1"]);
  });

  test("a word that isn't sent is said again, and the log tells it once", async () => {
    const { server, sender, heard, warnings } = newsOf(90_000, { answer: async () => "no such file" });
    await server.open();
    expect(await heard(60_000)).toEqual(Array.from({ length: 3 }, () => `READY=1 | WATCHDOG=1 | ${LINE}`));
    expect(warnings).toEqual(["warn service_manager error=no such file"]);
    sender.answer = () => Promise.reject(new Error("spawn ENOMEM"));
    await heard(30_000);
    sender.answer = async () => undefined;
    expect(await heard(60_000)).toEqual([`READY=1 | WATCHDOG=1 | ${LINE}`, "WATCHDOG=1"]);
    expect(warnings).toHaveLength(1);
  });
});

test("wishes are read from the environment once: programs that branchline starts don't find them there", () => {
  const environment = {
    NOTIFY_SOCKET: "/run/systemd/notify",
    WATCHDOG_USEC: "90000000",
    WATCHDOG_PID: "77",
    HOME: "/",
  };
  expect(managerWishes({ ...environment }, 77)).toEqual({ socket: "/run/systemd/notify", watchdog_ms: 90_000 });
  expect(managerWishes({ ...environment }, 78)).toEqual({ socket: "/run/systemd/notify", watchdog_ms: undefined });
  expect(managerWishes({ NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "soon" }, 77)).toEqual({
    socket: "/n",
    watchdog_ms: undefined,
  });
  expect(managerWishes({ WATCHDOG_USEC: "90000000" }, 77)).toBeUndefined();
  managerWishes(environment, 77);
  expect(environment).toEqual({ HOME: "/" });
});

test("the line is one of ASCII, with all targets, or none", () => {
  const [up] = STATUS.upstream;
  const { since: _, ...unseen } = { ...up, name: "b\u00fcro\nb", state: "suspect", observed: "suspect" };
  expect(serviceLine({ ...STATUS, upstream: [...STATUS.upstream, unseen] })).toBe(
    "Upstream pbx.example.com is up since 2026-11-29T10:25:05Z; Upstream b?ro?b is suspect; calls go to upstream; 2 numbers registered",
  );
  const { calls_go_to: __, ...unknown } = STATUS;
  expect(serviceLine({ ...unknown, upstream: [] })).toBe("2 numbers registered");
});
