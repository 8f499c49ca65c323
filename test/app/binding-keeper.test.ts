/** When the bindings are written, in virtual time; the store is a list. */
import { describe, expect, it } from "vitest";
import { KEEP_ms } from "../../src/policy/phones/bindings.ts";
import { flowFrom } from "../transport/flows.ts";
import { Desk, HOUR_ms, INTERVAL_ms, NAME, NEW_YEAR_ms, NEWS_DELAY_ms, settle } from "./keeper-desk.ts";

/** However often phones move: those of the interval, and six for news. */
const WRITES_PER_HOUR = HOUR_ms / INTERVAL_ms + 6;

const fails = async () => {
  throw new Error("ENOSPC");
};

describe("when bindings are written", () => {
  it("a new phone within 5 s, and several that come at once are one write", async () => {
    const desk = await new Desk().start();
    desk.register();
    await desk.pass(1_000);
    desk.register("sip:202@10.222.237.22", "202@pbx.example.com");
    await desk.pass(HOUR_ms / 2);
    expect(desk.savedAt_ms).toEqual([NEWS_DELAY_ms]);
    expect(desk.saves[0]?.body).toMatch(/201@pbx.*202@pbx/);
    expect(desk.saves[0]?.savedAt_ms).toBe(NEW_YEAR_ms + NEWS_DELAY_ms);
  });

  it("a phone that has moved within 5 s", async () => {
    const desk = await new Desk().start();
    desk.register();
    await desk.pass(HOUR_ms);
    desk.register("sip:201@10.222.237.99");
    await desk.pass(NEWS_DELAY_ms);
    expect(desk.savedAt_ms).toEqual([NEWS_DELAY_ms, HOUR_ms + NEWS_DELAY_ms]);
  });

  it("refreshes once per interval at the most", async () => {
    const desk = await new Desk().start();
    desk.register();
    await desk.pass(INTERVAL_ms);
    await desk.repeat(10_000, 360, () => desk.register());
    const gaps = desk.savedAt_ms.slice(1).map((at_ms, index) => at_ms - (desk.savedAt_ms[index] ?? 0));
    expect(desk.saves).toHaveLength(1 + HOUR_ms / INTERVAL_ms);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(INTERVAL_ms);
  });

  it("news that come while a refresh waits don't wait with it", async () => {
    const desk = await new Desk().start();
    desk.register();
    await desk.pass(INTERVAL_ms);
    desk.register();
    await desk.pass(10_000);
    desk.register("sip:201@10.222.237.99");
    await desk.pass(HOUR_ms / 2);
    expect(desk.savedAt_ms).toEqual([NEWS_DELAY_ms, INTERVAL_ms + 10_000 + NEWS_DELAY_ms]);
  });

  it("nothing while nothing changes", async () => {
    const desk = await new Desk().start();
    await desk.pass(48 * HOUR_ms);
    expect(desk.saves).toEqual([]);
  });

  it("an interval below 5 s holds for news as well", async () => {
    const desk = await new Desk(1_000).start();
    await desk.repeat(500, 100, (turn) => desk.register(`sip:201@10.222.237.${turn % 2}`));
    expect(desk.saves.length).toBeGreaterThanOrEqual(33);
  });
});

