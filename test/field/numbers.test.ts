/** What a number is: whatever its spelling, one question for groups, extensions, aliases, prefixes, carriers and rewriting. */
import { describe, expect, it } from "vitest";
import { header, uriIn } from "../sip/message.ts";
import { DOMAIN, Office } from "./office.ts";

const BOOK = `extensions: {aliases: {"+49305550201": "201", "5550100": "203", "#9": "202"}, prefixes: ["+4930555", "0"]}
hunt_groups: {default: {members: [201, 203]}, "+49305550300": {members: ["202"]}, "5550400": {members: ["203"]}}
`;
const inbound = (more = "") => new Office({ yaml: `${BOOK}${more}` });

describe("the gateway calls", () => {
  it.each([
    ["tel:+49305550201", [], ["201"], "an alias"],
    ["tel:+49305550201", ["Route: <sip:192.0.2.1;lr>"], ["201"], "an alias, with our Route"],
    ["TEL:+49-30-555-0201;phone-context=example.com", [], ["201"], "an alias, with separators"],
    ["sip:%2B49305550201@192.0.2.1", [], ["201"], "an alias, escaped"],
    ["sip:%2b49%33%305550201@192.0.2.1;user=phone", [], ["201"], "an alias, all kinds of escapes"],
    ["sip:+49305550201;phone-context=+49@192.0.2.1;user=phone", [], ["201"], "an alias, with phone-context"],
    ["sip:5550100;npdi@192.0.2.1", [], ["203"], "an alias, with ;npdi"],
    ["sip:5550100;npdi;rn=+4930@192.0.2.1", [], ["203"], "an alias, with ;rn"],
    ["sip:555-0100:x@192.0.2.1", [], ["203"], "an alias, with a password"],
    ["tel:+4930555202", [], ["202"], "an extension behind a prefix"],
    ["sip:%2B4930555202;phone-context=+49@192.0.2.1", [], ["202"], "an extension behind a prefix, escaped"],
    ["tel:0-202", [], ["202"], "an extension behind a short prefix, with a separator"],
    ["tel:202;phone-context=example.com", [], ["202"], "an extension"],
    ["sip:%32%30%32@192.0.2.1", [], ["202"], "an extension, escaped"],
    ["tel:+49305550300", [], ["202"], "a group"],
    ["sip:%2B49-30-5550300;npdi@192.0.2.1", [], ["202"], "a group, escaped and with separators"],
    ["sip:(555)0400@192.0.2.1", [], ["203"], "a group, with parentheses"],
    ["tel:%239", [], ["202"], "the alias #9"],
    ["tel:0815", [], ["201", "203"], "what nobody has: the default group"],
    ["sip:0815;phone-context=+49@192.0.2.1", [], ["201", "203"], "what nobody has: a phone-context is no prefix"],
  ])("%s, %j: %j rings, %s", (uri, extra, wanted) => {
    const office = inbound();
    expect(office.ask(office.gateway, "INVITE", uri, extra)).toMatchObject({ status: 200, reached: wanted });
  });

  it.each(["hasUpstream", "isDark"] as const)(
    "it is the same in a file without upstream, and in an outage: %s",
    (key) => {
      const office = new Office({ yaml: BOOK, [key]: key === "isDark" });
      for (const uri of ["tel:+49-30-5550201", "sip:%2B4930555201;npdi@192.0.2.1"]) {
        expect(office.ask(office.gateway, "INVITE", uri).reached).toEqual(["201"]);
      }
    },
  );
});

const ANSWERS = ["302", "relay", "380", "auto"];
const dark = (yaml = "") => new Office({ isDark: true, yaml });
/** With which Request-URI a call leaves for a gateway, redirected or relayed. */
function leaves(office: Office, uri: string, extra: readonly string[] = []): string | undefined {
  const { status, final, reached, uris } = office.ask(office.caller, "INVITE", uri, extra);
  if (status === 302 || status === 380) return uriIn(header(final as never, "contact"));
  return reached.join() === "gateway" ? uris[0] : `${status} ${reached}`;
}

