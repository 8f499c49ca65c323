/** Emergency calls where something is odd: challenges, early dialogs, preloaded routes, gateways that die half-way. */
import { describe, expect, it } from "vitest";
import { header, headers, requestUriOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../support/site.ts";

const SECOND = { address: "10.10.1.4", port: 5060 };
const URI = "sip:112@pbx.example.com";
const TALK = { status: 200, after_ms: 20 };

function office(yaml = SITE_YAML, emergency = '["112"]') {
  const site = new Site(`${yaml}emergency: ${emergency}\n`);
  const pbx = site.actor("pbx", PBX, WAN).answers("INVITE", TALK).answers("REGISTER", { status: 200 });
  const gateway = site.actor("gateway", GATEWAY).answers("INVITE", TALK);
  const second = site.actor("second", SECOND).answers("INVITE", TALK);
  const phone = site.actor("201", PHONE);
  const other = site.actor("202", PHONE_2);
  site.actor("203", PHONE_3);
  site.run(500);
  return { site, pbx, gateway, second, phone, other };
}

const finals = (actor: Actor) =>
  actor.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);

describe("upstream as the fallback", () => {
  it("its challenge reaches the phone, which couldn't follow it otherwise", () => {
    const { site, pbx, gateway, phone } = office();
    gateway.answers("INVITE", { status: 503 });
    pbx.answers("INVITE", { status: 407, extra: ['Proxy-Authenticate: Digest realm="x", nonce="y"'] });
    phone.invite(URI);
    site.run(500);
    expect(finals(phone)).toEqual([407]);
    expect(requestUriOf(pbx.seen("INVITE"))).toBe(URI);
  });

  it("where the file names none, it is the domain that was called", () => {
    const { site, pbx, gateway, phone } = office(SITE_YAML.replace(/upstream.*\n/, ""));
    site.names.set("pbx.example.com", [{ host: PBX.address, port: 5060 } as never]);
    gateway.answers("INVITE", { status: 503 });
    phone.invite("sip:112@198.51.100.10");
    site.run(500);
    expect(requestUriOf(pbx.seen("INVITE"))).toBe("sip:112@198.51.100.10");
    expect(finals(phone)).toEqual([200]);
  });
});

describe("the gateway", () => {
  it("doesn't get the Route that the phone has preloaded for its PBX", () => {
    const { site, gateway, phone } = office();
    phone.invite(URI, [`Route: <sip:${LAN.address};lr>, <sip:pbx.example.com;lr>`]);
    site.run(500);
    expect(headers(gateway.seen("INVITE"), "route")).toEqual([]);
    expect(finals(phone)).toEqual([200]);
  });

  it("says 100 and dies: the next one gets the call as soon as that is known", () => {
    const two = SITE_YAML.replace("[sip:10.10.1.3]", "[sip:10.10.1.3, {uri: sip:10.10.1.4, priority: 2}]");
    const { site, gateway, second, phone } = office(`${two}gateway_probe: {interval: 5s}\n`);
    gateway.answers("INVITE", { status: 100 });
    phone.invite(URI);
    site.run(100);
    site.simulation.silence(GATEWAY);
    site.run(8_000);
    expect(second.requests("INVITE")).toHaveLength(1);
    expect(finals(phone)).toEqual([200]);
  });
});

describe("making room", () => {
  it("requests before the answer count for the BYE's CSeq", () => {
    const one = SITE_YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, channels: 1}]");
    const { site, gateway, phone, other } = office(one, '{numbers: ["112"], preempt: true}');
    gateway.answers("PRACK", { status: 200 });
    gateway.answers("INVITE", { status: 183 }, { status: 200, after_ms: 300 });
    phone.invite("sip:5551234@10.10.1.3");
    site.run(100);
    phone.inDialog("PRACK", phone.got(183), 2);
    phone.inDialog("PRACK", phone.got(183), 3);
    site.run(500);
    gateway.answers("INVITE", TALK);
    other.invite(URI);
    site.run(1_000);
    expect(header(gateway.seen("BYE"), "cseq")).toBe("4 BYE");
    expect(finals(other)).toEqual([200]);
  });
});

it("a call from the PSTN to an extension whose binding has expired rings the default group", () => {
  const { site, pbx, gateway, phone } = office();
  pbx.answers("REGISTER", { status: 200, extra: ["Expires: 60"] });
  phone.as("7001").request("REGISTER", "sip:pbx.example.com", ["Expires: 60"]);
  site.run(120_000);
  gateway.invite("sip:7001@10.222.237.1");
  site.run(500);
  expect(phone.requests("INVITE").map(({ message }) => requestUriOf(message))).toEqual(["sip:201@10.222.237.21"]);
});
