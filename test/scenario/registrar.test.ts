/** REGISTER in an outage: phones that we know stay registered, and go up again one by one. */
import { describe, expect, it } from "vitest";
import { header, headers, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { expectLadder } from "../support/ladder.ts";
import { PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "sip:pbx.example.com";
const CONTACT = "sip:phone@10.222.237.21:5060";

/** A site with one phone that has registered while all was well. */
function cast(yaml = "", granted = 3_600) {
  const site = new Site(`${SITE_YAML}${yaml}`);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  pbx.answers("REGISTER", { status: 200, extra: [`Contact: <${CONTACT}>;expires=${granted}`, `Expires: ${granted}`] });
  phone.request("REGISTER", DOMAIN, ["Expires: 3600"]);
  site.run(100);
  return { site, phone, pbx };
}

/** The same, once upstream is known to be down. */
function dark(yaml = "") {
  const all = cast(yaml);
  all.site.simulation.silence(PBX);
  all.site.run(60_000);
  all.phone.received.length = 0;
  all.pbx.received.length = 0;
  return all;
}

const contactOf = (phone: Actor, status = 200) => header(phone.got(status, "REGISTER"), "contact");
const statuses = (phone: Actor) => phone.received.map(({ message }) => statusOf(message));
const wait = (text: string) => Number(/expires=(\d+)/.exec(text)?.[1]);

/** A Retry-After of ours, in s: not the same for all. */
const SOON = /^(?:[89]|1\d|20)$/;

describe("REGISTER in normal times", () => {
  it("the phone is told 300 s at the most, in Contact and Expires; upstream hears what the phone asked", () => {
    const { phone, pbx } = cast();
    expect(contactOf(phone)).toBe(`<${CONTACT}>;expires=300`);
    expect(header(phone.got(200), "expires")).toBe("300");
    expect(header(pbx.seen("REGISTER"), "expires")).toBe("3600");
  });

  it("less than that passes", () => {
    const { phone } = cast("", 120);
    expect(contactOf(phone)).toBe(`<${CONTACT}>;expires=120`);
  });

  it("a contact that upstream has let expire, or lists no more, doesn't ring for the PSTN", () => {
    const yaml = SITE_YAML.replace(/hunt_groups.*\n/, 'hunt_groups: {default: {members: ["phone"]}}\n');
    const site = new Site(yaml);
    const phone = site.actor("phone", PHONE);
    const gateway = site.actor("gateway", { address: "10.10.1.3", port: 5060 });
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.answers("REGISTER", { status: 200, extra: [`Contact: <${CONTACT}>;expires=60`] });
    phone.request("REGISTER", DOMAIN);
    site.run(1_000);
    gateway.invite("sip:1@10.222.237.1");
    site.run(60_000);
    gateway.invite("sip:1@10.222.237.1");
    site.run(1_000);
    expect(phone.requests("INVITE").filter(({ at_ms }) => at_ms > 61_000)).toEqual([]);
    const moved = site.actor("phone", PHONE_2);
    pbx.answers("REGISTER", { status: 200, extra: ["Contact: <sip:phone@10.222.237.22:5060>;expires=60"] });
    moved.request("REGISTER", DOMAIN);
    site.run(100);
    expect(site.bindings.find("phone@pbx.example.com")?.bindings.map(({ flow }) => flow.address)).toEqual([
      PHONE_2.address,
    ]);
  });

  it("throttle: a refresh that upstream doesn't need yet is answered here; a change is not", () => {
    const { site, phone, pbx } = cast("registration: {throttle: true}\n");
    phone.request("REGISTER", DOMAIN, ["Expires: 3600"]);
    site.run(100);
    expect(pbx.requests("REGISTER")).toHaveLength(1);
    expect(phone.responses(200)).toHaveLength(2);
    expect(contactOf(phone)).toBe(`<${CONTACT}>;expires=300`);
    phone.request("REGISTER", DOMAIN, ["Expires: 0"]);
    site.run(100);
    expect(pbx.requests("REGISTER")).toHaveLength(2);
    expectLadder("register-throttle", site.ladder());
  });
});

describe("REGISTER in an outage", () => {
  it("a phone that we know gets 200, its bindings, and a short, jittered expiry", () => {
    const { site, phone } = dark();
    const seen = new Set<number>();
    for (let turn = 0; turn < 20; turn++) phone.request("REGISTER", DOMAIN, ["Expires: 3600"]);
    site.run(100);
    for (const { message } of phone.responses(200)) seen.add(wait(header(message, "contact")));
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(51);
    expect(Math.max(...seen)).toBeLessThanOrEqual(60);
    expect(seen.size).toBeGreaterThan(3);
  });

  it("upstream silent for 3 s on its refresh: answered here before the state has changed", () => {
    const { site, phone } = cast();
    site.simulation.silence(PBX);
    phone.request("REGISTER", DOMAIN);
    site.run(3_500);
    expectLadder("register-answered-here", site.ladder());
  });

  it("upstream answers after that: the phone hears of it no more, and its next REGISTER goes up", () => {
    const { site, phone, pbx } = cast();
    site.simulation.sightings.length = 0;
    pbx.answers("REGISTER", { status: 401, after_ms: 3_500 });
    phone.request("REGISTER", DOMAIN);
    site.run(10_000);
    pbx.answers("REGISTER", { status: 200 });
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(statuses(phone)).toEqual([200, 200, 200]);
    expect(site.bindings.find("phone@pbx.example.com")?.stale).toEqual(new Set());
    expectLadder("register-late-401", site.ladder());
  });

  it.each([
    ["known", "", 503],
    ["localnet", "registration: {unknown: localnet}\n", 200],
    ["none", "registration: {unknown: none}\n", 503],
  ])("an unknown phone, policy %s", (policy, yaml, status) => {
    const { site } = dark(yaml);
    site.simulation.sightings.length = 0;
    const unknown = site.actor("unknown", PHONE_2);
    unknown.request("REGISTER", DOMAIN);
    site.run(100);
    expect(statuses(unknown)).toEqual([status]);
    if (status === 503) expect(header(unknown.got(503), "retry-after")).toMatch(SOON);
    expectLadder(`register-unknown-${policy}`, site.ladder());
  });

  it("a Call-ID without end is kept in part, and still tells a later REGISTER from one that was overtaken", () => {
    const { site, phone } = dark();
    const callId = "c".repeat(10_000);
    const kept = () => site.bindings.find("phone@pbx.example.com")?.bindings ?? [];
    for (const cseq of [3, 2]) {
      phone.request("REGISTER", DOMAIN, [], callId, cseq);
      site.run(100);
    }
    expect(kept().map(({ cseq }) => cseq)).toEqual([3]);
    expect(JSON.stringify(kept().map((one) => one.callId)).length).toBeLessThan(1_000);
  });

  it("policy none: a phone that we know gets 503 as well", () => {
    const { site, phone } = dark("registration: {unknown: none}\n");
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(statuses(phone)).toEqual([503]);
  });

  it("a phone at another address is known by its instance, and called there", () => {
    const site = new Site();
    const instance = '+sip.instance="<urn:uuid:1>"';
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    const registers = (actor: Actor) =>
      actor.request("REGISTER", DOMAIN, [`Contact: <sip:phone@${actor.hostPort}>;${instance}`], undefined, 1, false);
    pbx.answers("REGISTER", { status: 200 });
    registers(phone);
    site.run(100);
    site.simulation.silence(PBX);
    site.run(60_000);
    const moved = site.actor("phone", { address: "10.222.237.99", port: 5060 });
    registers(moved);
    site.run(100);
    expect(headers(moved.got(200), "contact")).toEqual([expect.stringContaining("sip:phone@10.222.237.99:5060>")]);
    const stranger = site.actor("phone", { address: "10.222.237.98", port: 5060 });
    stranger.request("REGISTER", DOMAIN);
    site.run(100);
    expect(statuses(stranger)).toEqual([503]);
  });

  it("un-REGISTER, Contact: * and a query", () => {
    const { site, phone } = dark();
    phone.request("REGISTER", DOMAIN, [], undefined, 1, false); // no Contact: asks which there are
    site.run(100);
    expect(contactOf(phone)).toContain(CONTACT);
    phone.received.length = 0;
    phone.request("REGISTER", DOMAIN, ["Expires: 0"]);
    site.run(100);
    expect(headers(phone.got(200), "contact")).toEqual([]);
    phone.request("REGISTER", DOMAIN, ["Contact: *", "Expires: 0"], undefined, 2, false);
    site.run(100);
    expect(site.bindings.find("phone@pbx.example.com")?.bindings).toEqual([]);
  });

  it("a phone that un-registers as it boots is still known", () => {
    const { site, phone } = dark();
    phone.request("REGISTER", DOMAIN, ["Contact: *", "Expires: 0"], undefined, 1, false);
    site.run(100);
    phone.received.length = 0;
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(statuses(phone)).toEqual([200]);
  });

  it("RFC 3261 §10.3: a REGISTER that is out of order changes nothing", () => {
    const { site, phone } = dark();
    phone.request("REGISTER", DOMAIN, [`Contact: <${CONTACT}>;q=0.2`], "one-call", 7, false);
    site.run(100);
    phone.request("REGISTER", DOMAIN, [`Contact: <${CONTACT}>;q=0.9`], "one-call", 6, false);
    site.run(100);
    expect(site.bindings.find("phone@pbx.example.com")?.bindings.map(({ parameters }) => parameters)).toEqual([
      ";q=0.2",
    ]);
  });

  it("two phones with one address-of-record: both are kept", () => {
    const { site, phone, pbx } = cast();
    pbx.answers("REGISTER", { status: 200 });
    const second = site.actor("phone", PHONE_2);
    second.request("REGISTER", DOMAIN);
    site.run(100);
    site.simulation.silence(PBX);
    site.run(60_000);
    phone.received.length = 0;
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(headers(phone.got(200), "contact")).toHaveLength(2);
  });
});

describe("after the outage", () => {
  it("each phone's next REGISTER goes up while calls still stay; a challenge passes, and its answer", () => {
    const { site, phone, pbx } = dark();
    pbx.answers("REGISTER", { status: 401, extra: ['WWW-Authenticate: Digest realm="pbx"'] });
    phone.request("REGISTER", DOMAIN);
    site.simulation.silence(PBX, false);
    site.run(10_000);
    phone.received.length = 0;
    site.simulation.sightings.length = 0;
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(statuses(phone)).toEqual([401]);
    pbx.answers("REGISTER", { status: 200, extra: [`Contact: <${CONTACT}>;expires=3600`] });
    phone.request("REGISTER", DOMAIN, ["Authorization: Digest x"]);
    phone.invite("sip:5551234@pbx.example.com");
    site.run(100);
    expect(phone.responses(200, "REGISTER")).toHaveLength(1);
    expect(phone.responses(181)).toHaveLength(1);
    expect(site.bindings.find("phone@pbx.example.com")?.stale).toEqual(new Set());
    expectLadder("register-challenge-after-outage", site.ladder());
  });

  it("a phone that has had 503 in the outage has it until its turn comes", () => {
    const { site, phone, pbx } = dark("registration: {unknown: none}\n");
    site.simulation.silence(PBX, false);
    site.run(10_000);
    for (const all of [pbx.received, phone.received]) all.length = 0;
    for (let turn = 0; turn < 3; turn++) phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(pbx.requests("REGISTER")).toHaveLength(1);
    const soon = expect.stringMatching(SOON);
    expect(phone.responses(503).map(({ message }) => header(message, "retry-after"))).toEqual([soon, soon]);
    site.run(4_000);
    phone.request("REGISTER", DOMAIN);
    site.run(100);
    expect(pbx.requests("REGISTER")).toHaveLength(2);
  });

  it("of three that come at once, with a pace of one a second, one goes up and the others are answered here", () => {
    const site = new Site(`${SITE_YAML}registration: {pace: 1}\n`);
    const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
    const phones = [PHONE, PHONE_2, PHONE_3].map((at, index) => site.actor(`20${index}`, at));
    const all = () => {
      for (const phone of phones) phone.request("REGISTER", DOMAIN);
      site.run(100);
    };
    all();
    site.simulation.silence(PBX);
    site.run(60_000);
    all();
    site.simulation.silence(PBX, false);
    site.run(10_000);
    pbx.received.length = 0;
    site.simulation.sightings.length = 0;
    all();
    expect(pbx.requests("REGISTER")).toHaveLength(1);
    expectLadder("register-paced", site.ladder());
  });

  it("they go up paced: of 50 phones at once one goes up, then more with each answer, and none is turned away", () => {
    const site = new Site();
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.answers("REGISTER", { status: 200 });
    const phones = Array.from({ length: 50 }, (_, index) =>
      site.actor(`p${index}`, { address: `10.222.237.${100 + index}`, port: 5060 }),
    );
    for (const phone of phones) phone.request("REGISTER", DOMAIN);
    site.run(1_000);
    site.simulation.silence(PBX);
    site.run(60_000);
    for (const phone of phones) phone.request("REGISTER", DOMAIN);
    site.run(100);
    site.simulation.silence(PBX, false);
    site.run(10_000);
    pbx.received.length = 0;
    const isStale = (index: number) => site.bindings.find(`p${index}@pbx.example.com`)?.stale.size !== 0;
    const perSecond = Array.from({ length: 45 }, () => {
      const before = pbx.requests("REGISTER").length;
      for (const [index, phone] of phones.entries()) if (isStale(index)) phone.request("REGISTER", DOMAIN);
      site.run(1_000);
      return pbx.requests("REGISTER").length - before;
    });
    expect(perSecond.slice(0, 4)).toEqual([1, 0, 0, 1]);
    expect(pbx.requests("REGISTER")).toHaveLength(50);
    expect([...site.bindings.all()].filter(({ stale }) => stale.size > 0)).toEqual([]);
    for (const phone of phones) expect(new Set(statuses(phone))).toEqual(new Set([200]));
  });
});
