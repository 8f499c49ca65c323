/** What a stranger, a called domain or a rogue phone may try: findings of attacks, each of which once worked. */
import { describe, expect, it } from "vitest";
import { write } from "../sip/build.ts";
import { header, headers, type SipText } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const DOMAIN_MODE = SITE_YAML.replace(/upstream.*\n/, "");

/** A call with upstream; what a far end, or whoever overhears it, has seen. */
function overheard(yaml = SITE_YAML) {
  const site = new Site(yaml);
  const phone = site.actor("phone", PHONE);
  const pbx = site.actor("pbx", PBX, WAN);
  const gateway = site.actor("gateway", GATEWAY);
  const stranger = site.actor("stranger", STRANGER, WAN);
  pbx.answers("INVITE", { status: 200 });
  phone.invite("sip:5551234@pbx.example.com");
  site.run(200);
  return { site, phone, pbx, gateway, stranger, invite: pbx.seen("INVITE") };
}

/** A request within the overheard dialog, with a Route and a Request-URI of one's own. */
function inDialog(actor: Actor, method: string, uri: string, invite: SipText, more: readonly string[] = []): void {
  const token = headers(invite, "record-route")[0] ?? "";
  const lines = [
    `Via: SIP/2.0/UDP ${actor.hostPort};branch=z9hG4bK${method}${more.length}${uri.length};rport`,
    "Max-Forwards: 70",
    `Route: ${[token, ...more].join(", ")}`,
    "From: <sip:a@b>;tag=2",
    "To: <sip:c@d>;tag=1",
    `Call-ID: ${header(invite, "call-id")}`,
    `CSeq: 7 ${method}`,
  ];
  actor.send(write(`${method} ${uri} SIP/2.0`, lines));
}

const reached = (gateway: Actor) =>
  ["INVITE", "INFO", "ACK", "REFER"].flatMap((method) => gateway.requests(method)).length;

describe("a stranger with an overheard dialog token", () => {
  it.each([["10.10.1.3"], ["10.10.259"], ["168427779"], ["10.010.1.3"], ["0x0a.10.1.3"], ["gw.evil.example"]])(
    "doesn't reach the gateway as %s",
    (host) => {
      const { site, gateway, stranger, invite } = overheard();
      for (const name of ["gw.evil.example", "10.10.259", "168427779", "10.010.1.3", "0x0a.10.1.3"]) {
        site.names.set(name, [GATEWAY]);
      }
      for (const method of ["INVITE", "INFO", "REFER", "ACK"]) inDialog(stranger, method, `sip:0900@${host}`, invite);
      site.run(5_000);
      expect(reached(gateway)).toBe(0);
    },
  );

  it("can't go round through our own address and pass for a phone", () => {
    const { site, gateway, stranger, invite } = overheard();
    const round = [`<sip:a@${LAN.address}:5061;lr>`, "<sip:10.10.1.3;lr>"];
    inDialog(stranger, "INVITE", "sip:0900@10.10.1.3", invite, round);
    const wire = write("INVITE sip:0900@10.10.1.3 SIP/2.0", [
      `Via: SIP/2.0/UDP ${LAN.address};branch=z9hG4bKself`,
      "From: <sip:a@b>;tag=1",
      "To: <sip:c@d>",
      "Call-ID: self",
      "CSeq: 1 INVITE",
    ]);
    site.simulation.send(LAN, LAN, wire); // as it would come back to us
    site.run(5_000);
    expect(reached(gateway)).toBe(0);
  });

  it("can't use us as a relay to elsewhere", () => {
    const { site, stranger, invite } = overheard();
    const victim = site.actor("victim", { address: "192.0.2.99", port: 5060 });
    inDialog(stranger, "INFO", "sip:x@192.0.2.99", invite);
    site.run(10_000);
    expect(victim.received).toEqual([]);
  });

  it("can't answer in upstream's place, nor have a response sent to a victim", () => {
    const { site, stranger, invite } = overheard();
    const victim = site.actor("victim", { address: "192.0.2.99", port: 5060 });
    const via = header(invite, "via").replace(/branch=([^.]+)\.[^;]*/, "branch=$1.zz.0");
    const lines = [
      `Via: ${via}`,
      "Via: SIP/2.0/UDP q;received=192.0.2.99;rport=5060;branch=z9hG4bKq",
      "From: <sip:a@b>;tag=1",
      "To: <sip:c@d>;tag=2",
      "Call-ID: reflected",
      "CSeq: 1 INVITE",
    ];
    stranger.send(write("SIP/2.0 200 OK", lines));
    site.run(1_000);
    expect(victim.received).toEqual([]);
  });
});

