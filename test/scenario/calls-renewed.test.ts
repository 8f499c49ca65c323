/** The call log after `renew`: what is told of calls, and what becomes of them, is as if nothing had been written anew. */
import { expect, it } from "vitest";
import { callsPage } from "../../src/app/recorded-calls.ts";
import { CALLS_MAX } from "../../src/policy/call-log.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, WAN } from "../support/site.ts";

const OUT = "sip:5551234@pbx.example.com";
const ON_GATEWAY = "sip:5551234@10.10.1.3";

function office() {
  const site = new Site(`${SITE_YAML}survival: {notice_hold: 0s}\n`);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 180 }, { status: 200, after_ms: 90 });
  site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 190 });
  const phone = site.actor("201", PHONE).answers("INVITE", { status: 200, after_ms: 90 });
  const other = site.actor("202", PHONE_2).answers("INVITE", { status: 200, after_ms: 90 });
  site.run(1_000);
  return { site, pbx, phone, other };
}

function told(site: Site) {
  const { calls, changes } = callsPage(site.callLog, {}, ({ at_ms }) => `at ${at_ms}`, site.simulation.now_ms);
  return { calls, changes, calls_now: site.status().calls_now };
}

/**
 * Calls that are answered, refused, cancelled, redirected, forked and hung up.
 * @param onStep between any two events
 * @returns what was told after each
 */
function story(onStep: (site: Site) => void) {
  const { site, pbx, phone, other } = office();
  const pages: ReturnType<typeof told>[] = [];
  const pass = (duration_ms: number) => {
    site.run(duration_ms);
    onStep(site);
    pages.push(told(site));
  };
  phone.invite(OUT);
  pass(50);
  pass(1_000);
  const answered = phone.got(200, "INVITE");
  for (let member = 0; member < 13; member++) {
    const at = { address: `10.222.237.${100 + member}`, port: 5060 };
    const isLast = member === 12;
    site
      .actor(`p${member}`, at)
      .answers("INVITE", { status: isLast ? 200 : 486, after_ms: isLast ? 900 : 40 * member });
    pbx.request("INVITE", `sip:p@${at.address}`, [], "fork");
  }
  pass(100);
  // All that the log has room for have refused, and the last one rings.
  pass(600);
  pass(1_000);
  pbx.answers("INVITE", { status: 486 });
  other.invite(OUT);
  pass(500);
  pbx.answers("INVITE", { status: 180 });
  const cancelled = other.invite(OUT);
  pass(500);
  other.cancel(cancelled);
  pass(500);
  site.simulation.silence(PBX);
  const asked = phone.invite(OUT);
  pass(4_100);
  phone.request("INVITE", ON_GATEWAY, [], asked.headers.get("call-id")?.[0] ?? "", 2);
  pass(500);
  other.invite(OUT);
  pass(4_100);
  other.request("INVITE", ON_GATEWAY, [], "of its own", 1);
  pass(500);
  phone.inDialog("BYE", answered, 2);
  pass(40_000);
  return { pages, site };
}

it("what is told of calls, and what becomes of them, is the same however often they are written anew", () => {
  const { pages } = story(() => {});
  const states = new Set(pages.flatMap(({ calls }) => calls.map(({ state }) => state)));
  expect([...states].sort()).toEqual(["calling", "ended", "failed", "redirected", "up"]);
  expect(pages.some(({ calls }) => calls.some(({ legs }) => legs.length === 12))).toBe(true);
  expect(story((site) => site.engine.onCalm()).pages).toEqual(pages);
});

it("of what is over nothing is left in the memory where it was; what is on its way stays where it is", () => {
  const { site, phone } = office();
  phone.invite(OUT);
  site.run(1_000);
  phone.invite(OUT);
  site.run(50);
  const [over, open] = site.callLog.all;
  site.engine.onCalm();
  const [overNow, openNow] = site.callLog.all;
  expect(overNow).toEqual({
    ...over,
    legs: over?.legs.map((leg) => expect.objectContaining({ call_id: leg.call_id })),
  });
  expect(overNow).not.toBe(over);
  expect(overNow?.legs[0]?.steps[0]).not.toBe(over?.legs[0]?.steps[0]);
  expect(openNow).toBe(open);
});

it("calls that are up and no longer remembered still count after it, each until its BYE", () => {
  const { site, phone } = office();
  for (let call = 0; call < CALLS_MAX + 10; call++) {
    phone.invite(OUT);
    site.run(10);
  }
  site.run(1_000);
  const first = phone.responses(200)[0]?.message ?? phone.got(200, "INVITE");
  site.engine.onCalm();
  const before = site.status().calls_now;
  phone.inDialog("BYE", first, 2);
  site.run(1_000);
  expect([before, site.status().calls_now]).toEqual([CALLS_MAX + 10, CALLS_MAX + 9]);
});
