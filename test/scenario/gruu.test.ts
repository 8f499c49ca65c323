/** A phone that has a GRUU from its registrar (RFC 5627) gives it as its Contact: calls must live without the registrar. */
import { describe, expect, it } from "vitest";
import { header, requestUriOf, type SipText, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const DOMAIN = "pbx.example.com";
const INSTANCE = "urn:uuid:c5108619-075f-00c5-a938-40101b3b1ce7";
const GRUU = `sip:201@${DOMAIN};gr=${INSTANCE}`;
const ADDRESS = "sip:201@10.222.237.21:5060";

/** 201 has a GRUU, 202 has none; upstream is silent if the test says so. */
function cast(isDark: boolean) {
  const site = new Site(SITE_YAML.replace(/hunt_groups.*\n/, 'hunt_groups: {default: {members: ["201"]}}\n'));
  site.names.set(DOMAIN, [PBX]);
  const phone = site.actor("201", PHONE).answers("INVITE", { status: 200 });
  const other = site.actor("202", PHONE_2).answers("INVITE", { status: 200 });
  const gateway = site.actor("gateway", GATEWAY);
  const pbx = site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
  register(phone, INSTANCE);
  other.request("REGISTER", `sip:${DOMAIN}`);
  site.run(100);
  if (isDark) site.simulation.silence(PBX);
  site.run(60_000);
  pbx.received.length = 0;
  return { site, phone, other, gateway, pbx };
}

function register(phone: Actor, instance: string): void {
  const contact = `Contact: <sip:${phone.name}@${phone.hostPort}>;+sip.instance="<${instance}>"`;
  phone.request("REGISTER", `sip:${DOMAIN}`, [contact], undefined, 1, false);
}

/** The same message as if its sender had given another Contact. */
function withContact(message: SipText, contact: string): SipText {
  return { ...message, headers: new Map([...message.headers, ["contact", [`<${contact}>`]]]) };
}

const targets = (phone: Actor, method: string) => phone.requests(method).map(({ message }) => requestUriOf(message));
const last = (actor: Actor) => statusOf(actor.received.at(-1)?.message as SipText);

describe("a phone's GRUU within a dialog", () => {
  it("in an outage: the callee's requests reach the caller", () => {
    const { site, phone, other, pbx } = cast(true);
    phone.request("INVITE", `sip:202@${DOMAIN}`, [`Contact: <${GRUU}>`], undefined, 1, false);
    site.run(1_000);
    other.inDialogAsCallee("BYE", other.seen("INVITE"), 2);
    site.run(1_000);
    expect(targets(phone, "BYE")).toEqual([ADDRESS]);
    expect(last(other)).toBe(200);
    expect(pbx.requests("BYE")).toEqual([]);
  });

  it("in an outage: the caller's ACK and BYE reach the callee", () => {
    const { site, phone, other, pbx } = cast(true);
    other.acknowledges = false;
    other.invite(`sip:201@${DOMAIN}`);
    site.run(400);
    const ok = withContact(other.got(200, "INVITE"), GRUU);
    other.inDialog("ACK", ok, 1);
    other.inDialog("BYE", ok, 2);
    site.run(1_000);
    expect(targets(phone, "ACK")).toEqual([ADDRESS]);
    expect(targets(phone, "BYE")).toEqual([ADDRESS]);
    expect(last(other)).toBe(200);
    expect(pbx.requests("ACK")).toEqual([]);
  });

  it.each([
    ["lives", false],
    ["is down", true],
  ])("the gateway's ACK and BYE reach the phone that has answered, while upstream %s", (_, isDark) => {
    const { site, phone, gateway, pbx } = cast(isDark);
    gateway.acknowledges = false;
    gateway.invite("sip:5550100@10.222.237.1");
    site.run(400);
    const ok = withContact(gateway.got(200, "INVITE"), GRUU);
    gateway.inDialog("ACK", ok, 1);
    gateway.inDialog("BYE", ok, 2);
    site.run(1_000);
    expect(targets(phone, "ACK")).toEqual([ADDRESS]);
    expect(targets(phone, "BYE")).toEqual([ADDRESS]);
    expect(last(gateway)).toBe(200);
    expect([...pbx.requests("ACK"), ...pbx.requests("BYE")]).toEqual([]);
  });

  it("another instance of the same extension is upstream's to find", () => {
    const { site, phone, other } = cast(true);
    other.acknowledges = false;
    other.invite(`sip:201@${DOMAIN}`);
    site.run(400);
    other.inDialog("BYE", withContact(other.got(200, "INVITE"), `sip:201@${DOMAIN};gr=urn:uuid:other`), 2);
    site.run(1_000);
    expect(phone.requests("BYE")).toEqual([]);
  });

  it("a Route that is left goes first", () => {
    const { site, phone, other, pbx } = cast(false);
    other.acknowledges = false;
    pbx.answers("INVITE", { status: 200, extra: [`Record-Route: <sip:${PBX.address};lr>`] });
    other.invite(`sip:201@${DOMAIN}`);
    site.run(400);
    other.inDialog("BYE", withContact(other.got(200, "INVITE"), GRUU), 2);
    site.run(1_000);
    expect(phone.requests("BYE")).toEqual([]);
    expect(targets(pbx, "BYE")).toEqual([GRUU]);
  });

  it.each([
    ["with a dialog of ours gets through by it", "", 1],
    ["without one gets nowhere", "-forged", 0],
  ])("a stranger %s", (_, callIdEnd, count) => {
    const { site, phone, other } = cast(true);
    other.invite(`sip:201@${DOMAIN}`);
    site.run(400);
    const ok = withContact(other.got(200, "INVITE"), GRUU);
    const headers = new Map([...ok.headers, ["call-id", [header(ok, "call-id") + callIdEnd]]]);
    site.actor("stranger", STRANGER, WAN).inDialog("BYE", { ...ok, headers }, 2);
    site.run(1_000);
    expect(phone.requests("BYE")).toHaveLength(count);
  });
});