describe.each(ANSWERS)("in an outage, answer %s", (answer) => {
  const yaml = `${BOOK}survival: {answer: ${answer}}\n`;
  it.each([
    `sip:202;phone-context=example.com@${DOMAIN};user=phone`,
    "tel:202;phone-context=example.com",
    "tel:202;phone-context=+49",
    `sip:%32%30%32@${DOMAIN}`,
    `sip:20%32;npdi@${DOMAIN}`,
    "tel:+49-30-555-202",
    `sip:+49(30)555.202@${DOMAIN};user=phone`,
    "tel:%2B4930555202",
    `sip:#9@${DOMAIN}`,
    `sip:%239@${DOMAIN}`,
    "tel:%239;phone-context=x",
  ])("a phone calls %s: extension 202 rings", (uri) => {
    const office = dark(yaml);
    expect(office.ask(office.caller, "INVITE", uri)).toMatchObject({ status: 200, reached: ["202"] });
  });

  it.each([
    ["tel:+49-30-666-0202", "sip:+49306660202@192.0.2.3"],
    ["tel:6660202;phone-context=+4930", "sip:6660202@192.0.2.3"],
    [`sip:%2B49306660202;phone-context=+49;npdi@${DOMAIN};user=phone`, "sip:+49306660202@192.0.2.3"],
    [`sip:(666)%200202@${DOMAIN}`, "sip:6660202@192.0.2.3"],
    [`sip:*31%236660202@${DOMAIN}`, "sip:*31%236660202@192.0.2.3"],
    [`sip:*31#6660202@${DOMAIN}`, "sip:*31%236660202@192.0.2.3"],
    ["tel:*31%23666-0202", "sip:*31%236660202@192.0.2.3"],
    [`sip:%2A31%236660202@${DOMAIN}`, "sip:*31%236660202@192.0.2.3"],
    [`sip:anna.b@${DOMAIN}`, "sip:anna.b@192.0.2.3"],
    [`sip:anna-b.c@${DOMAIN}`, "sip:anna-b.c@192.0.2.3"],
  ])("a phone calls %s: it leaves as %s", (uri, wanted) => {
    expect(leaves(dark(yaml), uri)).toBe(wanted);
  });
});

const LINES = `gateways: [{uri: sip:192.0.2.3, name: a}, {uri: sip:192.0.2.4, name: b}]
carriers: {hidden: {prefixes: ["*31#"], gateways: [b]}}
`;

describe.each(["302", "relay"])("a # in a file, answer %s", (answer) => {
  it.each([
    [`sip:*31%23030@${DOMAIN}`, "b"],
    [`sip:*31#030@${DOMAIN}`, "b"],
    ["tel:*31%2303-0", "b"],
    [`sip:%2a31%23030;phone-context=+49@${DOMAIN}`, "b"],
    [`sip:*31030@${DOMAIN}`, "a"],
    [`sip:030@${DOMAIN}`, "a"],
  ])("a carrier's prefix *31#: %s goes to %s", (uri, wanted) => {
    const office = dark(`${LINES}survival: {answer: ${answer}}\n`);
    const other = office.site.actor("b", { address: "192.0.2.4", port: 5060 }).answers("INVITE", { status: 200 });
    const left = leaves(office, uri);
    if (answer === "302") expect(left?.endsWith(wanted === "b" ? "@192.0.2.4" : "@192.0.2.3")).toBe(true);
    else expect(other.requests("INVITE").length > 0 ? "b" : "a").toBe(wanted);
  });

  it.each([
    [`sip:*21%23030@${DOMAIN}`, "sip:030@192.0.2.3"],
    [`sip:*21#030@${DOMAIN}`, "sip:030@192.0.2.3"],
    ["tel:*21%23-030", "sip:030@192.0.2.3"],
    [`sip:%2A21%23030;npdi@${DOMAIN}`, "sip:030@192.0.2.3"],
    [`sip:*22%23030@${DOMAIN}`, "sip:*22%23030@192.0.2.3"],
    [`sip:77030@${DOMAIN}`, "sip:%23030@192.0.2.3"],
  ])("a rewrite of ^\\*21# and one that puts # in: %s leaves as %s", (uri, wanted) => {
    const rewrite = String.raw`[{match: '^\*21#', replace: ''}, {match: '^77', replace: '#'}]`;
    const gateways = `gateways: [{uri: sip:192.0.2.3, rewrite: {called: ${rewrite}}}]\n`;
    expect(leaves(dark(`${gateways}survival: {answer: ${answer}}\n`), uri)).toBe(wanted);
  });
});

describe("upstream gets the octets that came", () => {
  it.each([
    `sip:*31%23030@${DOMAIN}`,
    `sip:*31#030@${DOMAIN}`,
    `sip:%32%30%32;phone-context=example.com@${DOMAIN};user=phone`,
    "tel:+49-30-555-0202",
    "tel:*21%23030;phone-context=+49",
    `sip:anna.b@${DOMAIN}`,
  ])("%s", (uri) => {
    const office = inbound();
    for (const method of ["INVITE", "MESSAGE", "SUBSCRIBE"]) {
      expect(office.ask(office.caller, method, uri)).toMatchObject({ reached: ["pbx"], uris: [uri] });
    }
  });

  it.each(["*31%23030", "%32%30%32;npdi", "+49-30"])(
    "and under its own host, of a number dialled at ours: %s",
    (user) => {
      const office = inbound();
      const { uris } = office.ask(office.caller, "INVITE", `sip:${user}@192.0.2.1`);
      expect(uris.map((uri) => uri.split("@")[0])).toEqual([`sip:${user}`]);
    },
  );
});
