/** Which stage follows an outcome. */
import { describe, expect, test } from "vitest";
import { ANY_FAILURE, type Outcome, SILENCE } from "../../../src/proxy/plan/condition.ts";
import { follow, nextPlace, stageAt } from "../../../src/proxy/plan/walk.ts";
import type { Continuation, Sequel, Stage } from "../../../src/proxy/router.ts";

const SILENT: Outcome = { isSilent: true, best: { status: 408, response: undefined } };
const BUSY: Outcome = { isSilent: false, best: { status: 486, response: undefined } };
const LAST: Stage = { kind: "reply", reply: { status: 480 } };
const OTHER: Stage = { kind: "reply", reply: { status: 404 } };
const SURVIVAL: Continuation = { name: "survival" };

/** Where a fork with these sequels and a reply behind it leads, and what was asked for on the way. */
function walked(on: readonly Sequel[] | undefined, outcome: Outcome, offers: readonly Stage[] | undefined = undefined) {
  const fork: Stage = { kind: "fork", targets: [], ...(on === undefined ? {} : { on }) };
  const asked: Continuation[] = [];
  const place = follow({ plan: [fork, LAST], index: 0 }, outcome, (continuation) => {
    asked.push(continuation);
    return offers;
  });
  return { stage: place === undefined ? "the answer" : stageAt(place), asked };
}

describe("after a fork", () => {
  test("the caller is answered when nothing is said about that outcome", () => {
    expect(walked(undefined, SILENT).stage).toBe("the answer");
    expect(walked([{ when: SILENCE, go: "next" }], BUSY).stage).toBe("the answer");
  });

  test("the first sequel that is met wins", () => {
    const on: readonly Sequel[] = [
      { when: SILENCE, go: [OTHER] },
      { when: ANY_FAILURE, go: "next" },
    ];
    expect([walked(on, SILENT).stage, walked(on, BUSY).stage]).toEqual([OTHER, LAST]);
  });

  test("a continuation is asked for only when its time has come", () => {
    const on: readonly Sequel[] = [{ when: SILENCE, go: SURVIVAL }];
    expect(walked(on, BUSY, [OTHER])).toEqual({ stage: "the answer", asked: [] });
    expect(walked(on, SILENT, [OTHER])).toEqual({ stage: OTHER, asked: [SURVIVAL] });
  });

  test("a continuation that has nothing to offer gives way to the next sequel", () => {
    const on: readonly Sequel[] = [
      { when: ANY_FAILURE, go: SURVIVAL },
      { when: SILENCE, go: "next" },
    ];
    expect([walked(on, SILENT).stage, walked(on, BUSY).stage]).toEqual([LAST, "the answer"]);
  });

  test("past the last stage there is none, and what isn't a fork has no sequel", () => {
    expect(stageAt(nextPlace({ plan: [LAST], index: 0 }))).toBeUndefined();
    expect(follow({ plan: [LAST, OTHER], index: 0 }, SILENT, () => [OTHER])).toBeUndefined();
  });
});