describe("wear", () => {
  const alternate = (desk: Desk, every_ms: number, times: number) =>
    desk.repeat(every_ms, times, (turn) => {
      desk.bindings.remove(NAME, `sip:201@10.222.237.${(turn + 1) % 2}`);
      desk.register(`sip:201@10.222.237.${turn % 2}`);
    });

  it("a phone that alternates between two Contacts costs six writes an hour above the interval's in the long run", async () => {
    const desk = await new Desk().start();
    await alternate(desk, 10_000, 24 * 360);
    expect(desk.saves.length).toBeLessThanOrEqual(60 + 24 * WRITES_PER_HOUR);
    const lastHour = desk.savedAt_ms.filter((at_ms) => at_ms > 23 * HOUR_ms);
    expect(lastHour.length).toBeLessThanOrEqual(WRITES_PER_HOUR);
    expect(lastHour.length).toBeGreaterThanOrEqual(HOUR_ms / INTERVAL_ms - 1);
  });

  it("while it does, what changes is still written within the interval", async () => {
    const desk = await new Desk().start();
    await alternate(desk, 10_000, 2 * 360);
    desk.register("sip:202@10.222.237.22", "202@pbx.example.com");
    const since_ms = desk.now_ms;
    await alternate(desk, 10_000, INTERVAL_ms / 10_000 + 1);
    const first = desk.saves.find(({ body }) => body.includes("202@pbx"));
    expect(first?.at_ms).toBeLessThanOrEqual(since_ms + INTERVAL_ms);
  });

  it("but an emergency call is written within 5 s all the same", async () => {
    const desk = await new Desk().start();
    await alternate(desk, 10_000, 2 * 360);
    const since_ms = desk.now_ms;
    const flow = flowFrom("10.222.237.21", 5060);
    desk.callbacks.remember({ caller: NAME, contact: "sip:201@x", flow, gateway: "g", until_ms: since_ms + HOUR_ms });
    await desk.pass(NEWS_DELAY_ms);
    expect(desk.saves.at(-1)?.at_ms).toBeGreaterThan(since_ms);
    expect(desk.saves.at(-1)?.body).toContain("sip:201@x");
  });

  it("a morning on which 200 phones come one after the other is written as it comes", async () => {
    const desk = await new Desk().start();
    await desk.repeat(1_000, 200, (turn) => desk.register(`sip:${turn}@10.222.237.1`, `${turn}@pbx.example.com`));
    const gaps = desk.savedAt_ms.slice(1).map((at_ms, index) => at_ms - (desk.savedAt_ms[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(NEWS_DELAY_ms + 1_000);
  });
});

describe("a disk that can't", () => {
  it("a save that failed is logged and tried again, though nothing changes any more", async () => {
    const desk = await new Desk().start();
    desk.disk = fails;
    desk.register();
    await desk.pass(NEWS_DELAY_ms);
    expect(desk.events).toEqual(["bindings_not_saved error=ENOSPC"]);
    desk.disk = async () => {};
    await desk.pass(INTERVAL_ms);
    expect(desk.saves).toHaveLength(1);
    await desk.pass(HOUR_ms);
    expect(desk.saves).toHaveLength(1);
  });

  it("while it stays full, it is asked once a minute", async () => {
    const desk = await new Desk().start();
    desk.disk = fails;
    desk.register();
    await desk.pass(HOUR_ms);
    expect(desk.events.length).toBeGreaterThan(50);
    expect(desk.events.length).toBeLessThanOrEqual(61);
  });

  it("while it hangs, snapshots don't pile up; when it goes on, the newest is written", async () => {
    const desk = await new Desk().start();
    let release = () => {};
    let asked = 0;
    desk.disk = () => {
      asked += 1;
      return new Promise((resolve) => {
        release = resolve;
      });
    };
    await desk.repeat(10_000, 100, (turn) => desk.register(`sip:201@10.222.237.${turn}`, `${turn}@pbx.example.com`));
    expect(asked).toBe(1);
    desk.disk = async () => {};
    release();
    await settle();
    expect(desk.saves).toHaveLength(2);
    expect(desk.saves[1]?.body).toContain("99@pbx.example.com");
    expect(desk.saves[1]?.savedAt_ms).toBe(NEW_YEAR_ms + desk.now_ms);
  });
});

describe("start and stop", () => {
  /** What a router that stopped after `run_ms` has left. */
  async function left(run_ms: number, wallClockOffset_ms = NEW_YEAR_ms) {
    const desk = new Desk();
    desk.wallClockOffset_ms = wallClockOffset_ms;
    await desk.start();
    desk.register("sip:201@10.222.237.21", NAME, HOUR_ms);
    await desk.pass(run_ms);
    await desk.keeper.stop();
    return desk.saves.at(-1);
  }

  /** When the binding expires on a router that starts `off_ms` later by its clock. */
  async function restored(off_ms: number, run_ms = 0) {
    const desk = new Desk();
    desk.stored = await left(run_ms);
    desk.wallClockOffset_ms = NEW_YEAR_ms + run_ms + off_ms;
    await desk.start();
    return { desk, expires_ms: desk.bindings.find(NAME)?.bindings[0]?.expires_ms };
  }

  it("stop() writes what is unwritten, and nothing when all is written", async () => {
    expect(await left(1_000)).toMatchObject({ at_ms: 1_000, savedAt_ms: NEW_YEAR_ms + 1_000 });
    expect(await left(60_000)).toMatchObject({ at_ms: NEWS_DELAY_ms });
  });

  it("stop() tries once more what couldn't be saved", async () => {
    const desk = await new Desk().start();
    desk.disk = fails;
    desk.register();
    await desk.pass(NEWS_DELAY_ms);
    desk.disk = async () => {};
    await desk.keeper.stop();
    expect(desk.saves).toHaveLength(1);
  });

  it("stop() waits for the write in progress and writes what came meanwhile", async () => {
    const desk = await new Desk().start();
    let release = () => {};
    desk.disk = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    desk.register();
    await desk.pass(NEWS_DELAY_ms);
    desk.register("sip:202@10.222.237.22", "202@pbx.example.com");
    const stopped = desk.keeper.stop();
    desk.disk = async () => {};
    release();
    await stopped;
    expect(desk.saves).toHaveLength(2);
    expect(desk.saves[1]?.body).toContain("202@pbx");
  });

  it("what was kept is there again, with the time off counted", async () => {
    const { desk, expires_ms } = await restored(600_000);
    expect(expires_ms).toBe(HOUR_ms - 600_000);
    expect(desk.events).toEqual(["bindings_restored phones=1 age_s=600"]);
    expect(desk.bindings.find(NAME)?.stale.size).toBe(1);
    await desk.pass(HOUR_ms / 2);
    expect(desk.saves).toEqual([]);
  });

  it.each([
    ["back to 1970", -NEW_YEAR_ms],
    ["a day back", -24 * HOUR_ms],
    ["from 1970 to now", NEW_YEAR_ms],
    ["31 days ahead", 31 * 24 * HOUR_ms],
  ])("a clock that has jumped %s isn't believed", async (_, off_ms) => {
    const { desk, expires_ms } = await restored(off_ms);
    expect(expires_ms).toBe(HOUR_ms);
    expect(desk.events).toEqual(["bindings_restored phones=1 age_s=0"]);
  });

  it("the clock is set while it runs: writes come as before", async () => {
    const desk = new Desk();
    desk.wallClockOffset_ms = 0;
    await desk.start();
    desk.register();
    await desk.pass(2_000);
    desk.wallClockOffset_ms = NEW_YEAR_ms;
    await desk.pass(60_000);
    desk.wallClockOffset_ms = -NEW_YEAR_ms;
    desk.register("sip:201@10.222.237.99");
    await desk.pass(60_000);
    expect(desk.savedAt_ms).toEqual([NEWS_DELAY_ms, 62_000 + NEWS_DELAY_ms]);
    expect(desk.saves[0]?.savedAt_ms).toBe(NEW_YEAR_ms + NEWS_DELAY_ms);
  });

  it.each([
    ["isn't a snapshot", { body: "{}", savedAt_ms: 1 }, /^bindings_unreadable/],
    ["isn't JSON", { body: "{", savedAt_ms: 1 }, /^bindings_unreadable/],
    ["can't be read", new Error("EIO"), /^bindings_unreadable error=EIO$/],
  ])("a file that %s is reported, and the bindings are kept from then on", async (_, stored, event) => {
    const desk = new Desk();
    desk.stored = stored;
    await desk.start();
    expect(desk.events).toEqual([expect.stringMatching(event)]);
    desk.register();
    await desk.pass(NEWS_DELAY_ms);
    expect(desk.saves).toHaveLength(1);
  });
});

describe("what is too old", () => {
  it("is forgotten though nothing changes any more, and costs no write", async () => {
    const desk = await new Desk().start();
    desk.register();
    await desk.pass(KEEP_ms);
    expect(desk.contacts).toHaveLength(1);
    await desk.pass(3 * HOUR_ms);
    expect(desk.bindings.size).toBe(0);
    expect(desk.saves).toHaveLength(1);
  });

  it("isn't restored either", async () => {
    const before = await new Desk().start();
    before.register();
    await before.keeper.stop();
    const desk = new Desk();
    desk.stored = before.saves[0];
    desk.wallClockOffset_ms = NEW_YEAR_ms + KEEP_ms + 2 * HOUR_ms;
    await desk.start();
    expect(desk.bindings.size).toBe(0);
    expect(desk.events).toEqual(["bindings_restored phones=0 age_s=93600"]);
  });
});
