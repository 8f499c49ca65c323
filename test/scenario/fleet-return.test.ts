/** A branch alone, after an outage of headquarters of ten minutes: it needs no care, and mustn't suffer from that which it takes. */
import { expect, it } from "vitest";
import { returnOf, withFixedPace } from "../support/fleet/return.ts";

const PBX = { bears: 300, backlog_ms: 2_000, restart_ms: 60_000, expires_s: 300 };
const ALONE = { branches: 1, phones: 50, seed: 1, pbx: PBX };

it("a single branch is back as soon as its phones have asked: within twenty seconds of what it was", () => {
  const before = returnOf(ALONE, 300, withFixedPace);
  const result = returnOf(ALONE, 300);
  expect(result).toMatchObject({ registered: 50, falls: 0, unanswered: 0 });
  expect(result.all_s).toBeLessThan((before.all_s ?? 0) + 20);
});
