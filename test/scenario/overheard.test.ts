/** The ids of a call can be overheard: they let nobody end another's call, nor have us send to whom they like. */
import { describe, expect, it } from "vitest";
import { responseText, write } from "../sip/build.ts";
import { header, readSip, type SipText } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const GATEWAY_2 = { address: "10.10.1.4", port: 5060 };
const TWO = SITE_YAML.replace("gateways: [sip:10.10.1.3]", "gateways: [sip:10.10.1.3, sip:10.10.1.4]");

function cast(yaml = TWO) {
  const site = new Site(yaml);
  const ring = { status: 180 };
  const phone = site.actor("201", PHONE).answers("INVITE", ring);
  const other = site.actor("202", PHONE_2).answers("INVITE", ring);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", ring);
  const gateway = site.actor("gateway", GATEWAY);
  const gateway2 = site.actor("gateway2", GATEWAY_2);
  site.run(100);
  return { site, phone, other, pbx, gateway, gateway2 };
}

/** The CANCEL of whoever has seen this INVITE, with another top Via where one is given. */
function cancelOf(invite: SipText, via = header(invite, "via")): string {
  const lines = ["from", "to", "call-id"].map((name) => `${name}: ${header(invite, name)}`);
  const more = [`Via: ${via}`, "Max-Forwards: 70", ...lines, "CSeq: 1 CANCEL"];
  return write(invite.startLine.replace("INVITE", "CANCEL"), more);
}

const cancels = (...actors: Actor[]) => actors.map((actor) => actor.requests("CANCEL").length);

describe("a CANCEL counts from where its INVITE came from", () => {
  it.each([
    ["with the INVITE's own Via", undefined],
    ["with a Via of its own", "SIP/2.0/UDP 10.222.237.22:5060;branch=z9hG4bKown;rport"],
    ["with a branch of RFC 2543", "SIP/2.0/UDP 10.222.237.22:5060;branch=1"],
  ])("another phone's %s gets 481, and nobody hears of it", (_, via) => {
    const { site, phone, other, pbx } = cast();
    const invite = phone.invite(NUMBER);
    site.run(500);
    other.send(cancelOf(invite, via));
    site.run(5_000);
    expect(cancels(pbx)).toEqual([0]);
    expect(other.responses(481, "CANCEL")).toHaveLength(1);
    expect([phone.responses(487), phone.responses(180)].map(({ length }) => length)).toEqual([0, 1]);
    phone.cancel(invite);
    site.run(500);
    expect([cancels(pbx), phone.responses(487, "INVITE").length]).toEqual([[1], 1]);
  });

  it("the callee's own doesn't: it has seen the INVITE", () => {
    const { site, phone, pbx } = cast();
    const invite = phone.invite(NUMBER);
    site.run(500);
    pbx.send(cancelOf(invite));
    site.run(500);
    expect(phone.responses(487)).toEqual([]);
  });

  it("from any port and connection of that address it does", () => {
    const { site, phone, pbx } = cast();
    const invite = phone.invite(NUMBER);
    site.run(500);
    site.simulation.send({ address: PHONE.address, port: 61_000 }, LAN, cancelOf(invite));
    site.run(500);
    expect([cancels(pbx), phone.responses(487, "INVITE").length]).toEqual([[1], 1]);
  });

  it("one gateway can't end another's call", () => {
    const { site, phone, gateway, gateway2 } = cast();
    const invite = gateway.invite("sip:5550100@10.222.237.1");
    site.run(500);
    gateway2.send(cancelOf(invite));
    site.run(500);
    expect([cancels(phone), gateway2.responses(481, "CANCEL").length]).toEqual([[0], 1]);
    gateway.cancel(invite);
    site.run(500);
    expect(cancels(phone)).toEqual([1]);
  });

  it("any address of one upstream may, another upstream may not", () => {
    const yaml = SITE_YAML.replace("sip:198.51.100.10", '["sip:pbx.example.com", "sip:198.51.100.40"]');
    const site = new Site(yaml);
    const addresses = ["198.51.100.11", "198.51.100.12"].map((address) => ({ address, port: 5060 }));
    site.names.set("pbx.example.com", addresses);
    const [first, second] = addresses.map((at, index) => site.actor(`pbx${index}`, at, WAN));
    const third = site.actor("third", { address: "198.51.100.40", port: 5060 }, WAN);
    const phone = site.actor("201", PHONE).answers("INVITE", { status: 180 });
    site.run(500);
    const invite = first?.invite("sip:201@10.222.237.21");
    site.run(500);
    if (invite === undefined) throw new Error("no INVITE");
    third.send(cancelOf(invite));
    site.run(500);
    expect([cancels(phone), third.responses(481).length]).toEqual([[0], 1]);
    second?.send(cancelOf(invite));
    site.run(500);
    expect(cancels(phone)).toEqual([1]);
  });

  it("for an INVITE from before a restart it is passed on, as §16.10 wants", () => {
    const { site, phone, pbx } = cast();
    const unknown = readSip(
      write("INVITE sip:5551234@pbx.example.com SIP/2.0", [
        "Via: SIP/2.0/UDP 10.222.237.21:5060;branch=z9hG4bKbefore;rport",
        "From: <sip:201@pbx.example.com>;tag=1",
        `To: <${NUMBER}>`,
        "Call-ID: before",
        "CSeq: 1 INVITE",
      ]),
    );
    phone.send(cancelOf(unknown));
    site.run(500);
    expect(cancels(pbx)).toEqual([1]);
  });
});

