/** `calls_now` of the status: each call once, from its INVITE until it is over, whatever way it goes. */
import { expect, it } from "vitest";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const DAY_ms = 24 * 3_600_000;
const OUT = "sip:5551234@pbx.example.com";

function office(more = "") {
  const site = new Site(SITE_YAML + more);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 180 }, { status: 200, after_ms: 90 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 90 });
  const phone = site.actor("201", PHONE).answers("INVITE", { status: 200, after_ms: 90 });
  const other = site.actor("202", PHONE_2).answers("INVITE", { status: 200, after_ms: 90 });
  site.run(1_000);
  const now = () => site.status().calls_now;
  return { site, pbx, gateway, phone, other, now };
}

it("a call counts while it rings and while it is up, and no longer than to its BYE", () => {
  const { site, phone, now } = office();
  phone.invite(OUT);
  site.run(50);
  const ringing = now();
  site.run(1_000);
  const up = now();
  phone.inDialog("BYE", phone.got(200, "INVITE"), 2);
  site.run(1_000);
  expect([ringing, up, now()]).toEqual([1, 1, 0]);
});

it("calls of all kinds count: to upstream, from upstream to a phone, from a gateway, and from phone to phone in an outage", () => {
  const { site, pbx, gateway, phone, other, now } = office();
  phone.invite(OUT);
  pbx.invite("sip:202@10.222.237.22");
  gateway.invite("sip:5550101@10.222.237.1");
  site.run(2_000);
  expect(now()).toBe(3);
  pbx.answers("REGISTER", { status: 200 });
  other.request("REGISTER", "sip:pbx.example.com");
  site.run(1_000);
  site.simulation.silence(PBX);
  phone.invite("sip:202@pbx.example.com");
  site.run(10_000);
  expect([now(), site.status().gateways[0]?.calls]).toEqual([4, 1]);
});

it("a call that is refused, cancelled or redirected counts no more", () => {
  const { site, pbx, phone, now } = office("survival: {notice_hold: 0s}\n");
  pbx.answers("INVITE", { status: 486 });
  phone.invite(OUT);
  site.run(500);
  expect(now()).toBe(0);
  pbx.answers("INVITE", { status: 180 });
  const cancelled = phone.invite(OUT);
  site.run(500);
  expect(now()).toBe(1);
  phone.cancel(cancelled);
  site.run(500);
  expect(now()).toBe(0);
  site.simulation.silence(PBX);
  phone.invite(OUT);
  site.run(1_000);
  expect(now()).toBe(1);
  site.run(10_000);
  expect([phone.responses(302).length, now()]).toEqual([1, 0]);
});

it("more calls than the log remembers count, those that rang when it forgot them too, and each BYE is known", () => {
  const { site, pbx, phone, now } = office();
  const others = [180, 200].map((status) => ({ status, after_ms: status === 200 ? 60_000 : 0 }));
  pbx.answers("INVITE", ...others);
  const CALLS = 250;
  for (let call = 0; call < CALLS; call++) {
    phone.invite(OUT);
    site.run(100);
  }
  expect([now(), site.callLog.all.length]).toEqual([CALLS, 200]);
  site.run(60_000);
  expect(now()).toBe(CALLS);
  const answers = phone.responses(200, "INVITE").map(({ message }) => message);
  for (const [index, answer] of answers.entries()) {
    phone.inDialog("BYE", answer, 2);
    site.run(100);
    if (index === 99) expect(now()).toBe(CALLS - 100);
  }
  expect(now()).toBe(0);
});

it("a call that was up when the log forgot it isn't ended by the tags of another dialog, and not believed in for ever", () => {
  const { site, phone, pbx, now } = office();
  phone.invite(OUT);
  site.run(1_000);
  pbx.answers("INVITE", { status: 486 });
  for (let call = 0; call < 200; call++) {
    phone.invite(OUT);
    site.run(100);
  }
  expect([now(), site.callLog.all.some(({ answered_ms }) => answered_ms !== undefined)]).toEqual([1, false]);
  const callId = phone.got(200, "INVITE").headers.get("call-id")?.[0] ?? "";
  site.callLog.hangUp({ callId, fromTag: "201-tag", toTag: "forged" }, site.simulation.now_ms);
  expect([now(), site.callLog.countNow(DAY_ms), site.callLog.countNow(DAY_ms + 5_000)]).toEqual([1, 1, 0]);
});
