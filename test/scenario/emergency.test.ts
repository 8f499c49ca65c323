/** Emergency numbers: straight to the gateway in every state, room is made for them, and who called can be called back. */
import { describe, expect, it } from "vitest";
import { header, headers, requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const SECOND = { address: "10.10.1.4", port: 5060 };
const DOMAIN = "pbx.example.com";
const TALK = { status: 200, after_ms: 50 };

interface Office {
  readonly gateways?: string;
  readonly emergency?: string;
  readonly more?: string;
  readonly isRegistered?: boolean;
}

function office({ gateways = "[sip:10.10.1.3]", emergency = '["112", "911"]', more = "" }: Office = {}) {
  const yaml = SITE_YAML.replace(/gateways.*\n/, `gateways: ${gateways}\n`);
  const site = new Site(`${yaml}emergency: ${emergency}\n${more}`);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", TALK).answers("REGISTER", { status: 200 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", TALK);
  const second = site.actor("second", SECOND).answers("INVITE", TALK);
  const phones = [PHONE, PHONE_2, PHONE_3].map((at, index) => site.actor(`20${index + 1}`, at));
  for (const phone of phones) phone.answers("INVITE", TALK);
  site.run(1_000);
  site.simulation.sightings.length = 0;
  const [phone, other, third] = phones as [Actor, Actor, Actor];
  return { site, pbx, gateway, second, phone, other, third };
}

const dial = (phone: Actor, number: string) => phone.invite(`sip:${number}@${DOMAIN}`);
const invites = (actor: Actor) => actor.requests("INVITE").map(({ message }) => requestUriOf(message));
const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);

describe("where they go", () => {
  it("to the gateway at once while upstream lives; others go upstream", () => {
    const { site, pbx, gateway, phone } = office();
    dial(phone, "112");
    site.run(500);
    expectLadder("emergency", site.ladder());
    expect(invites(gateway)).toEqual(["sip:112@10.10.1.3"]);
    dial(phone, "1124");
    site.run(500);
    expect(invites(pbx)).toEqual([`sip:1124@${DOMAIN}`]);
    expect(site.events.find(({ event }) => event === "emergency_call")?.fields).toMatchObject({ number: "112" });
  });

  it("in an outage: no notice, no redirect, no wait, whatever survival.answer says", () => {
    const { site, gateway, phone } = office();
    site.simulation.silence(PBX);
    site.run(60_000);
    const start_ms = site.simulation.now_ms;
    dial(phone, "911");
    site.run(500);
    expect(gateway.requests("INVITE")[0]?.at_ms).toBe(start_ms + 10);
    expect(finals(phone)).toEqual([200]);
    expect(phone.responses(181)).toHaveLength(0);
  });

  it.each([
    ["with visual separators", `sip:1-1-2@${DOMAIN}`],
    ["escaped", `sip:%3112@${DOMAIN}`],
    ["with parameters", `sip:112;phone-context=+49@${DOMAIN}`],
    ["as a tel URI", "tel:112;phone-context=+49"],
    ["as a service URN", "urn:service:sos.police"],
    ["at the gateway's own address", "sip:112@10.10.1.3"],
    ["at our address", "sip:112@10.222.237.1"],
  ])("%s", (_, uri) => {
    const { site, gateway, phone } = office();
    phone.invite(uri);
    site.run(500);
    expect(invites(gateway)).toEqual(["sip:112@10.10.1.3"]);
    expect(site.events.some(({ event }) => event === "emergency_call")).toBe(true);
  });

  it("an extension of that name, or whose number ends so, doesn't get them", () => {
    const { site, gateway, phone } = office({ more: "extensions: {suffix_digits: 3}\n" });
    const name = site.actor("4112", { address: "10.222.237.40", port: 5060 }).answers("INVITE", TALK);
    const same = site.actor("112", { address: "10.222.237.41", port: 5060 }).answers("INVITE", TALK);
    for (const actor of [name, same]) actor.request("REGISTER", `sip:${DOMAIN}`);
    site.run(500);
    site.simulation.silence(PBX);
    site.run(60_000);
    dial(phone, "112");
    site.run(500);
    expect([invites(name), invites(same)]).toEqual([[], []]);
    expect(invites(gateway)).toHaveLength(1);
  });

  it("the number is rewritten as the gateway wants it", () => {
    const rewriting = '[{uri: sip:10.10.1.3, rewrite: {called: [{match: "^(112|911)$", replace: "0$1"}]}}]';
    const { site, gateway, phone } = office({ gateways: rewriting });
    dial(phone, "112");
    site.run(500);
    expect(invites(gateway)).toEqual(["sip:0112@10.10.1.3"]);
  });

  it("upstream's call to 112 at the gateway is one as well, and isn't sent back", () => {
    const { site, pbx, gateway } = office();
    gateway.answers("INVITE", { status: 503 });
    pbx.invite("sip:112@10.10.1.3");
    site.run(500);
    expect(invites(gateway)).toHaveLength(1);
    expect(finals(pbx)).toContain(480);
    expect(invites(pbx)).toEqual([]);
  });

  it("strangers can't use them", () => {
    const { site, gateway } = office();
    const stranger = site.actor("stranger", STRANGER, WAN);
    stranger.invite("sip:112@203.0.113.2");
    stranger.invite("urn:service:sos");
    site.run(500);
    expect(invites(gateway)).toEqual([]);
    expect(stranger.received).toEqual([]);
  });
});

