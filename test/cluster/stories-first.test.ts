/** What a member sends leaves after the other one has been told of it: one that dies while it sends has told it all the same. */
import { expect, test } from "vitest";
import { cseqMethodOf, header, methodOf, statusOf } from "../sip/message.ts";
import { PBX, PHONE } from "../support/site.ts";
import { StoryPair } from "./support/story-pair.ts";

const FR_ms = 4_000;

/** A call to a PBX that rings, if it isn't silent; member A dies as a message leaves it. @param isLast of which it dies */
function dyingWith(isLast: (wire: string) => boolean, isSilent: boolean) {
  const pair = new StoryPair();
  const { simulation } = pair;
  const phone = pair.a.site.actor("201", PHONE);
  const pbx = pair.a.site.actor("pbx", PBX);
  if (isSilent) simulation.silence(PBX);
  else pbx.answers("INVITE", { status: 180, after_ms: 1_000 });
  simulation.run(1_000);
  pair.repeatUnheard();
  const send = simulation.send.bind(simulation);
  let died_ms: number | undefined;
  simulation.send = (from, to, wire, onRefused) => {
    send(from, to, wire, onRefused);
    if (died_ms !== undefined || !isLast(wire) || [PHONE.address, PBX.address].includes(from.address)) return;
    died_ms = simulation.now_ms;
    pair.kill("a", 0, 1);
  };
  const invite = phone.invite("sip:900@198.51.100.10");
  return {
    pair,
    phone,
    pbx,
    invite,
    diedAt_ms: () => died_ms,
    run: (duration_ms: number) => simulation.run(duration_ms),
  };
}

test("a copy of the INVITE: the other member knows its branch, and goes on with it", () => {
  const { pair, phone, pbx, invite, diedAt_ms, run } = dyingWith((wire) => wire.startsWith("INVITE "), false);
  run(3_000);
  expect(diedAt_ms()).toBeDefined();
  expect(pair.b.stories.size).toBe(1);
  expect(new Set(pbx.requests("INVITE").map(({ message }) => header(message, "via"))).size).toBe(1);
  phone.cancel(invite);
  run(2_000);
  expect(pbx.requests("CANCEL")).toHaveLength(1);
  expect(phone.received.map(({ message }) => statusOf(message))).toContain(487);
});

test("the 181 of an outage: the redirect comes when the dead member would have sent it", () => {
  const { phone, diedAt_ms, run } = dyingWith((wire) => wire.startsWith("SIP/2.0 181 "), true);
  run(FR_ms + 5_000);
  const at_ms = (status: number) =>
    phone.received
      .filter(({ message }) => methodOf(message) === "" && statusOf(message) === status)
      .map((one) => one.at_ms);
  expect(diedAt_ms()).toBeDefined();
  expect(at_ms(181)).toHaveLength(1);
  const [redirect_ms = 0] = at_ms(302);
  expect(redirect_ms - (diedAt_ms() ?? 0)).toBeLessThanOrEqual(1_100);
  expect(
    phone.received.filter(({ message }) => cseqMethodOf(message) === "INVITE" && statusOf(message) >= 300).length,
  ).toBe(1);
});
