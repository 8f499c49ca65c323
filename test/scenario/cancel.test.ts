/** The caller hangs up, or upstream answers late, at every moment of a call in an outage. */
import { describe, expect, it } from "vitest";
import { cseqMethodOf, header, statusOf } from "../sip/message.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML, Site } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";

function cast(survival = "") {
  const site = new Site(`${SITE_YAML}${survival}`);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX);
  const gateway = site.actor("gateway", GATEWAY);
  site.run(100);
  return { site, phone, pbx, gateway };
}

type Actors = ReturnType<typeof cast>;

const finalsOf = ({ phone }: Actors) =>
  phone.received
    .filter(({ message }) => statusOf(message) >= 200 && cseqMethodOf(message) === "INVITE")
    .map(({ message }) => statusOf(message));

describe("RFC 3261 §16.10: CANCEL", () => {
  it("before any response of upstream: 487 at once, and no CANCEL goes up", () => {
    const actors = cast();
    const { site, phone, pbx } = actors;
    const invite = phone.invite(NUMBER);
    site.at(1_000, () => phone.cancel(invite));
    site.run(40_000);
    expect(finalsOf(actors)).toEqual([487]);
    expect(pbx.requests("CANCEL")).toHaveLength(0);
    expect(phone.responses(302)).toHaveLength(0);
  });

  it("before any response, and upstream answers 180 afterwards: it gets CANCEL (§9.1)", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 180, after_ms: 2_000 });
    const invite = phone.invite(NUMBER);
    site.at(1_000, () => phone.cancel(invite, ["Reason: SIP;cause=487;text=changed mind"]));
    site.run(40_000);
    expectLadder("cancel-before-late-180", site.ladder());
  });

  it("before any response, and upstream's 180 gets lost: the INVITE goes on being sent, and the 180 that comes again gets CANCEL (§9.1)", () => {
    const actors = cast();
    const { site, phone, pbx } = actors;
    pbx.answers("INVITE", { status: 180 });
    pbx.repeatsAnswers = true;
    const invite = phone.invite(NUMBER);
    site.at(7, () => site.simulation.silence(PBX));
    site.at(300, () => phone.cancel(invite));
    site.at(400, () => site.simulation.silence(PBX, false));
    site.run(40_000);
    expect(finalsOf(actors)).toEqual([487]);
    expect([pbx.requests("INVITE").length, pbx.requests("CANCEL").length]).toEqual([2, 1]);
  });

  it("while upstream rings: CANCEL goes up with the caller's Reason, its 487 comes back", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 180 });
    const invite = phone.invite(NUMBER);
    site.at(1_000, () => phone.cancel(invite, ['Reason: SIP;cause=600;text="Busy everywhere"']));
    site.run(40_000);
    expectLadder("cancel-while-ringing", site.ladder());
  });

  it("during the notice hold: 487, never the redirect", () => {
    const actors = cast();
    const { site, phone } = actors;
    site.simulation.silence(PBX);
    const invite = phone.invite(NUMBER);
    site.at(4_500, () => phone.cancel(invite));
    site.run(40_000);
    expectLadder("cancel-during-hold", site.ladder());
    expect(finalsOf(actors)).toEqual([487]);
  });

  it("while the gateway rings in relay mode: the gateway gets CANCEL", () => {
    const actors = cast("survival: {answer: relay}\n");
    const { site, phone, gateway } = actors;
    gateway.answers("INVITE", { status: 180 });
    site.simulation.silence(PBX);
    const invite = phone.invite(NUMBER);
    site.at(7_000, () => phone.cancel(invite));
    site.run(40_000);
    expect(finalsOf(actors)).toEqual([487]);
    expect(gateway.requests("CANCEL")).toHaveLength(1);
  });

  it("after the 302: too late, the redirect stands", () => {
    const actors = cast();
    const { site, phone } = actors;
    site.simulation.silence(PBX);
    const invite = phone.invite(NUMBER);
    site.at(6_000, () => phone.cancel(invite));
    site.run(40_000);
    expect(finalsOf(actors)).toEqual([302]);
    expect(phone.responses(200, "CANCEL")).toHaveLength(1);
  });

  it("a phone that ceases to answer after CANCEL: the caller has its 487 after 64·T1", () => {
    const actors = cast();
    const { site, phone, pbx } = actors;
    pbx.answers("INVITE", { status: 180 });
    const invite = phone.invite(NUMBER);
    site.at(1_000, () => {
      site.simulation.silence(PBX);
      phone.cancel(invite);
    });
    site.run(34_000);
    expect(finalsOf(actors)).toEqual([487]);
  });
});