describe("when gateways fail", () => {
  const TWO = "[sip:10.10.1.3, {uri: sip:10.10.1.4, priority: 2}]";

  it.each([404, 486, 503, 603])("%d: the next gateway, then upstream", (status) => {
    const { site, pbx, gateway, second, phone } = office({ gateways: TWO });
    gateway.answers("INVITE", { status });
    second.answers("INVITE", { status });
    dial(phone, "112");
    site.run(1_000);
    expect([invites(gateway).length, invites(second).length]).toEqual([1, 1]);
    expect(invites(pbx)).toEqual([`sip:112@${DOMAIN}`]);
    expect(finals(phone)).toEqual([200]);
  });

  it("silence: upstream after fr_timer", () => {
    const { site, pbx, phone } = office();
    site.simulation.silence(GATEWAY);
    dial(phone, "112");
    site.run(6_000);
    expectLadder("emergency-gateway-silent", site.ladder());
    expect(invites(pbx)).toHaveLength(1);
    expect(finals(phone)).toEqual([200]);
  });

  it("even a gateway that its carrier doesn't name", () => {
    const more = 'carriers: {home: {prefixes: ["1"], gateways: ["10.10.1.4"]}}\n';
    const { site, gateway, second, phone } = office({ gateways: TWO, more });
    second.answers("INVITE", { status: 500 });
    dial(phone, "112");
    site.run(500);
    expect([invites(second).length, invites(gateway).length]).toEqual([1, 1]);
  });

  it("nobody at all: 480 with a Reason, and an upstream that seems dead is tried too", () => {
    const { site, pbx, phone } = office();
    site.simulation.silence(GATEWAY);
    site.simulation.silence(PBX);
    site.run(60_000);
    const asked = site.simulation.sightings.length;
    dial(phone, "112");
    site.run(10_000);
    const tried = site.simulation.sightings.slice(asked).filter(({ wire }) => wire.startsWith("INVITE "));
    expect(new Set(tried.map(({ to }) => to.address))).toEqual(new Set([LAN.address, GATEWAY.address, PBX.address]));
    expect(header(phone.got(480), "reason")).toContain("Nobody takes the emergency call");
    expect(pbx.requests("INVITE")).toEqual([]);
  });
});

