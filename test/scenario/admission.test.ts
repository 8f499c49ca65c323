/** Which messages tell that their sender belongs here: a stranger's connection stays for nothing else. */
import { describe, expect, it } from "vitest";
import { header } from "../sip/message.ts";
import { GATEWAY, PBX, PHONE, Site, STRANGER, WAN } from "../support/site.ts";

function request(uri: string, ...lines: string[]): string {
  const head = [
    `OPTIONS ${uri} SIP/2.0`,
    "Via: SIP/2.0/UDP x.example;branch=z9hG4bKx",
    "From: <sip:a@x.example>;tag=1",
    "To: <sip:b@x.example>",
    "Call-ID: admission",
    "CSeq: 1 OPTIONS",
  ];
  return `${[...head, ...lines].join("\r\n")}\r\n\r\n`;
}

/** What the core says of a message that comes from there. */
function admits(site: Site, wire: string, address: string): boolean {
  const [, listener] = site.listeners;
  if (listener === undefined) throw new Error("the site has no WAN side");
  return site.core.receive(wire, { listener, address, port: 5060 }, site.simulation.now_ms);
}

describe("a message", () => {
  it.each([PHONE, GATEWAY, PBX])(
    "of a phone, the gateway or upstream (%o) is admitted, sound or faulty",
    ({ address }) => {
      const site = new Site();
      site.run(100);
      expect(admits(site, request(`sip:${WAN.address}`), address)).toBe(true);
      expect(admits(site, request(`sip:${WAN.address}`, "no colon"), address)).toBe(true);
    },
  );

  it.each([
    ["a request", request(`sip:${WAN.address}`)],
    ["a request with somebody's Route", request("sip:a@b.example", "Route: <sip:p~forged~mac@203.0.113.2;lr>")],
    ["a faulty request", request(`sip:${WAN.address}`, "no colon")],
    [
      "a response",
      "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 203.0.113.2;branch=z9hG4bKx\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:a>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n",
    ],
    ["what can't be read", "hello\r\n\r\n"],
    ["a keep-alive", "\r\n\r\n"],
    ["NUL", "\0"],
  ])("%s of a stranger isn't", (_, wire) => {
    const site = new Site();
    site.run(100);
    expect(admits(site, wire, STRANGER.address)).toBe(false);
  });

  it("of a stranger that shows the Path of a phone is admitted", () => {
    const site = new Site();
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    phone.request("REGISTER", "sip:pbx.example.com", ["Expires: 300"]);
    site.run(100);
    const path = header(pbx.seen("REGISTER"), "path");
    expect(admits(site, request("sip:phone@10.222.237.21:5060", `Route: ${path}`), STRANGER.address)).toBe(true);
  });
});
