/** RFC 4320: what a proxy may say to a non-INVITE request, and when. */
import { describe, expect, it } from "vitest";
import { statusOf } from "../sip/message.ts";
import { PBX, PHONE, Site, WAN } from "../support/site.ts";

const DOMAIN = "sip:201@pbx.example.com";
/** T1 + 2·T1 + 4·T1: then a client's timer E is reset to T2. */
const TIMER_E_REACHES_T2_ms = 3_500;
const LATENCY_ms = 5;

function cast() {
  const site = new Site();
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  site.run(100);
  return { site, phone, pbx };
}

/** What the phone has got: status, and how long after its request. */
function answers({ phone }: ReturnType<typeof cast>, sent_ms = 100): [status: number, after_ms: number][] {
  return phone.received
    .filter(({ message }) => statusOf(message) > 0)
    .map(({ at_ms, message }) => [statusOf(message), at_ms - sent_ms]);
}

describe("RFC 4320 §4.1: provisional responses", () => {
  it.each(["MESSAGE", "SUBSCRIBE", "INFO", "X-OTHER"])("%s: no 1xx but 100 is passed on", (method) => {
    const actors = cast();
    actors.pbx.answers(
      method,
      { status: 180 },
      { status: 183, after_ms: 100 },
      { status: 199, after_ms: 200 },
      { status: 200, after_ms: 300 },
    );
    actors.phone.request(method, DOMAIN);
    actors.site.run(1_000);
    expect(answers(actors)).toEqual([[200, 300 + 4 * LATENCY_ms]]);
  });

  it("upstream's early 100 ends at us: over UDP there is none before timer E has reached T2", () => {
    const actors = cast();
    actors.pbx.answers("MESSAGE", { status: 100 }, { status: 200, after_ms: 3_400 });
    actors.phone.request("MESSAGE", DOMAIN);
    actors.site.run(5_000);
    expect(answers(actors)).toEqual([[200, 3_400 + 4 * LATENCY_ms]]);
  });

  it("whoever has had no answer by then gets a 100 of ours, once", () => {
    const actors = cast();
    actors.pbx.answers("MESSAGE", { status: 200, after_ms: 3_800 });
    actors.phone.request("MESSAGE", DOMAIN);
    actors.site.run(10_000);
    expect(answers(actors)).toEqual([
      [100, TIMER_E_REACHES_T2_ms + 2 * LATENCY_ms],
      [200, 3_800 + 4 * LATENCY_ms],
    ]);
  });

  it("a request that comes again after it gets the 100 again, and isn't forwarded twice", () => {
    const actors = cast();
    actors.pbx.answers("MESSAGE", { status: 200, after_ms: 3_900 });
    const message = actors.phone.request("MESSAGE", DOMAIN);
    actors.site.at(1_000, () => actors.phone.resend(message));
    actors.site.at(3_600, () => actors.phone.resend(message));
    actors.site.run(10_000);
    expect(answers(actors)).toEqual([
      [100, TIMER_E_REACHES_T2_ms + 2 * LATENCY_ms],
      [100, 3_600 + 2 * LATENCY_ms],
      [200, 3_900 + 4 * LATENCY_ms],
    ]);
  });

  it("an INVITE has its 100 at once, and no second one", () => {
    const actors = cast();
    actors.pbx.answers("INVITE", { status: 180 });
    actors.phone.invite("sip:5551234@pbx.example.com");
    actors.site.run(10_000);
    expect(answers(actors).map(([status]) => status)).toEqual([100, 180]);
  });
});

describe("RFC 4320 §4.2: 408", () => {
  it.each(["MESSAGE", "REGISTER", "SUBSCRIBE", "PUBLISH"])("%s: a silent upstream never makes one", (method) => {
    const actors = cast();
    actors.site.simulation.silence(PBX);
    actors.phone.request(method, DOMAIN);
    actors.site.run(70_000);
    expect(answers(actors).map(([status]) => status)).not.toContain(408);
    expect(answers(actors).at(-1)?.[1]).toBeLessThan(32_000);
  });

  it("where nothing can be said in time, nothing is said", () => {
    const { site, pbx } = cast();
    site.simulation.silence(PHONE);
    pbx.request("MESSAGE", `sip:201@${PHONE.address}`);
    site.run(70_000);
    const finals = pbx.received.filter(({ message }) => statusOf(message) >= 200);
    expect(finals).toEqual([]);
  });
});

describe("RFC 4320 §4.2: late responses", () => {
  it("a final response that comes when the transaction is over isn't forwarded", () => {
    const { site, phone, pbx } = cast();
    phone.answers("MESSAGE", { status: 200, after_ms: 33_000 });
    pbx.request("MESSAGE", `sip:201@${PHONE.address}`);
    site.run(70_000);
    expect(phone.requests("MESSAGE").length).toBeGreaterThan(5);
    expect(pbx.responses(200, "MESSAGE")).toEqual([]);
  });
});
