/** In an outage a phone that dials the number of a hunt group rings the group, as a call from the PSTN does. */
import { describe, expect, it } from "vitest";
import { header, requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor, Habit } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";

const file = (groups: string, more = "") => `${SITE_YAML.replace(/hunt_groups.*\n/, "")}
hunt_groups: {${groups}}
${more}`;
const answers = (after_ms: number): Habit => [
  { status: 180, after_ms: 20 },
  { status: 200, after_ms },
];
const rings: Habit = [{ status: 180, after_ms: 20 }];
const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
const invites = (actor: Actor) => actor.requests("INVITE").length;

/** 201, 202 and 203 are registered. @param isKnown whether upstream has been found silent before the call */
function outage(yaml: string, isKnown = true) {
  const site = new Site(yaml);
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 100 });
  site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
  const phones = [PHONE, PHONE_2, PHONE_3].map((at, index) => site.actor(`20${index + 1}`, at));
  const [caller, second, third] = phones as [Actor, Actor, Actor];
  for (const phone of phones) phone.request("REGISTER", `sip:${DOMAIN}`);
  site.run(100);
  site.simulation.silence(PBX);
  if (isKnown) site.run(60_000);
  site.simulation.sightings.length = 0;
  for (const actor of [...phones, gateway]) actor.received.length = 0;
  return { site, gateway, caller, second, third };
}

describe("a phone dials the number of a group, in an outage", () => {
  it("all members ring but the caller's own phone; the first to answer has the call, and no gateway hears of it", () => {
    const { site, gateway, caller, second, third } = outage(file('"200": {members: ["201", "202", "203"]}'));
    second.habits.set("INVITE", rings);
    third.habits.set("INVITE", answers(800));
    caller.invite(`sip:200@${DOMAIN}`);
    site.run(3_000);
    expect(finals(caller)).toEqual([200]);
    expect(requestUriOf(third.seen("INVITE"))).toBe("sip:203@10.222.237.23:5060");
    expect(header(second.seen("CANCEL"), "reason")).toBe('SIP;cause=200;text="Call completed elsewhere"');
    expect([gateway, caller].map(invites)).toEqual([0, 0]);
    expectLadder("group-by-phone", site.ladder());
  });

  it("the first call of an outage rings it too, after fr_timer", () => {
    const { site, gateway, caller, second } = outage(file('"200": {members: ["202"]}'), false);
    second.habits.set("INVITE", answers(300));
    caller.invite(`sip:200@${DOMAIN}`);
    site.run(6_000);
    expect(finals(caller)).toEqual([200]);
    expect(invites(gateway)).toBe(0);
  });

  it("serial: one after the other, each for its time, then the overflow", () => {
    const groups = '"200": {members: ["202", "203"], strategy: serial, ring: 5s, overflow: "0171555"}';
    const { site, gateway, caller, second, third } = outage(file(groups));
    second.habits.set("INVITE", rings);
    third.habits.set("INVITE", rings);
    const start_ms = site.simulation.now_ms;
    caller.invite(`sip:200@${DOMAIN}`);
    site.run(15_000);
    const at = (actor: Actor) => actor.requests("INVITE").map(({ at_ms }) => Math.round((at_ms - start_ms) / 1_000));
    expect([at(second), at(third), at(gateway)]).toEqual([[0], [5], [10]]);
    expect(requestUriOf(gateway.seen("INVITE"))).toBe("sip:0171555@10.10.1.3");
    expect(finals(caller)).toEqual([200]);
  });

  it("round-robin: each call begins with the next member", () => {
    const { site, caller, second, third } = outage(file('"200": {members: ["202", "203"], strategy: round-robin}'));
    for (const phone of [second, third]) phone.habits.set("INVITE", answers(100));
    for (const _ of [1, 2, 3]) {
      caller.invite(`sip:200@${DOMAIN}`);
      site.run(1_000);
    }
    expect([second, third].map(invites)).toEqual([2, 1]);
  });

  it("a member by its URI that is the caller's own phone doesn't ring", () => {
    const members = '["sip:201@10.222.237.21", "sip:202@10.222.237.22"]';
    const { site, caller, second } = outage(file(`"200": {members: ${members}}`));
    second.habits.set("INVITE", answers(100));
    caller.invite(`sip:200@${DOMAIN}`);
    site.run(1_000);
    expect([caller, second].map(invites)).toEqual([0, 1]);
  });

  it("no member is registered: 480 with the reason, and no gateway", () => {
    const { site, gateway, caller } = outage(file('"200": {members: ["208"]}'));
    caller.invite(`sip:200@${DOMAIN}`);
    site.run(3_000);
    expect(finals(caller)).toEqual([480]);
    expect(header(caller.got(480), "reason")).toContain("No phone of group 200 is registered");
    expect(invites(gateway)).toBe(0);
  });

  it("a number means the group before the extension, as for calls from the PSTN", () => {
    const { site, caller, second, third } = outage(file('"202": {members: ["203"]}'));
    third.habits.set("INVITE", answers(100));
    caller.invite(`sip:202@${DOMAIN}`);
    site.run(1_000);
    expect([second, third].map(invites)).toEqual([0, 1]);
  });

  it("the group default is nobody's number: an outside number goes to the gateway", () => {
    const { site, caller, second } = outage(file('default: {members: ["202"]}'));
    for (const number of ["0171555", "default"]) caller.invite(`sip:${number}@${DOMAIN}`);
    site.run(3_000);
    expect([finals(caller), invites(second)]).toEqual([[302, 302], 0]);
  });

  it("while upstream answers, upstream has the call", () => {
    const site = new Site(file('"200": {members: ["202"]}'));
    const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", { status: 486 });
    const caller = site.actor("201", PHONE);
    site.run(100);
    caller.invite(`sip:200@${DOMAIN}`);
    site.run(1_000);
    expect([requestUriOf(pbx.seen("INVITE")), finals(caller)]).toEqual([`sip:200@${DOMAIN}`, [486]]);
  });

  it("an extension's call that goes on to a group rings it: no phone there, busy, from a phone, from a gateway", () => {
    const forward = 'extensions: {forward: {"210": {no_answer: "200"}, "203": {busy: "200"}}}';
    const { site, gateway, caller, second, third } = outage(file('"200": {members: ["202"]}', forward));
    third.habits.set("INVITE", [{ status: 486 }]);
    second.habits.set("INVITE", answers(100));
    for (const number of ["210", "203"]) {
      caller.invite(`sip:${number}@${DOMAIN}`);
      site.run(1_000);
      gateway.invite(`sip:${number}@10.222.237.1`);
      site.run(1_000);
    }
    expect([finals(caller), finals(gateway)]).toEqual([
      [200, 200],
      [200, 200],
    ]);
    expect([invites(second), invites(gateway)]).toEqual([4, 0]);
  });

  it("a phone's redirect to a group rings the group for the PSTN's call", () => {
    const { site, gateway, second, third } = outage(file('"200": {members: ["202"]}'));
    third.habits.set("INVITE", [{ status: 302, extra: [`Contact: <sip:200@${DOMAIN}>`] }]);
    second.habits.set("INVITE", answers(100));
    gateway.invite("sip:203@10.222.237.1");
    site.run(1_000);
    expect([finals(gateway), invites(second)]).toEqual([[200], 1]);
  });
});
