/** The operator is told who sends what must be refused: once an hour for each address, and never of strangers. */
import { expect, it } from "vitest";
import type { Address } from "../support/simulation.ts";
import { GATEWAY, LAN, PBX, PHONE, PHONE_2, Site, STRANGER } from "../support/site.ts";

const HOUR_ms = 3_600_000;
const LINES = [
  "INVITE sip:5551234@pbx.example.com SIP/2.0",
  "Via: SIP/2.0/UDP 10.222.237.21:5060;branch=z9hG4bKdoor;rport",
  "From: <sip:door@pbx.example.com>;tag=1",
  "To: <sip:5551234@pbx.example.com>",
  "Call-ID: door",
  "CSeq: 1 INVITE",
  "",
  "",
];
const WITH_LF = LINES.join("\n");
const WITH_LF_CURE = "newer firmware: lines must end with CRLF, not LF alone (RFC 3261 section 7)";

const told = (site: Site) =>
  site.events.filter(({ event }) => event === "faulty_sender").map(({ level, fields }) => ({ level, ...fields }));

function send(site: Site, wire: string, at: Address): void {
  site.actor(`${at.address}-${site.simulation.now_ms}`, at, LAN).send(wire);
  site.run(100);
}

it("a door station that ends lines with LF gets 400, and one info line an hour names it with the cure", () => {
  const site = new Site();
  const door = site.actor("door", PHONE, LAN);
  for (let call = 0; call < 3; call++) door.send(WITH_LF);
  site.run(100);
  expect(door.responses(400)).toHaveLength(3);
  const line = { level: "info", from: PHONE.address, answer: 400, why: "lines end with LF alone", cure: WITH_LF_CURE };
  expect(told(site)).toEqual([line]);
  site.run(HOUR_ms - 1_000);
  door.send(WITH_LF);
  site.run(100);
  expect(told(site)).toHaveLength(1);
  site.run(1_000);
  door.send(WITH_LF);
  site.run(100);
  expect(told(site)).toEqual([line, line]);
});

it.each([PHONE_2, GATEWAY, PBX])("each address that belongs here has a line of its own: %o", (at) => {
  const site = new Site();
  site.run(100);
  send(site, WITH_LF, PHONE);
  send(site, WITH_LF, at);
  expect(told(site).map((line) => "from" in line && line["from"])).toEqual([PHONE.address, at.address]);
});

it("another fault is named as the sender was told it", () => {
  const site = new Site();
  send(site, LINES.join("\r\n").replace("CSeq: 1 INVITE", "CSeq: 1 BYE"), PHONE);
  send(site, LINES.join("\r\n").replace("SIP/2.0\r", "SIP/7.0\r"), PHONE_2);
  expect(told(site)).toMatchObject([
    { answer: 400, why: "CSeq names another method" },
    { answer: 505, why: "Version Not Supported" },
  ]);
});

it("neither a stranger nor a sound message has one", () => {
  const site = new Site();
  send(site, WITH_LF, STRANGER);
  send(site, LINES.join("\r\n"), PHONE);
  expect(told(site)).toEqual([]);
});

it("many addresses have few lines: in localnet too they can be forged", () => {
  const site = new Site();
  for (let host = 1; host < 250; host++) {
    site.core.receive(
      WITH_LF,
      { listener: site.listeners[0] as never, address: `10.222.237.${host}`, port: 5060 },
      site.simulation.now_ms,
    );
  }
  expect(told(site)).toHaveLength(10);
});

it("a phone that takes this router for its registrar gets 404, and one line an hour says what to set", () => {
  const site = new Site();
  const phone = site.actor("201", PHONE, LAN);
  for (let attempt = 0; attempt < 2; attempt++) phone.request("REGISTER", `sip:${LAN.address}`);
  phone.request("OPTIONS", `sip:${LAN.address}`);
  phone.request("REGISTER", "sip:pbx.example.com");
  site.run(100);
  expect(phone.responses(404)).toHaveLength(2);
  const why = "a REGISTER for this router's own address or name";
  const cure = "on the phone: domain and registrar are the PBX, and this router is the outbound proxy alone";
  expect(told(site)).toEqual([{ level: "info", from: PHONE.address, answer: 404, why, cure }]);
});
