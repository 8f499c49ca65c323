/** Route and Contact lines of others leave octet for octet as they came; only what we take off, add or replace changes. */
import { describe, expect, it } from "vitest";
import { responseText } from "../sip/build.ts";
import { headers } from "../sip/message.ts";
import { GATEWAY, LAN, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const NUMBER = "sip:5551234@pbx.example.com";
const OURS = `<sip:${LAN.address};lr>`;
const A = '"Proxy \\"A\\"" <sip:198.51.100.10;lr;x=1>;y=2';
const B = "<sip:198.51.100.11;lr>";
const C = "<sip:198.51.100.12;lr>";

/** The lines with these names among those of the INVITE that upstream has seen, as they were on the wire. */
function seenLines(sent: readonly string[], name: RegExp): string[] {
  const site = new Site();
  const phone = site.actor("phone", PHONE);
  site.actor("pbx", PBX).answers("INVITE", { status: 486 });
  const lines = [
    `INVITE ${NUMBER} SIP/2.0`,
    `Via: SIP/2.0/UDP ${phone.hostPort};branch=z9hG4bKroutes;rport`,
    "From: <sip:201@pbx.example.com>;tag=1",
    ...sent,
    "To: <sip:5551234@pbx.example.com>",
    "Call-ID: routes",
    "CSeq: 1 INVITE",
    "Max-Forwards: 70",
  ];
  phone.send(`${lines.join("\r\n")}\r\n\r\n`);
  site.run(100);
  const [seen] = site.simulation.sightings.filter(({ to, wire }) => to.address === PBX.address && /^INVITE/.test(wire));
  const [head = ""] = (seen?.wire ?? "").split("\r\n\r\n");
  return head.split(/\r\n(?![ \t])/).filter((line) => name.test(line));
}

describe("Route", () => {
  it.each([
    ["nothing is ours", [`Route: ${A}`, `route:${B} ,${C}`], [`Route: ${A}`, `route:${B} ,${C}`]],
    [
      "the first line is ours",
      [`Route: ${OURS}`, `ROUTE :  ${A}`, `route:${B} ,${C}`],
      [`ROUTE :  ${A}`, `route:${B} ,${C}`],
    ],
    [
      "the first two lines are ours",
      [`Route: ${OURS}`, `Route: ${OURS}`, `Route:\t${A} , ${B}`],
      [`Route:\t${A} , ${B}`],
    ],
    ["a line of which the first value is ours", [`route: ${OURS}, ${A}`, `Route:${B}`], [`route: ${A}`, `Route:${B}`]],
    [
      "a line and a half are ours",
      [`Route: ${OURS}`, `Route: ${OURS} , ${A}`, `Route:${B}`],
      [`Route: ${A}`, `Route:${B}`],
    ],
    [
      "folded lines of others",
      [`Route: ${OURS}`, `Route: ${A},\r\n\t${B}`, `Route: ${C}`],
      [`Route: ${A},\r\n\t${B}`, `Route: ${C}`],
    ],
    ["all are ours", [`Route: ${OURS}, ${OURS}`, `Route: ${OURS}`], []],
    [
      "the same value stands twice",
      [`Route: ${OURS}`, `Route: ${A}`, `Route: ${B}`, `Route: ${A}`],
      [`Route: ${A}`, `Route: ${B}`, `Route: ${A}`],
    ],
  ])("%s", (_, sent, left) => {
    expect(seenLines(sent, /^route/i)).toEqual(left);
  });

  it("behind others' header fields each line keeps its place", () => {
    const sent = [`Route: ${OURS}`, "X-One: 1", `Route: ${A}`, "X-Two: 2", `Route: ${B}`];
    expect(seenLines(sent, /^(route|x-)/i)).toEqual(["X-One: 1", `Route: ${A}`, "X-Two: 2", `Route: ${B}`]);
  });

  it("for a strict router, the first value goes and the target comes behind the others", () => {
    const site = new Site(SITE_YAML.replace(/upstream.*\n/, ""));
    const phone = site.actor("phone", PHONE);
    const strict = site.actor("strict", { address: "198.51.100.20", port: 5060 });
    const routes = [`Route: ${OURS}`, "Route: <sip:198.51.100.20>", `Route: ${A}`, `Route: ${B}`];
    phone.request("MESSAGE", "sip:far@198.51.100.30", routes);
    site.run(200);
    expect(headers(strict.seen("MESSAGE"), "route")).toEqual([A, B, "<sip:far@198.51.100.30>"]);
  });

  it("a gateway gets none that was meant for upstream", () => {
    const site = new Site(`${SITE_YAML}survival: {answer: relay}\n`);
    const phone = site.actor("phone", PHONE);
    const gateway = site.actor("gateway", GATEWAY);
    site.actor("pbx", PBX);
    site.run(100);
    site.simulation.silence(PBX);
    site.run(60_000);
    phone.request("INVITE", NUMBER, ["Route: <sip:198.51.100.10;lr>", "Route: <sip:198.51.100.11;lr>"]);
    site.run(5_000);
    expect(headers(gateway.seen("INVITE"), "route")).toEqual([]);
  });
});

describe("Contact, with registration: contact", () => {
  const YAML = `${SITE_YAML}registration: contact\n`;
  const FOREIGN = '"Mail, box" <mailto:a@b.example>';

  it("in a REGISTER, lines without a SIP URI stay as they came", () => {
    const site = new Site(YAML);
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    const own = "<sip:201@10.222.237.21:5060>;q=0.5";
    const contacts = [`Contact: ${FOREIGN}`, `Contact: ${own}, ${FOREIGN}`];
    phone.request("REGISTER", "sip:pbx.example.com", contacts, undefined, 1, false);
    site.run(50);
    const [first = "", second = "", ...more] = headers(pbx.seen("REGISTER"), "contact");
    expect([first, more]).toEqual([FOREIGN, []]);
    expect(second).toMatch(/^<sip:c~u~[^>]*@203\.0\.113\.2:5060>;q=0\.5, "Mail, box" <mailto:a@b\.example>$/);
  });

  it("in its answer, lines of others stay as they came", () => {
    const site = new Site(YAML);
    const phone = site.actor("phone", PHONE);
    const pbx = site.actor("pbx", PBX, WAN);
    pbx.habits.delete("REGISTER");
    phone.request("REGISTER", "sip:pbx.example.com", ["Contact: <sip:201@10.222.237.21:5060>"], undefined, 1, false);
    site.run(50);
    const register = pbx.seen("REGISTER");
    const [hidden = ""] = headers(register, "contact");
    const grant = ["Contact: <sip:desk@192.0.2.5>;expires=60", `Contact: ${hidden};expires=60`, `Contact: ${FOREIGN}`];
    pbx.send(responseText(register, 200, { extra: grant, toTag: "r" }));
    site.run(50);
    expect(headers(phone.got(200), "contact")).toEqual([
      "<sip:desk@192.0.2.5>;expires=60",
      "<sip:201@10.222.237.21:5060>;expires=60",
      FOREIGN,
    ]);
  });
});
