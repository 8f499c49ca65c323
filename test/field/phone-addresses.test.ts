/** A phone's own address in the Request-URI: that phone, another one, a number, or nobody any more. */
import { describe, expect, it } from "vitest";
import { header, uriIn } from "../sip/message.ts";
import { DOMAIN, Office, type OfficeSettings } from "./office.ts";

const REPLACES = ["Replaces: 99@x;to-tag=a;from-tag=b"];
const REFERRED = [`Referred-By: <sip:201@${DOMAIN}>`];
const CONTACTS = [undefined, "<sip:k3f9@192.0.2.22:5060;line=x>", undefined] as const;

/** In an outage; 202's Contact has a user of its own. */
const dark = (settings: OfficeSettings = {}) => new Office({ isDark: true, contacts: CONTACTS, ...settings });

const YAMLS = ["", ...["relay", "380", "auto"].map((answer) => `survival: {answer: ${answer}}\n`)];
const FORMS: readonly [string, readonly string[]][] = [
  ["sip:202@192.0.2.22:5060;line=x", REPLACES],
  ["sip:k3f9@192.0.2.22:5060", []],
  ["sip:k3f9@192.0.2.22", []],
  ["sip:k3f9@192.0.2.22:5060;line=x", REPLACES],
  ["sip:%6b3f9@192.0.2.22", REPLACES],
  ["sip:202@192.0.2.22", []],
  ["sip:192.0.2.22", []],
  ["sip:202@192.0.2.22;transport=udp", ["Route: <sip:192.0.2.1;lr>"]],
];

describe.each(YAMLS)("in an outage, file with %o", (yaml) => {
  it.each(FORMS)("201 calls %s: that phone rings, and no gateway", (uri, extra) => {
    const { reached, uris, status } = ((office) => office.ask(office.caller, "INVITE", uri, extra))(dark({ yaml }));
    expect([status, reached, uris]).toEqual([200, ["202"], ["sip:k3f9@192.0.2.22:5060;line=x"]]);
  });

  it.each([
    ["sip:202@192.0.2.23:5060", [], "an extension at the address of a phone that has forwarded it"],
    ["sip:202@192.0.2.99", [], "an extension at an address where no phone is"],
    ["sip:202@192.0.2.21", [], "an extension at the caller's own address"],
    ["sip:202@192.0.2.99", REPLACES, "an extension that has moved"],
  ])("201 calls %s, %j: %s rings", (uri, extra) => {
    const office = dark({ yaml });
    const { reached, status } = office.ask(office.caller, "INVITE", uri, extra);
    expect([status, reached]).toEqual([200, ["202"]]);
  });

  it.each([
    ["sip:0179111@192.0.2.22", REPLACES],
    ["sip:k3f9@192.0.2.23", []],
    ["sip:k3f9@192.0.2.99:5060", REPLACES],
    ["sip:x-y.z@192.0.2.22;line=q", []],
  ])("201 calls %s, %j, that is nowhere any more: 404", (uri, extra) => {
    const office = dark({ yaml });
    const { reached, status } = office.ask(office.caller, "INVITE", uri, extra);
    expect([status, reached]).toEqual([404, []]);
  });

  it.each([
    ["sip:0179111@192.0.2.21", []],
    ["sip:0179111@192.0.2.21:5060;user=phone", REPLACES],
    ["sip:0179-111@192.0.2.22", []],
    ["sip:%30179111@192.0.2.99", []],
  ])("201 calls %s, %j: a number of the PSTN", (uri, extra) => {
    const office = dark({ yaml });
    const { status, reached } = office.ask(office.caller, "INVITE", uri, extra);
    if (yaml.includes("relay")) return expect(reached).toEqual(["gateway"]);
    expect([302, 380]).toContain(status);
    return expect(uriIn(header(office.caller.got(status), "contact"))).toBe("sip:0179111@192.0.2.3");
  });

  it.each(["sip:112@192.0.2.22", "sip:112@192.0.2.21:5060", "sip:112@192.0.2.99;user=phone", "sip:11%32@192.0.2.23"])(
    "201 calls %s: an emergency number goes to a gateway whatever the host",
    (uri) => {
      const office = dark({ yaml: `${yaml}emergency: {numbers: ["112"]}\n` });
      expect(office.ask(office.caller, "INVITE", uri, REPLACES)).toMatchObject({ reached: ["gateway"] });
    },
  );
});