describe("channels", () => {
  const TWO_CHANNELS = "[{uri: sip:10.10.1.3, channels: 2}]";
  const outside = (phone: Actor) => phone.invite("sip:5551234@10.10.1.3");

  it("a reserved channel is refused to ordinary calls, and there for an emergency", () => {
    const { site, phone, other, third } = office({
      gateways: TWO_CHANNELS,
      emergency: '{numbers: ["112"], reserve: 1}',
    });
    outside(phone);
    outside(other);
    site.run(500);
    expect([finals(phone), finals(other)]).toEqual([[200], [480]]);
    dial(third, "112");
    site.run(500);
    expect(finals(third)).toEqual([200]);
  });

  it("the reserve is one for all gateways together", () => {
    const gateways = "[{uri: sip:10.10.1.3, channels: 1}, {uri: sip:10.10.1.4, channels: 1, priority: 2}]";
    const { site, phone, other } = office({ gateways, emergency: '{numbers: ["112"], reserve: 1}' });
    outside(phone);
    outside(other);
    site.run(500);
    expect([finals(phone), finals(other)]).toEqual([[200], [480]]);
  });

  it("all busy: the youngest ordinary call is ended on both sides, and its channel taken", () => {
    const { site, gateway, phone, other, third } = office({
      gateways: TWO_CHANNELS,
      emergency: '{numbers: ["112"], preempt: true}',
    });
    outside(phone);
    site.run(200);
    outside(other);
    site.run(500);
    site.simulation.sightings.length = 0;
    dial(third, "112");
    site.run(1_500);
    expectLadder("emergency-preempts", site.ladder());
    expect(finals(third)).toEqual([200]);
    const bye = other.seen("BYE");
    expect(header(bye, "reason")).toBe('preemption;cause=3;text="An emergency call needs the PSTN line"');
    expect(header(bye, "from")).toBe(header(other.got(200, "INVITE"), "to"));
    expect(headers(bye, "route")).toEqual([]);
    expect(header(gateway.seen("BYE"), "cseq")).toBe("2 BYE");
    expect(phone.requests("BYE")).toEqual([]);
    expect(site.events.some(({ event }) => event === "call_preempted")).toBe(true);
  });

  it("the BYEs' CSeq is above what each side has seen", () => {
    const { site, gateway, phone, other } = office({
      gateways: "[{uri: sip:10.10.1.3, channels: 1}]",
      emergency: '{numbers: ["112"], preempt: true}',
    });
    outside(phone);
    site.run(500);
    phone.inDialog("INFO", phone.got(200, "INVITE"), 7);
    gateway.inDialogAsCallee("INFO", gateway.seen("INVITE"), 30);
    site.run(500);
    dial(other, "112");
    site.run(1_500);
    expect(header(gateway.seen("BYE"), "cseq")).toBe("8 BYE");
    expect(header(phone.seen("BYE"), "cseq")).toBe("31 BYE");
    expect(finals(other)).toEqual([200]);
  });

  it("a call that only rings is cancelled; its caller hears why", () => {
    const { site, gateway, phone, other } = office({
      gateways: "[{uri: sip:10.10.1.3, channels: 1}]",
      emergency: '{numbers: ["112"], preempt: true}',
    });
    gateway.answers("INVITE", { status: 180 });
    outside(phone);
    site.run(500);
    gateway.answers("INVITE", TALK);
    dial(other, "112");
    site.run(1_500);
    expect(gateway.requests("CANCEL")).toHaveLength(1);
    expect(header(phone.got(480), "reason")).toContain("preemption");
    expect(finals(other)).toEqual([200]);
  });

  it("an incoming call can be ended too, whether it rings or is up", () => {
    const { site, gateway, phone, other, third } = office({
      gateways: TWO_CHANNELS,
      emergency: '{numbers: ["112"], preempt: true}',
    });
    for (const one of [phone, other]) one.answers("INVITE", { status: 180 });
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(500);
    third.answers("INVITE", { status: 180 });
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(500);
    gateway.received.length = 0;
    dial(other, "112");
    site.run(1_500);
    dial(phone, "112");
    site.run(1_500);
    expect([finals(other).includes(200), finals(phone).includes(200)]).toEqual([true, true]);
    expect(gateway.requests("BYE")).toHaveLength(1);
    expect(invites(gateway)).toHaveLength(2);
  });

  it("an emergency call is never ended for another one; without preempt nobody is", () => {
    const { site, pbx, gateway, phone, other } = office({
      gateways: "[{uri: sip:10.10.1.3, channels: 1}]",
      emergency: '{numbers: ["112"], preempt: true}',
    });
    dial(phone, "112");
    site.run(500);
    gateway.answers("INVITE", { status: 486 });
    dial(other, "112");
    site.run(1_500);
    expect(gateway.requests("BYE")).toEqual([]);
    expect(invites(gateway)).toHaveLength(2); // our count could be wrong
    expect(invites(pbx)).toHaveLength(1);
    site.reload(`${SITE_YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, channels: 1}]")}emergency: ["112"]\n`);
    dial(other, "112");
    site.run(1_500);
    expect(gateway.requests("BYE")).toEqual([]);
  });
});

