/** Calls from the PSTN: upstream first, hunt groups that ring in order, and where they overflow to. */
import { describe, expect, it } from "vitest";
import { requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { GATEWAY, PBX, SITE_YAML, Site, WAN } from "../support/site.ts";

const DID = "sip:5550100@10.222.237.1";
const MEMBERS = "[sip:200@10.222.237.30, sip:201@10.222.237.31, sip:202@10.222.237.32]";

function cast(groups: string, more = "") {
  const site = new Site(`${SITE_YAML.replace(/hunt_groups.*\n/, `hunt_groups: ${groups}\n`)}${more}`);
  const gateway = site.actor("gateway", GATEWAY);
  const pbx = site.actor("pbx", PBX, WAN);
  const phones = [0, 1, 2].map((index) => site.actor(`20${index}`, { address: `10.222.237.3${index}`, port: 5060 }));
  for (const phone of phones) phone.answers("INVITE", { status: 180, after_ms: 20 });
  site.run(100);
  return { site, gateway, pbx, phones };
}

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
const rung = (phones: readonly Actor[]) => phones.map((phone) => phone.requests("INVITE").length);

describe("strategy", () => {
  it("serial: one after the other, until one answers", () => {
    const { site, gateway, phones } = cast(`{default: {members: ${MEMBERS}, strategy: serial, ring: 5s}}`);
    phones[1]?.answers("INVITE", { status: 180 }, { status: 486, after_ms: 1_000 });
    phones[2]?.answers("INVITE", { status: 180 }, { status: 200, after_ms: 2_000 });
    gateway.invite(DID);
    site.run(15_000);
    expectLadder("hunt-serial", site.ladder());
  });

  it("serial: nobody answers, the caller hears so after all have rung; a 604 ends it", () => {
    const { site, gateway, phones } = cast(`{default: {members: ${MEMBERS}, strategy: serial, ring: 5s}}`);
    gateway.invite(DID);
    site.run(16_000);
    expect(finals(gateway)).toEqual([480]);
    phones[0]?.answers("INVITE", { status: 604 });
    gateway.invite(DID);
    site.run(1_000);
    expect(finals(gateway)).toEqual([480, 604]);
  });

  it("round-robin: each call begins with the next", () => {
    const { site, gateway, phones } = cast(`{default: {members: ${MEMBERS}, strategy: round-robin, ring: 20s}}`);
    for (const phone of phones) phone.answers("INVITE", { status: 200, after_ms: 100 });
    for (let call = 0; call < 6; call++) gateway.invite(DID);
    site.run(2_000);
    expect(rung(phones)).toEqual([2, 2, 2]);
  });

  it("round-robin: who is busy passes it on, and the next call begins one further", () => {
    const { site, gateway, phones } = cast(`{default: {members: ${MEMBERS}, strategy: round-robin, ring: 20s}}`);
    for (const phone of phones) phone.answers("INVITE", { status: 486 });
    phones[2]?.answers("INVITE", { status: 180 }, { status: 200, after_ms: 100 });
    gateway.invite(DID);
    site.run(500);
    gateway.invite(DID);
    site.run(500);
    expect(rung(phones)).toEqual([1, 2, 2]);
    expectLadder("hunt-round-robin", site.ladder());
  });
});

describe("overflow", () => {
  it("to another group, and from there to an outside number", () => {
    const { site, gateway, phones } = cast(
      "{default: {members: [sip:200@10.222.237.30], ring: 3s, overflow: night}, " +
        'night: {members: [sip:201@10.222.237.31], ring: 4s, overflow: "0171555"}}',
    );
    gateway.answers("INVITE", { status: 200, after_ms: 100 });
    gateway.invite(DID);
    site.run(9_000);
    expect(rung(phones)).toEqual([1, 1, 0]);
    expect(requestUriOf(gateway.seen("INVITE"))).toBe("sip:0171555@10.10.1.3");
    expectLadder("hunt-overflow", site.ladder());
    expect(finals(gateway)).toEqual([200]);
  });

  it("groups that overflow into each other end", () => {
    const { site, gateway } = cast(
      "{default: {members: [sip:200@10.222.237.30], ring: 2s, overflow: b}, b: {members: [sip:201@10.222.237.31], ring: 2s, overflow: default}}",
    );
    gateway.invite(DID);
    site.run(10_000);
    expect(finals(gateway)).toEqual([480]);
  });

  it("busy: the overflow follows at once", () => {
    const { site, gateway, phones } = cast(
      "{default: {members: [sip:200@10.222.237.30], overflow: b}, b: {members: [sip:201@10.222.237.31]}}",
    );
    phones[0]?.answers("INVITE", { status: 486 });
    phones[1]?.answers("INVITE", { status: 200 });
    gateway.invite(DID);
    site.run(500);
    expect(finals(gateway)).toEqual([200]);
  });
});

describe("inbound: upstream-first", () => {
  const GROUPS = "{default: {members: [sip:200@10.222.237.30]}}";
  const FIRST = "inbound: upstream-first\n";

  it("upstream gets the number at its own address, and its answer counts", () => {
    const { site, gateway, pbx, phones } = cast(GROUPS, FIRST);
    pbx.answers("INVITE", { status: 180 }, { status: 200, after_ms: 500 });
    gateway.invite(DID);
    site.run(1_000);
    expect(requestUriOf(pbx.seen("INVITE"))).toBe("sip:5550100@198.51.100.10");
    expect(finals(gateway)).toEqual([200]);
    expect(rung(phones)).toEqual([0, 0, 0]);
  });

  it.each([408, 480, 503])("its %d: the hunt group rings", (status) => {
    const { site, gateway, pbx, phones } = cast(GROUPS, FIRST);
    pbx.answers("INVITE", { status });
    gateway.invite(DID);
    site.run(500);
    expect(rung(phones)).toEqual([1, 0, 0]);
  });

  it.each([404, 486, 603])("its %d is the end", (status) => {
    const { site, gateway, pbx, phones } = cast(GROUPS, FIRST);
    pbx.answers("INVITE", { status });
    gateway.invite(DID);
    site.run(500);
    expect(finals(gateway)).toEqual([status]);
    expect(rung(phones)).toEqual([0, 0, 0]);
  });

  it("silent: the hunt group rings after its own short timer; known to be down: at once", () => {
    const { site, gateway, phones } = cast(GROUPS, "inbound: {order: upstream-first, timer: 2s}\n");
    site.simulation.silence(PBX);
    const start_ms = site.simulation.now_ms;
    gateway.invite(DID);
    site.run(40_000);
    expect((phones[0]?.requests("INVITE")[0]?.at_ms ?? Number.NaN) - start_ms).toBe(2_010);
    expectLadder("inbound-upstream-silent", site.ladder());
    site.run(20_000);
    gateway.invite(DID);
    site.run(10);
    expect(rung(phones)).toEqual([2, 0, 0]);
  });
});

describe("a number that means an extension", () => {
  const MORE = 'extensions: {prefixes: ["5550"], aliases: {"5550100": "202"}, forward: {"201": {busy: "200"}}}\n';

  function registered(groups: string) {
    const all = cast(groups, MORE);
    all.pbx.answers("REGISTER", { status: 200 });
    for (const phone of all.phones) phone.request("REGISTER", "sip:pbx.example.com");
    all.site.run(100);
    return all;
  }

  it("rings it, by prefix or alias, before the default group; a group of that very number comes first", () => {
    const { site, gateway, phones } = registered(
      "{default: {members: [sip:200@10.222.237.30]}, 5550201: {members: [sip:200@10.222.237.30]}}",
    );
    gateway.invite("sip:5550202@10.222.237.1");
    site.run(100);
    expect(rung(phones)).toEqual([0, 0, 1]);
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(100);
    expect(rung(phones)).toEqual([0, 0, 2]);
    gateway.invite("sip:5550201@10.222.237.1");
    site.run(100);
    expect(rung(phones)).toEqual([1, 0, 2]);
    gateway.invite("sip:5559999@10.222.237.1");
    site.run(100);
    expect(rung(phones)).toEqual([2, 0, 2]);
  });

  it("without any group too, and its forward is followed", () => {
    const { site, gateway, phones } = registered("{other: {members: [sip:200@10.222.237.30]}}");
    phones[1]?.answers("INVITE", { status: 486 });
    gateway.invite("sip:5550201@10.222.237.1");
    site.run(500);
    expect(rung(phones)).toEqual([1, 1, 0]);
    gateway.invite("sip:5559999@10.222.237.1");
    site.run(500);
    expect(finals(gateway)).toEqual([404]);
  });
});

describe("the called number decides, whatever host the gateway writes", () => {
  it.each([
    "sip:201@10.222.237.1",
    "sip:201@10.222.237.1:5099",
    "sip:201@pbx.example.com",
    "sip:201@old-pbx.example.org",
    "sip:201@192.0.2.99",
    "sip:+49305550201@trunk.example.net;user=phone",
    "tel:+49-30-555-0201",
  ])("%s rings extension 201 alone", (uri) => {
    const { site, gateway, pbx, phones } = cast(
      `{default: {members: ${MEMBERS}}}`,
      'extensions: {prefixes: ["+49305550"]}\n',
    );
    pbx.answers("REGISTER", { status: 200 });
    phones[1]?.request("REGISTER", "sip:pbx.example.com");
    site.run(200);
    gateway.invite(uri);
    site.run(500);
    expect(rung(phones)).toEqual([0, 1, 0]);
  });
});
