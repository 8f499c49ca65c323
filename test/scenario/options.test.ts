/** OPTIONS to us: what its 200 says (RFC 3261 §11.2), and that it comes whatever Max-Forwards is left (§16.3 item 3). */
import { describe, expect, it } from "vitest";
import { header, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, LAN, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

interface Cast {
  readonly site: Site;
  readonly phone: Actor;
  readonly gateway: Actor;
  readonly pbx: Actor;
}

function cast(yaml = SITE_YAML): Cast {
  const site = new Site(yaml);
  const phone = site.actor("phone", PHONE, LAN);
  const gateway = site.actor("gateway", GATEWAY, LAN);
  const pbx = site.actor("pbx", PBX, WAN);
  site.run(100);
  return { site, phone, gateway, pbx };
}

/** What the answers to an OPTIONS with no hop left say. */
function askWithoutHops(
  { site, phone }: Cast,
  uri: string,
  extra: readonly string[] = [],
  method = "OPTIONS",
): number[] {
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${phone.hostPort};branch=z9hG4bKhops;rport`,
    "Max-Forwards: 0",
    "From: <sip:a@b.example>;tag=1",
    "To: <sip:b@b.example>",
    "Call-ID: hops",
    `CSeq: 1 ${method}`,
    ...extra,
  ];
  phone.send(`${lines.join("\r\n")}\r\n\r\n`);
  site.run(200);
  return phone.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200);
}

describe("RFC 3261 §11.2: the 200 to OPTIONS", () => {
  it("has Accept, Accept-Encoding, Accept-Language and Supported; Allow, since we are a proxy, it has not", () => {
    const { site, phone, gateway, pbx } = cast();
    phone.request("OPTIONS", `sip:${LAN.address}`);
    gateway.request("OPTIONS", `sip:${LAN.address}:5060`);
    pbx.request("OPTIONS", `sip:ping@${WAN.address}`);
    site.run(100);
    for (const actor of [phone, gateway, pbx]) {
      const answer = actor.got(200);
      const fields = ["accept", "accept-encoding", "accept-language", "supported"].map((name) => header(answer, name));
      expect(fields).toEqual(["*/*", "identity", "en", "path"]);
      expect(answer.headers.has("allow")).toBe(false);
      expect(header(answer, "to")).toContain(";tag=");
    }
  });
});

describe("Max-Forwards: 0", () => {
  it.each([
    ["our address", `sip:${LAN.address}`, []],
    ["our address with a port and a user", `sip:ping@${LAN.address}:5060`, []],
    ["our address on the other side", `sip:${WAN.address}`, []],
    ["our address in Route too", `sip:${LAN.address}`, [`Route: <sip:${LAN.address};lr>`]],
    ["both our addresses in Route", `sip:${LAN.address}`, [`Route: <sip:${LAN.address};lr>, <sip:${WAN.address};lr>`]],
    ["upstream's name, but we are the only Route", "sip:pbx.example.com", [`Route: <sip:${LAN.address};lr>`]],
  ])("OPTIONS to %s gets 200", (_, uri, extra) => {
    const one = cast();
    expect(askWithoutHops(one, uri, extra)).toEqual([200]);
    expect(header(one.phone.got(200), "accept")).toBe("*/*");
  });

  it("OPTIONS to the name that we are advertised as gets 200", () => {
    const listen = "[udp:10.222.237.1:5060, {address: udp:203.0.113.2:5060, advertise: branch.example.com}]";
    const yaml = SITE_YAML.replace(/listen: .*/, `listen: ${listen}`);
    expect(askWithoutHops(cast(yaml), "sip:branch.example.com")).toEqual([200]);
  });

  it.each([
    ["OPTIONS to upstream", "OPTIONS", "sip:pbx.example.com", []],
    ["OPTIONS behind a Route of others", "OPTIONS", `sip:${LAN.address}`, ["Route: <sip:198.51.100.10;lr>"]],
    ["OPTIONS to a phone", "OPTIONS", "sip:201@10.222.237.21", []],
    ["INVITE to our address", "INVITE", `sip:5551234@${LAN.address}`, []],
    ["MESSAGE through us alone", "MESSAGE", "sip:202@pbx.example.com", [`Route: <sip:${LAN.address};lr>`]],
  ])("%s gets 483, and nobody sees it", (_, method, uri, extra) => {
    const one = cast();
    expect(askWithoutHops(one, uri, extra, method)).toEqual([483]);
    expect(one.pbx.requests(method).filter(({ message }) => header(message, "call-id") === "hops")).toEqual([]);
  });

  it("what we don't know is refused in it as in any other", () => {
    expect(askWithoutHops(cast(), `sip:${LAN.address}`, ["Proxy-Require: foo"])).toEqual([420]);
  });
});
