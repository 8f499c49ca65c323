/** What a phone of our own network, hacked or broken, must not be able to do to others. */
import { describe, expect, it } from "vitest";
import { responseText } from "../sip/build.ts";
import { header, requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";
const ROGUE = { address: "10.222.237.66", port: 5060 };
const TALK = { status: 200, after_ms: 20 };

function office(
  gateways = "[{uri: sip:10.10.1.3, channels: 2}]",
  emergency = '{numbers: ["112"], preempt: true}',
  more = "",
) {
  const yaml = SITE_YAML.replace(/gateways.*\n/, `gateways: ${gateways}\n`);
  const site = new Site(`${yaml}emergency: ${emergency}\n${more}`);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", TALK).answers("REGISTER", { status: 200 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", TALK);
  const [phone, other] = [PHONE, PHONE_2].map((at, index) => site.actor(`20${index + 1}`, at)) as [Actor, Actor];
  site.actor("203", PHONE_3);
  const rogue = site.actor("rogue", ROGUE).answers("INVITE", TALK);
  site.run(500);
  return { site, pbx, gateway, phone, other, rogue };
}

const outside = (phone: Actor) => phone.invite("sip:5551234@10.10.1.3");
const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
const count = (actor: Actor, method: string) => actor.requests(method).length;

describe("in upstream's place", () => {
  it("a phone's answer to a request that went to upstream isn't believed, whatever it knows", () => {
    const { site, pbx, phone, rogue } = office();
    pbx.answers("INVITE");
    phone.invite(`sip:5551234@${DOMAIN}`);
    site.run(100);
    rogue.send(responseText(pbx.seen("INVITE"), 486, { reason: "Forged", toTag: "forged" }));
    site.run(100);
    expect(finals(phone)).toEqual([]);
    pbx.send(responseText(pbx.seen("INVITE"), 486, { reason: "Busy", toTag: "real" }));
    site.run(100);
    expect(finals(phone)).toEqual([486]);
  });

  it("a branch doesn't tell the next", () => {
    const { site, pbx, phone } = office();
    for (let call = 0; call < 20; call++) phone.request("MESSAGE", `sip:5551234@${DOMAIN}`);
    site.run(100);
    const branches = pbx
      .requests("MESSAGE")
      .map(({ message }) => /branch=z9hG4bK([^;]*)/.exec(header(message, "via"))?.[1]);
    const chances = branches.map((branch) => branch?.split("-")[1]?.split(".")[0]);
    expect(chances.every((chance) => chance?.length === 10)).toBe(true);
    expect(new Set(chances).size).toBe(20);
  });
});

describe("in another phone's place", () => {
  function inOutage() {
    const all = office();
    all.phone.request("REGISTER", `sip:${DOMAIN}`);
    all.site.run(100);
    all.site.simulation.silence(PBX);
    all.site.run(60_000);
    return all;
  }
  const contactsOf = (site: Site) => site.bindings.find(`201@${DOMAIN}`)?.bindings.map(({ flow }) => flow.address);

  it("an address is no instance", () => {
    const { site, rogue } = inOutage();
    const contacts = [
      `Contact: <sip:201@10.222.237.66:5060>;+sip.instance=${PHONE.address}`,
      "Contact: <sip:201@10.222.237.21:5060>;expires=0",
    ];
    rogue.as("201").request("REGISTER", `sip:${DOMAIN}`, contacts, "theft", 1, false);
    site.run(100);
    expect(finals(rogue)).toEqual([503]);
    expect(contactsOf(site)).toEqual([PHONE.address]);
  });

  it("where all of localnet is served, nobody takes away a contact at another address", () => {
    const { site, rogue } = inOutage();
    site.reload(`${SITE_YAML}registration: {unknown: localnet}\n`);
    rogue
      .as("201")
      .request("REGISTER", `sip:${DOMAIN}`, ["Contact: <sip:201@10.222.237.21:5060>;expires=0"], "x", 1, false);
    rogue.as("201").request("REGISTER", `sip:${DOMAIN}`, ["Contact: <sip:201@10.222.237.21:5060>"], "y", 1, false);
    site.run(100);
    expect(contactsOf(site)).toEqual([PHONE.address]);
  });
});

