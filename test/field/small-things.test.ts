/** Small things that take trunks out of service: OPTIONS without hops left, NUL behind messages, 100rel in an outage. */
import { describe, expect, it } from "vitest";
import { write } from "../sip/build.ts";
import { statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import type { Address } from "../support/simulation.ts";
import { GATEWAY, LAN, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const statuses = (actor: Actor) => actor.received.map(({ message }) => statusOf(message)).filter((one) => one > 0);

function dark(more = "") {
  const site = new Site(`${SITE_YAML}${more}`);
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", { status: 200, after_ms: 100 });
  const phone = site.actor("201", PHONE);
  site.simulation.silence(PBX);
  site.run(60_000);
  return { site, gateway, phone };
}

describe("OPTIONS to us with Max-Forwards: 0", () => {
  it.each([
    ["a gateway", GATEWAY, LAN],
    ["upstream", PBX, WAN],
    ["a phone", PHONE, LAN],
  ])("of %s: 200, upstream alive, silent or forced down", (_, at: Address, us: Address) => {
    for (const state of ["up", "silent", "forced"]) {
      const site = new Site();
      const asking = site.actor("asking", at, us);
      if (at !== PBX) site.actor("pbx", PBX, WAN);
      if (state === "silent" && at !== PBX) site.simulation.silence(PBX);
      site.run(60_000);
      if (state === "forced") site.peers.force("down", site.simulation.now_ms);
      asking.received.length = 0;
      for (const user of ["", "ping@"]) {
        asking.send(
          write(`OPTIONS sip:${user}${us.address}:5060 SIP/2.0`, [
            `Via: SIP/2.0/UDP ${asking.hostPort};branch=z9hG4bK-${state}${user};rport`,
            "Max-Forwards: 0",
            `From: <sip:asking@${at.address}>;tag=1`,
            `To: <sip:${us.address}>`,
            `Call-ID: hops-${user}`,
            "CSeq: 1 OPTIONS",
          ]),
        );
      }
      site.run(500);
      expect([state, ...statuses(asking)]).toEqual([state, 200, 200]);
    }
  });
});

describe("NUL in datagrams", () => {
  it.each(["\0", "\0\0\0\0", "\r\n\0"])("behind a message it is nothing, and alone it gets no answer: %j", (end) => {
    const site = new Site();
    const phone = site.actor("201", PHONE);
    site.actor("pbx", PBX, WAN).answers("MESSAGE", { status: 200 });
    site.run(100);
    phone.send(end);
    site.run(500);
    expect(phone.received).toEqual([]);
    const message = write("MESSAGE sip:202@pbx.example.com SIP/2.0", [
      `Via: SIP/2.0/UDP ${phone.hostPort};branch=z9hG4bK-nul;rport`,
      "Max-Forwards: 70",
      "From: <sip:201@pbx.example.com>;tag=1",
      "To: <sip:202@pbx.example.com>",
      "Call-ID: nul",
      "CSeq: 1 MESSAGE",
    ]);
    phone.send(message + end);
    site.run(500);
    expect(statuses(phone)).toEqual([200]);
  });
});

describe("a call that requires 100rel, in an outage", () => {
  it.each([
    ["302", [100, 302]],
    ["380", [100, 380]],
    ["relay", [100, 200]],
    ["auto", [100, 302]],
  ])("answer: %s sends no provisional response but 100", (answer, expected) => {
    const { site, phone } = dark(`survival: {answer: ${answer}}\n`);
    phone.invite("sip:5551234@pbx.example.com", ["Require: 100rel"]);
    site.run(5_000);
    expect(statuses(phone)).toEqual(expected);
  });

  it("an emergency call neither", () => {
    const { site, phone } = dark('emergency: ["112"]\n');
    phone.invite("sip:112@pbx.example.com", ["Require: 100rel"]);
    site.run(5_000);
    expect(statuses(phone)).toEqual([100, 200]);
  });
});
