/** Phones that share a number, and phones that move, in an outage. */
import { describe, expect, it } from "vitest";
import { header, headers, requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, PHONE_3, Site, STRANGER, WAN } from "../support/site.ts";

const DOMAIN = "sip:pbx.example.com";
const NUMBER = "sip:202@pbx.example.com";

const CALLER = "1";

/** One that comes with an instance, as most phones do. */
function registers(phone: Actor, id: string): void {
  const user = id === CALLER ? "201" : "202";
  const contact = `Contact: <sip:${user}@${phone.hostPort}>;+sip.instance="<urn:uuid:${id}>"`;
  phone.request("REGISTER", DOMAIN, [contact], undefined, 1, false);
}

/** A caller, and two phones that are both 202; upstream is known to be down. */
function dark() {
  const site = new Site();
  const caller = site.actor("201", PHONE);
  const desk = site.actor("desk", PHONE_2).as("202");
  const cordless = site.actor("cordless", PHONE_3).as("202");
  site.actor("gateway", GATEWAY);
  site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
  registers(caller, CALLER);
  registers(desk, "2");
  registers(cordless, "3");
  site.run(100);
  site.simulation.silence(PBX);
  site.run(60_000);
  for (const phone of [desk, cordless]) phone.answers("INVITE", { status: 180, after_ms: 20 });
  site.simulation.sightings.length = 0;
  return { site, caller, desk, cordless };
}

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);

describe("two phones with one address-of-record", () => {
  it("both ring; one answers, the other gets CANCEL with a Reason", () => {
    const { site, caller, desk, cordless } = dark();
    cordless.answers("INVITE", { status: 180, after_ms: 20 }, { status: 200, after_ms: 2_000 });
    caller.invite(NUMBER);
    site.run(5_000);
    expect(header(desk.seen("CANCEL"), "reason")).toBe('SIP;cause=200;text="Call completed elsewhere"');
    expect(cordless.requests("CANCEL")).toEqual([]);
    expect(caller.responses(200, "INVITE")).toHaveLength(1);
    expectLadder("shared-number", site.ladder());
  });

  it("one declines: nobody else rings on (§16.7 item 5)", () => {
    const { site, caller, desk, cordless } = dark();
    desk.answers("INVITE", { status: 180 }, { status: 603, after_ms: 1_000 });
    caller.invite(NUMBER);
    site.run(2_000);
    expect(cordless.requests("CANCEL")).toHaveLength(1);
    expect(finals(caller).slice(-1)).toEqual([603]);
  });

  it("one is busy, the other is switched off: the caller hears busy when the ring time is over", () => {
    const { site, caller, desk } = dark();
    desk.answers("INVITE", { status: 486 });
    site.simulation.silence(PHONE_3);
    caller.invite(NUMBER);
    site.run(61_000);
    expect(finals(caller).slice(-1)).toEqual([486]);
  });

  it("one un-registers in the outage: the other still rings", () => {
    const { site, caller, desk, cordless } = dark();
    desk.request("REGISTER", DOMAIN, ["Expires: 0"]);
    site.run(100);
    caller.invite(NUMBER);
    site.run(1_000);
    expect([desk, cordless].map((phone) => phone.requests("INVITE").length)).toEqual([0, 1]);
    expectLadder("unregister-in-outage", site.ladder());
  });

  it("Contact: * in the outage takes both away: a call to the member of the file gets 480", () => {
    const { site, caller, desk, cordless } = dark();
    desk.request("REGISTER", DOMAIN, ["Contact: *", "Expires: 0"], undefined, 1, false);
    site.run(100);
    expect(headers(desk.got(200), "contact")).toEqual([]);
    caller.invite(NUMBER);
    site.run(2_000);
    expectLadder("unregister-all-in-outage", site.ladder());
    expect([desk, cordless].map((phone) => phone.requests("INVITE").length)).toEqual([0, 0]);
    expect(finals(caller).slice(-1)).toEqual([480]);
  });

  it("Contact: * with an expiry that isn't 0: 400, and both stay", () => {
    const { site, caller, desk, cordless } = dark();
    desk.request("REGISTER", DOMAIN, ["Contact: *", "Expires: 60"], undefined, 1, false);
    caller.invite(NUMBER);
    site.run(1_000);
    expect(desk.responses(400)).toHaveLength(1);
    expect([desk, cordless].map((phone) => phone.requests("INVITE").length)).toEqual([1, 1]);
  });
});

describe("a phone that moves in an outage", () => {
  it("to another address: its REGISTER is known by the instance, and it rings there and only there", () => {
    const { site, caller, desk, cordless } = dark();
    const moved = site.actor("moved", { address: "10.222.237.99", port: 40_000 }).as("202");
    moved.answers("INVITE", { status: 180, after_ms: 20 }, { status: 200, after_ms: 500 });
    registers(moved, "2");
    site.run(100);
    caller.invite(NUMBER);
    site.run(2_000);
    expect(requestUriOf(moved.seen("INVITE"))).toBe("sip:202@10.222.237.99:40000");
    expect([desk, cordless].map((phone) => phone.requests("INVITE").length)).toEqual([0, 1]);
    expectLadder("phone-moves", site.ladder());
  });

  it("to another port behind the same address: the answer and the call go to the new one", () => {
    const { site, caller } = dark();
    const moved = site.actor("moved", { address: PHONE_2.address, port: 5062 }).as("202");
    moved.answers("INVITE", { status: 200 });
    registers(moved, "2");
    site.run(100);
    expect(moved.responses(200, "REGISTER")).toHaveLength(1);
    caller.invite(NUMBER);
    site.run(500);
    expect(moved.requests("INVITE")).toHaveLength(1);
  });

  it("its instance is believed from localnet only: who claims it from elsewhere gets nothing", () => {
    const { site, caller, desk } = dark();
    const thieves = [
      site.actor("outside", STRANGER, WAN),
      site.actor("inside", { address: "10.99.0.5", port: 5060 }, LAN),
      site.actor("upstream", { address: PBX.address, port: 5070 }, WAN),
    ].map((thief) => thief.as("202"));
    for (const thief of thieves) registers(thief, "2");
    caller.invite(NUMBER);
    site.run(1_000);
    expect(thieves.map(finals)).toEqual([[], [403], [403]]);
    expect(thieves.flatMap((thief) => thief.requests("INVITE"))).toEqual([]);
    expect(desk.requests("INVITE")).toHaveLength(1);
  });
});