describe("with emergency calls", () => {
  it("a refusal that has nothing to do with channels ends nobody's call", () => {
    const { site, gateway, phone, rogue } = office();
    outside(phone);
    site.run(500);
    gateway.answers("INVITE", { status: 420 });
    for (let call = 0; call < 3; call++) rogue.invite(`sip:112@${DOMAIN}`);
    site.run(2_000);
    expect([count(phone, "BYE"), count(gateway, "BYE")]).toEqual([0, 0]);
  });

  it("one caller ends one call in half a minute", () => {
    const { site, gateway, phone, other, rogue } = office();
    outside(phone);
    outside(other);
    site.run(500);
    for (let call = 0; call < 3; call++) {
      rogue.invite(`sip:112@${DOMAIN}`);
      site.run(2_000);
    }
    expect(count(gateway, "BYE")).toBe(1);
  });

  it("nobody takes the channel that has been freed for one", () => {
    const { site, gateway, phone, other, rogue } = office("[{uri: sip:10.10.1.3, channels: 1}]");
    outside(phone);
    site.run(500);
    other.invite(`sip:112@${DOMAIN}`);
    site.run(100);
    outside(rogue);
    site.run(1_000);
    expect([finals(rogue), finals(other)]).toEqual([[480], [200]]);
    other.inDialog("BYE", other.got(200, "INVITE"), 2);
    site.run(100);
    outside(rogue);
    site.run(500);
    expect(finals(rogue)).toEqual([480, 200]);
    expect(count(gateway, "BYE")).toBe(2);
  });

  it("cancelled while it waits, it holds no channel", () => {
    const { site, phone, other } = office("[{uri: sip:10.10.1.3, channels: 1}]");
    outside(phone);
    site.run(500);
    const invite = other.invite(`sip:112@${DOMAIN}`);
    site.run(100);
    other.cancel(invite);
    site.run(1_000);
    outside(other);
    site.run(500);
    expect(finals(other).filter((status) => status === 200)).toHaveLength(2); // the CANCEL's and the call's
  });

  it("who hangs up before anybody is reached isn't called back", () => {
    const { site, gateway, rogue } = office();
    gateway.answers("INVITE", { status: 100 });
    const invite = rogue.invite(`sip:112@${DOMAIN}`);
    site.run(100);
    rogue.cancel(invite);
    site.run(500);
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(500);
    expect(count(rogue, "INVITE")).toBe(0);
  });

  it("a phone that is called back and declines doesn't decline for the others", () => {
    const { site, gateway, phone, rogue } = office();
    rogue.invite(`sip:112@${DOMAIN}`);
    site.run(500);
    rogue.inDialog("BYE", rogue.got(200, "INVITE"), 2);
    rogue.answers("INVITE", { status: 603 });
    phone.answers("INVITE", { status: 180 }, { status: 200, after_ms: 1_000 });
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(2_000);
    expect(count(rogue, "INVITE")).toBe(1);
    expect(finals(gateway)).toContain(200);
  });

  it("however many names one phone gives itself, it is called back once", () => {
    const { site, gateway, rogue } = office();
    for (let call = 0; call < 30; call++) rogue.as(`name${call}`).invite(`sip:112@${DOMAIN}`);
    site.run(1_000);
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(200);
    expect(rogue.requests("INVITE").map(({ message }) => requestUriOf(message))).toHaveLength(1);
  });
});

describe("with channels", () => {
  it("a BYE to oneself frees none", () => {
    const { site, phone, other, rogue } = office("[{uri: sip:10.10.1.3, channels: 1}]");
    outside(rogue);
    site.run(500);
    const answer = rogue.got(200, "INVITE");
    const turned = new Map(answer.headers).set("contact", [`<sip:me@${ROGUE.address}:5060>`]);
    rogue.inDialog("BYE", { ...answer, headers: turned }, 2);
    site.run(500);
    outside(phone);
    site.run(500);
    expect(finals(phone)).toEqual([480]);
    rogue.inDialog("BYE", answer, 3);
    site.run(500);
    outside(other);
    site.run(500);
    expect(finals(other)).toEqual([200]);
  });

  it("a count that is wrong doesn't keep an emergency call away", () => {
    const { site, gateway, phone, other, rogue } = office("[{uri: sip:10.10.1.3, channels: 1}]", '["112"]');
    outside(rogue);
    site.run(500); // its BYE goes to the gateway directly, and is never seen here
    other.invite(`sip:112@${DOMAIN}`);
    site.run(500);
    expect(finals(other)).toEqual([200]);
    expect(count(gateway, "INVITE")).toBe(2);
    outside(phone);
    site.run(500);
    expect(finals(phone)).toEqual([480]);
  });
});