describe("several phones behind one address", () => {
  /** Both of 202 and 203 at .22, behind a NAT that keeps their ports, with the same user in their Contacts. */
  const shared = (isDark = true) =>
    new Office({ isDark, contacts: [undefined, "<sip:line1@192.0.2.50:5060>", "<sip:line1@192.0.2.50:5070>"] });

  it.each([
    ["sip:line1@192.0.2.50:5060", "202"],
    ["sip:line1@192.0.2.50:5070", "203"],
    ["sip:line1@192.0.2.50", "202"],
    ["sip:line1@192.0.2.22:5060", "202"],
  ])("the port tells them apart: %s is %s", (uri, name) => {
    const office = shared();
    expect(office.ask(office.caller, "INVITE", uri).reached).toEqual([name]);
  });
});

const INBOUND = ["", "inbound: upstream-first\n"];
describe.each(INBOUND)("the gateway follows an attended transfer to a phone, file with %o", (yaml) => {
  const groups = "hunt_groups: {default: {members: [201, 202, 203]}}\n";
  const office = (isDark: boolean) => new Office({ isDark, contacts: CONTACTS, yaml: `${groups}${yaml}` });

  it.each([
    ["sip:k3f9@192.0.2.22:5060", REPLACES],
    ["sip:k3f9@192.0.2.22:5060;line=x", REFERRED],
    ["sip:k3f9@192.0.2.22", []],
    ["sip:202@192.0.2.22:5060", REPLACES],
    ["sip:%6B3f9@192.0.2.22", REPLACES],
  ])("%s, %j: that phone alone, upstream up or down", (uri, extra) => {
    for (const isDark of [false, true]) {
      const all = office(isDark);
      const { status, reached } = all.ask(all.gateway, "INVITE", uri, extra);
      expect([status, reached]).toEqual([200, ["202"]]);
    }
  });

  it.each([
    ["sip:k3f9@192.0.2.23:5060", REPLACES],
    ["sip:k3f9@192.0.2.23:5060", []],
    ["sip:5550100@192.0.2.22", REPLACES],
    ["sip:gone@192.0.2.99", REFERRED],
  ])("%s, %j, that is nowhere any more: 404, and nobody rings", (uri, extra) => {
    for (const isDark of [false, true]) {
      const all = office(isDark);
      expect(all.ask(all.gateway, "INVITE", uri, extra)).toMatchObject({ status: 404, reached: [] });
    }
  });

  it("to a call without Replaces that names a number, the group still answers", () => {
    const all = office(true);
    expect(all.ask(all.gateway, "INVITE", "sip:5550100@192.0.2.22").reached).toEqual(["201", "202", "203"]);
  });
});

describe.each(INBOUND)("the gateway follows a transfer to a number of upstream's, file with %o", (yaml) => {
  const groups = 'hunt_groups: {default: {members: [201, 203]}, "5550100": {members: [203]}}\n';
  const office = (isDark: boolean, hasUpstream = true) => new Office({ isDark, hasUpstream, yaml: `${groups}${yaml}` });
  const TO_300 = [
    "sip:300@pbx.example.com",
    "sip:300@198.51.100.10",
    "sips:300@PBX.example.com.",
    "sip:300@192.0.2.1",
    "tel:300",
  ];

  it.each(TO_300.filter((uri) => !uri.startsWith("sips")))("%s: upstream; in an outage 480, and no gateway", (uri) => {
    for (const extra of [REPLACES, REFERRED]) {
      const up = office(false);
      expect(up.ask(up.gateway, "INVITE", uri, extra)).toMatchObject({ status: 200, reached: ["pbx"] });
      expect(up.pbx.requests("INVITE")[0]?.message.startLine).toMatch(/^INVITE sip:300@(pbx\.example\.com|198)/);
      const down = office(true);
      expect(down.ask(down.gateway, "INVITE", uri, extra)).toMatchObject({ status: 480, reached: [] });
    }
  });

  it.each(["sip:202@pbx.example.com", "sip:202@198.51.100.10:5060", "sip:202@192.0.2.1", "tel:202"])(
    "%s in an outage: extension 202 alone",
    (uri) => {
      const down = office(true);
      expect(down.ask(down.gateway, "INVITE", uri, REFERRED)).toMatchObject({ status: 200, reached: ["202"] });
    },
  );

  it("in a file without upstream it goes to the phones' domain", () => {
    const up = office(false, false);
    expect(up.ask(up.gateway, "INVITE", "sip:300@pbx.example.com", REFERRED)).toMatchObject({
      status: 200,
      reached: ["pbx"],
    });
  });

  it("the host alone decides nothing: the group rings", () => {
    const down = office(true);
    expect(down.ask(down.gateway, "INVITE", "sip:300@pbx.example.com").reached).toEqual(["201", "203"]);
  });
});