describe("a response that belongs to nothing", () => {
  /** A response to what an earlier life of ours has sent, whose next Via is `next`. */
  function late(next: string, after_ms = 0, from = PHONE_2) {
    const before = cast();
    before.phone.invite(NUMBER);
    before.site.run(500);
    const site = new Site(SITE_YAML, { seed: 2 });
    site.actor("gateway", GATEWAY);
    const other = site.actor("202", from);
    site.run(100 + after_ms);
    const ringing = readSip(responseText(before.pbx.seen("INVITE"), 180, { toTag: "x" }));
    const [own] = before.pbx.seen("INVITE").headers.get("via") ?? [];
    const lines = ["from", "to", "call-id"].map((name) => `${name}: ${header(ringing, name)}`);
    const wire = write("SIP/2.0 180 Ringing", [`Via: ${own}`, `Via: ${next}`, ...lines, "CSeq: 1 INVITE"]);
    const mark = site.simulation.sightings.length;
    other.send(wire, WAN);
    site.run(500);
    return site.simulation.sightings
      .slice(mark + 1)
      .filter((one) => one.wire.startsWith("SIP/2.0 180"))
      .map(({ to }) => to.address);
  }

  it.each([
    ["sent-by", "SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bKx"],
    ["received", "SIP/2.0/UDP 10.222.237.21:5060;received=192.0.2.66;branch=z9hG4bKx"],
    ["received and rport", "SIP/2.0/UDP 10.222.237.21;received=192.0.2.66;rport=53;branch=z9hG4bKx"],
    ["maddr", "SIP/2.0/UDP 10.222.237.21:5060;maddr=192.0.2.66;branch=z9hG4bKx"],
    ["a name", "SIP/2.0/UDP victim.example.net:5060;branch=z9hG4bKx"],
    ["IPv6", "SIP/2.0/UDP [2001:db8::66]:5060;branch=z9hG4bKx"],
    ["TCP", "SIP/2.0/TCP 192.0.2.66:25;branch=z9hG4bKx"],
    ["the loopback address", "SIP/2.0/UDP 127.0.0.1:53;branch=z9hG4bKx"],
  ])("goes to nobody who doesn't belong here: %s", (_, via) => {
    expect(late(via)).toEqual([]);
  });

  it("goes to a phone for as long as a call of an earlier life may ring, and no longer", () => {
    const via = "SIP/2.0/UDP 10.222.237.21:5060;rport=5060;received=10.222.237.21;branch=z9hG4bKx";
    expect(late(via, 170_000)).toEqual([PHONE.address]);
    expect(late(via, 182_000)).toEqual([]);
  });

  it("from a stranger goes nowhere at all", () => {
    expect(late("SIP/2.0/UDP 10.222.237.21:5060;branch=z9hG4bKx", 0, STRANGER)).toEqual([]);
  });
});