describe("call back", () => {
  const calledBack = (gateway: Actor) => gateway.invite("sip:5550100@10.222.237.1");
  const GROUP = 'hunt_groups: {default: {members: ["sip:203@10.222.237.23"]}}\n';

  function afterCall(options: Office = {}) {
    const all = office(options);
    for (const phone of [all.phone, all.other, all.third]) phone.answers("INVITE", { status: 180 });
    if (options.isRegistered === true) all.phone.request("REGISTER", `sip:${DOMAIN}`);
    all.site.run(100);
    dial(all.phone, "112");
    all.site.run(500);
    all.phone.inDialog("BYE", all.phone.got(200, "INVITE"), 2);
    all.site.run(500);
    return all;
  }

  it("for an hour the gateway's calls ring the caller too, then no longer", () => {
    const { site, gateway, phone, third } = afterCall();
    site.reload(`${SITE_YAML.replace(/hunt_groups.*\n/, GROUP)}emergency: ["112"]\n`);
    site.simulation.sightings.length = 0;
    calledBack(gateway);
    site.run(500);
    expectLadder("emergency-call-back", site.ladder());
    expect([invites(phone), invites(third)]).toEqual([["sip:201@10.222.237.21:5060"], ["sip:203@10.222.237.23"]]);
    site.run(3_600_000);
    calledBack(gateway);
    site.run(500);
    expect([invites(phone).length, invites(third).length]).toEqual([1, 2]);
  });

  it("upstream isn't asked first then: a menu would answer", () => {
    const { site, pbx, gateway, phone } = afterCall({ more: "inbound: upstream-first\n" });
    calledBack(gateway);
    site.run(500);
    expect(invites(pbx)).toEqual([]);
    expect(invites(phone)).toHaveLength(1);
  });

  it("ends for phones that have called already when a reload switches it off: upstream is asked first again", () => {
    const { site, pbx, gateway, phone } = afterCall({ more: "inbound: upstream-first\n" });
    site.reload(`${SITE_YAML}emergency: {numbers: ["112"], callback: 0s}\ninbound: upstream-first\n`);
    calledBack(gateway);
    site.run(500);
    expect([invites(pbx).length, invites(phone).length]).toEqual([1, 0]);
  });

  it("is told with the phone's name, and for how long yet", () => {
    const { site, gateway } = afterCall({ isRegistered: true });
    site.run(30 * 60_000);
    calledBack(gateway);
    site.run(500);
    const words = site.events.map(({ fields }) => JSON.stringify(fields)).join("\n");
    expect(words).toContain(
      '"201, which has called an emergency number (for another 30 min), then hunt group default"',
    );
  });

  it("a registered phone is rung where it is now", () => {
    const { site, gateway, phone } = afterCall({ isRegistered: true });
    site.bindings.remove(`201@${DOMAIN}`, "*");
    const moved = site.actor("201", { address: "10.222.237.99", port: 5070 }).answers("INVITE", { status: 180 });
    moved.request("REGISTER", `sip:${DOMAIN}`);
    site.run(500);
    calledBack(gateway);
    site.run(500);
    expect(invites(moved)).toHaveLength(1);
    expect(invites(phone)).toHaveLength(1); // as a member of the group
  });

  it("survives a power cut", () => {
    const { site } = afterCall();
    const yaml = `${SITE_YAML.replace(/hunt_groups.*\n/, "")}emergency: ["112"]\n`;
    const next = new Site(yaml, { seed: 2 });
    next.restore(site.saved(), 1_800_000);
    const gateway = next.actor("gateway", GATEWAY);
    const phone = next.actor("201", PHONE).answers("INVITE", { status: 180 });
    next.run(1_000);
    calledBack(gateway);
    next.run(500);
    expect(invites(phone)).toHaveLength(1);
    next.run(1_800_000);
    calledBack(gateway);
    next.run(500);
    expect(invites(phone)).toHaveLength(1);
    expect(finals(gateway)).toContain(404);
  });
});