describe("a domain that a phone has called", () => {
  function called() {
    const site = new Site(
      DOMAIN_MODE.replace("gateways: [sip:10.10.1.3]", "gateways: [sip:10.10.1.3, sip:10.222.237.30]"),
    );
    site.names.set("evil.example", [{ address: "198.51.100.66", port: 5060 }]);
    const phone = site.actor("phone", PHONE);
    const evil = site.actor("evil", { address: "198.51.100.66", port: 5060 }, WAN);
    const gateways = [site.actor("gateway", GATEWAY), site.actor("inside", { address: "10.222.237.30", port: 5060 })];
    phone.invite("sip:1@evil.example");
    site.run(500);
    return { site, evil, gateways };
  }

  it.each([
    ["by Route", "sip:0900@10.222.237.21", ["Route: <sip:10.10.1.3;lr>"]],
    ["by a strict Route", "sip:x@10.222.237.21", ["Route: <sip:0900@10.10.1.3>"]],
    ["to a gateway within localnet", "sip:0900@10.222.237.30", []],
  ])("doesn't reach a gateway %s", (_, uri, extra) => {
    const { site, evil, gateways } = called();
    evil.request("INVITE", uri, extra);
    site.run(2_000);
    expect(gateways.map(reached)).toEqual([0, 0]);
  });
});

describe("a rogue phone", () => {
  it("can't take over another's extension by a registrar of its own", () => {
    const site = new Site();
    const victim = site.actor("201", PHONE);
    const rogue = site.actor("201", PHONE_2);
    site.actor("pbx", PBX, WAN).answers("REGISTER", { status: 200 });
    victim.request("REGISTER", "sip:pbx.example.com");
    site.run(100);
    site.simulation.silence(PBX);
    const accomplice = site.actor("accomplice", { address: "10.222.237.40", port: 5061 });
    accomplice.answers("REGISTER", { status: 200 });
    rogue.request("REGISTER", "sip:pbx.example.com", ["Route: <sip:10.222.237.40:5061;lr>"]);
    site.run(2_000);
    const bindings = site.bindings.find("201@pbx.example.com")?.bindings ?? [];
    expect(bindings.map(({ flow }) => flow.address)).toEqual([PHONE.address]);
  });

  it("can't have a known upstream forgotten by calling domains of its own invention", () => {
    const site = new Site(DOMAIN_MODE);
    site.names.set("pbx.example.com", [PBX]);
    for (let index = 0; index < 200; index++) {
      site.names.set(`d${index}.example`, [{ address: `198.51.100.${index + 20}`, port: 5060 }]);
    }
    site.actor("pbx", PBX, WAN).answers("INVITE", { status: 486 });
    const phone = site.actor("phone", PHONE);
    const rogue = site.actor("rogue", PHONE_2);
    phone.invite("sip:1@pbx.example.com");
    site.run(5_000);
    site.simulation.silence(PBX);
    site.run(30_000);
    for (let index = 0; index < 200; index++) site.at(index, () => rogue.invite(`sip:1@d${index}.example`));
    site.run(1_000);
    phone.invite("sip:2@pbx.example.com");
    site.run(100);
    expect(phone.responses(181)).toHaveLength(1); // at once: that it is down hasn't been forgotten
  });

  it("can't choke us with names that DNS never answers: others are served, and nothing is left", () => {
    const site = new Site();
    const rogue = site.actor("rogue", PHONE_2);
    const phone = site.actor("phone", PHONE);
    site.actor("pbx", PBX, WAN).answers("INVITE", { status: 486 });
    for (let index = 0; index < 3_000; index++) {
      site.at(index, () => inDialogToName(rogue, index));
    }
    site.run(5_000);
    phone.invite("sip:1@pbx.example.com");
    site.run(500);
    expect(phone.responses(486)).toHaveLength(1);
    site.run(120_000);
    expect(site.core.transactions.size).toBeLessThanOrEqual(2);
  });
});

function inDialogToName(actor: Actor, index: number): void {
  const lines = [
    `Via: SIP/2.0/UDP ${actor.hostPort};branch=z9hG4bKname${index};rport`,
    "Max-Forwards: 70",
    "From: <sip:a@b>;tag=2",
    "To: <sip:c@d>;tag=1",
    `Call-ID: name${index}`,
    "CSeq: 7 INFO",
  ];
  actor.send(write(`INFO sip:x@h${index}.invalid SIP/2.0`, lines));
}
