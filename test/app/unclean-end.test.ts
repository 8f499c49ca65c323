/** kill -9, OOM, a power cut: what of the bindings wasn't written, and what a start makes of it. */
import { describe, expect, it } from "vitest";
import { Desk, INTERVAL_ms, NAME, NEW_YEAR_ms, NEWS_DELAY_ms } from "./keeper-desk.ts";

describe("an unclean end, after which nothing is written any more", () => {
  const EXPIRY_ms = 60_000;

  /** How long a phone counts as registered on a start 2 s after the end. */
  async function leftAfter(before: Desk): Promise<number> {
    const desk = new Desk(INTERVAL_ms, EXPIRY_ms);
    desk.stored = before.saves.at(-1);
    desk.wallClockOffset_ms = NEW_YEAR_ms + before.now_ms + 2_000;
    await desk.start();
    return (desk.bindings.find(NAME)?.bindings[0]?.expires_ms ?? 0) - desk.now_ms;
  }

  const register = (desk: Desk) => desk.register(undefined, NAME, desk.now_ms + EXPIRY_ms);

  it("a phone that was refreshed since the last write may be registered still", async () => {
    const desk = await new Desk().start();
    await desk.repeat(50_000, 5, () => register(desk));
    expect(desk.saves).toHaveLength(1);
    expect(await leftAfter(desk)).toBeGreaterThan(0);
  });

  it("one that came back just after the write that found it gone is written anew within 5 s", async () => {
    const desk = await new Desk().start();
    register(desk);
    await desk.pass(EXPIRY_ms + 4_000);
    desk.register("sip:202@10.222.237.22", "202@pbx.example.com");
    await desk.pass(NEWS_DELAY_ms + 1_000);
    expect(desk.saves).toHaveLength(2);
    register(desk);
    await desk.pass(30_000);
    expect(await leftAfter(desk)).toBeGreaterThan(0);
  });

  it("one that has not come back before the end isn't registered", async () => {
    const desk = await new Desk().start();
    register(desk);
    await desk.pass(EXPIRY_ms + 4_000);
    desk.register("sip:202@10.222.237.22", "202@pbx.example.com");
    await desk.pass(30_000);
    expect(await leftAfter(desk)).toBeLessThanOrEqual(0);
  });
});