describe("outage: upstream answers late", () => {
  it("a late 180 during the hold gets CANCEL, and the redirect follows", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 180, after_ms: 4_300 });
    phone.invite(NUMBER);
    site.run(40_000);
    expectLadder("late-180", site.ladder());
  });

  it("a late 200 during the hold is the caller's call; no redirect follows", () => {
    const actors = cast();
    const { site, phone, pbx } = actors;
    pbx.answers("INVITE", { status: 200, after_ms: 4_300 });
    phone.invite(NUMBER);
    site.run(40_000);
    expect(finalsOf(actors)).toEqual([200]);
    expect(pbx.requests("ACK")).toHaveLength(1);
    expect(pbx.requests("BYE")).toHaveLength(0);
  });

  it("a late 200 after the redirect is acknowledged and hung up by us", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("INVITE", { status: 200, after_ms: 6_000 });
    phone.invite(NUMBER);
    site.run(60_000);
    expectLadder("late-200-after-302", site.ladder());
  });

  it("a late 200 is known for as long as its sender repeats it, and no longer", () => {
    const { site, phone, pbx } = cast();
    const known = () => site.core.meter.tableStatus.find(({ name }) => name === "late_answers")?.size;
    pbx.answers("INVITE", { status: 200, after_ms: 6_000 });
    phone.invite(NUMBER);
    site.run(30_000);
    const during = known();
    site.run(10_000);
    expect([during, known()]).toEqual([1, 0]);
  });

  it("a late 200 while the gateway rings wins; the gateway gets CANCEL", () => {
    const actors = cast("survival: {answer: relay}\n");
    const { site, phone, pbx, gateway } = actors;
    pbx.answers("INVITE", { status: 200, after_ms: 6_500 });
    gateway.answers("INVITE", { status: 180 });
    phone.invite(NUMBER);
    site.run(60_000);
    expectLadder("late-200-while-gateway-rings", site.ladder());
    expect(header(gateway.seen("CANCEL"), "reason")).toContain("Call completed elsewhere");
  });

  it("a late 200 after the gateway has answered reaches the caller, who hangs it up (RFC 6026 §7.1)", () => {
    const actors = cast("survival: {answer: relay}\n");
    const { site, phone, pbx, gateway } = actors;
    pbx.answers("INVITE", { status: 200, after_ms: 8_000 });
    gateway.answers("INVITE", { status: 200, after_ms: 100 });
    phone.invite(NUMBER);
    site.run(60_000);
    expect(finalsOf(actors)).toEqual([200, 200]);
  });

  it("a late 486 during the hold changes nothing, and is acknowledged", () => {
    const actors = cast();
    const { site, phone, pbx } = actors;
    pbx.answers("INVITE", { status: 486, after_ms: 4_300 });
    phone.invite(NUMBER);
    site.run(40_000);
    expect(finalsOf(actors)).toEqual([302]);
    expect(pbx.requests("ACK")).toHaveLength(1);
  });
});

describe("nothing is left behind", () => {
  it("after all of it no transaction and no timer but the probes' is alive", () => {
    const { site, phone } = cast();
    site.simulation.silence(PBX);
    for (let call = 0; call < 20; call++) site.at(call * 300, () => phone.invite(NUMBER));
    site.run(108_000); // between two probes
    expect(site.core.transactions.size).toBe(0);
    expect(site.timers.count).toBeLessThanOrEqual(3);
  });
});
