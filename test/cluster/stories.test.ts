/** Calls in the making survive the death of the member that makes them. */
import { describe, expect, test } from "vitest";
import { statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { PBX, PHONE } from "../support/site.ts";
import { StoryPair } from "./support/story-pair.ts";

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);

/** A phone and a PBX, and a pair of routers between them. */
function pairOfRouters(yaml?: string) {
  const pair = new StoryPair(yaml);
  const phone = pair.a.site.actor("201", PHONE);
  const pbx = pair.a.site.actor("pbx", PBX);
  pair.simulation.run(1_000);
  return { pair, phone, pbx, run: (duration_ms: number) => pair.simulation.run(duration_ms) };
}

describe("the member is dead before the callee has decided", () => {
  test("the callee answers: the caller hears it", () => {
    const { pair, phone, pbx, run } = pairOfRouters();
    pbx.answers("INVITE", { status: 180 }, { status: 200, after_ms: 3_000 });
    phone.invite("sip:900@198.51.100.10");
    run(1_000);
    pair.kill();
    run(5_000);
    expect(finals(phone)).toEqual([200]);
    expect(pbx.requests("ACK")).toHaveLength(1);
    expect(pbx.requests("INVITE")).toHaveLength(1);
    expect(pair.b.stories.size).toBe(0);
  });

  test("the callee rejects: the caller hears it, and the callee's answer is acknowledged", () => {
    const { pair, phone, pbx, run } = pairOfRouters();
    pbx.answers("INVITE", { status: 180 }, { status: 486, after_ms: 3_000 });
    phone.invite("sip:900@198.51.100.10");
    run(1_000);
    pair.kill();
    run(5_000);
    expect(finals(phone)).toEqual([486]);
    expect(pbx.requests("ACK")).toHaveLength(1);
  });

  test("the caller cancels: the callee stops ringing, and the caller gets 487", () => {
    const { pair, phone, pbx, run } = pairOfRouters();
    pbx.answers("INVITE", { status: 180 });
    const invite = phone.invite("sip:900@198.51.100.10");
    run(1_000);
    pair.kill();
    run(2_000);
    phone.cancel(invite);
    run(3_000);
    expect(finals(phone).sort()).toEqual([200, 487]);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
  });
});
