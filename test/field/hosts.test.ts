/** What a host means: our own names in Route and in the Request-URI, and names that never mean us. */
import { describe, expect, it } from "vitest";
import { header, headers, requestUriOf, uriIn } from "../sip/message.ts";
import { DOMAIN, Office, OUR_NAME, OWN } from "./office.ts";

const NUMBER = `sip:5551234@${DOMAIN}`;
const TLS =
  "listen: [udp:192.0.2.1:5060, tls:192.0.2.1:5061, udp:203.0.113.2:5060]\ntls: {certificate: c.pem, key: k.pem}\n";
const routes = (office: Office, method: string) => headers(office.pbx.seen(method), "route");

/** An office that has heard of our name once. */
function acquainted(settings: ConstructorParameters<typeof Office>[0] = {}) {
  const office = new Office(settings);
  office.ask(office.caller, "OPTIONS", `sip:${DOMAIN}`, [`Route: <sip:${OUR_NAME};lr>`]);
  office.forget();
  return office;
}

const SPELLINGS = [
  "<sip:branch.example.com;lr>",
  "<sip:branch.example.com:5060;lr>",
  "<sip:Branch.EXAMPLE.com;lr>",
  "<sip:branch.example.com.;lr>",
  "<sip:branch.example.com;transport=tls;lr>",
  "<sip:branch.example.com;transport=UDP;lr=on>",
  "<sips:branch.example.com;lr>",
  '"Proxy" <sip:branch.example.com;lr>;x=y',
  "<sip:branch.example.com>",
  "<sip:192.0.2.1;lr>, <sip:branch.example.com;lr>",
];
const SOURCES: readonly [string, string][] = [
  ["DNS", ""],
  ["the file", `names: [${OUR_NAME}]\n`],
  [
    "advertise",
    'listen: [{address: "udp:192.0.2.1:5060", advertise: "branch.example.com:5060"}, "udp:203.0.113.2:5060"]\n',
  ],
];

describe.each(SOURCES)("our name, known from %s, as the phones' outbound proxy", (source, yaml) => {
  it.each(SPELLINGS)("is taken off INVITE, REGISTER, SUBSCRIBE: Route: %s", (route) => {
    const office = acquainted({ yaml, isInDns: source === "DNS" });
    for (const method of ["INVITE", "SUBSCRIBE", "MESSAGE"]) {
      const { status, uris } = office.ask(office.caller, method, NUMBER, [`Route: ${route}`]);
      expect([method, status, ...uris]).toEqual([method, 200, NUMBER]);
      expect(routes(office, method)).toEqual([]);
    }
    const { status } = office.ask(office.caller, "REGISTER", `sip:${DOMAIN}`, [`Route: ${route}`]);
    expect([status, routes(office, "REGISTER")]).toEqual([200, []]);
  });

  it.each(SPELLINGS)("in a file without upstream it is nobody's upstream: Route: %s", (route) => {
    const office = acquainted({ yaml, isInDns: source === "DNS", hasUpstream: false });
    for (const [method, uri] of [
      ["REGISTER", `sip:${DOMAIN}`],
      ["INVITE", NUMBER],
      ["SUBSCRIBE", NUMBER],
    ] as const) {
      const { status, uris } = office.ask(office.caller, method, uri, [`Route: ${route}`]);
      expect([method, status, ...uris]).toEqual([method, 200, uri]);
      expect(routes(office, method)).toEqual([]);
    }
  });

  it("goes with our Record-Route behind it, in whichever order a phone keeps them", () => {
    const office = acquainted({ yaml, isInDns: source === "DNS" });
    office.ask(office.caller, "INVITE", NUMBER, [`Route: <sip:${OUR_NAME};lr>`]);
    const answer = office.caller.got(200, "INVITE");
    const own = [...headers(answer, "record-route")].reverse();
    for (const [index, top] of [
      [`<sip:${OUR_NAME};lr>`],
      [`<sip:${OUR_NAME}:5060;transport=udp;lr>`, "<sip:192.0.2.1;lr>"],
    ].entries()) {
      const lines = [
        `Via: SIP/2.0/UDP ${office.caller.hostPort};branch=z9hG4bKbye${index}`,
        "Max-Forwards: 70",
        ...[...top, ...own].map((one) => `Route: ${one}`),
        `From: ${header(answer, "from")}`,
        `To: ${header(answer, "to")}`,
        `Call-ID: ${header(answer, "call-id")}`,
        `CSeq: ${index + 2} BYE`,
      ];
      office.caller.send(`BYE ${uriIn(header(answer, "contact"))} SIP/2.0\r\n${lines.join("\r\n")}\r\n\r\n`);
      office.site.run(500);
      expect(office.caller.responses(200, "BYE")).toHaveLength(index + 1);
      expect(headers(office.pbx.seen("BYE", index), "route")).toEqual([]);
    }
  });

  it.each(["gateway", "pbx"] as const)("OPTIONS to it in an outage, of %s: 200", (who) => {
    const office = acquainted({ yaml, isInDns: source === "DNS", isDark: true });
    office.site.simulation.silence(office.pbx.at, false);
    expect(office.ask(office[who], "OPTIONS", `sip:${OUR_NAME}`, [], false).status).toBe(200);
    expect(
      office.ask(office[who], "OPTIONS", `sip:${OUR_NAME.toUpperCase()}.:5060;transport=udp`, [], false).status,
    ).toBe(200);
  });
});

describe("an outbound proxy that is set without ;lr", () => {
  const HOSTS = ["192.0.2.1", "192.0.2.1:5060", OUR_NAME, `${OUR_NAME};transport=udp`];
  it.each(HOSTS)("REGISTER sip:%s with the domain in Route", (host) => {
    const office = acquainted();
    const { status, uris } = office.ask(office.caller, "REGISTER", `sip:${host}`, [`Route: <sip:${DOMAIN}>`]);
    expect([status, ...uris, routes(office, "REGISTER")]).toEqual([200, `sip:${DOMAIN}`, []]);
  });

  it.each(HOSTS)("an outside number behind sip:%s: upstream, and in an outage the gateway", (host) => {
    const office = acquainted();
    for (const method of ["INVITE", "MESSAGE", "SUBSCRIBE"]) {
      const up = office.ask(office.caller, method, `sip:${host}`, [`Route: <${NUMBER}>`]);
      expect([up.status, ...up.uris, routes(office, method)]).toEqual([200, NUMBER, []]);
    }
    office.cut();
    const down = office.ask(office.caller, "INVITE", `sip:${host}`, [
      "Route: <sip:192.0.2.1;lr>",
      `Route: <${NUMBER}>`,
    ]);
    expect([down.status, uriIn(header(office.caller.got(302), "contact"))]).toEqual([302, "sip:5551234@192.0.2.3"]);
  });

  it.each([
    ["sip:202@pbx.example.com", "202"],
    ["sips:202@pbx.example.com", "202"],
    ["tel:202;phone-context=example.com", "202"],
  ])("in an outage %s in Route rings the extension", (target) => {
    const office = new Office({ isDark: true });
    const { status, reached } = office.ask(office.caller, "INVITE", "sip:192.0.2.1", [`Route: <${target}>`]);
    // A phone without TLS can't be called by sips.
    expect([status, reached]).toEqual(target.startsWith("sips") ? [expect.any(Number), []] : [200, ["202"]]);
  });

  it.each([
    ["alive", "sip:112@pbx.example.com"],
    ["alive", "tel:112"],
    ["alive", "sips:112@pbx.example.com"],
    ["dark", "sip:112@pbx.example.com"],
    ["dark", "tel:112"],
    ["dark", "sip:112@192.0.2.1"],
  ])("an emergency number goes to the gateway: %s, Route: <%s>", (state, target) => {
    const yaml = `${target.startsWith("sips") ? TLS : ""}emergency: {numbers: ["112"]}\n`;
    const office = new Office({ isDark: state === "dark", yaml });
    const { reached } = office.ask(office.caller, "INVITE", "sip:192.0.2.1", [`Route: <${target}>`]);
    expect(reached).toEqual(["gateway"]);
  });

  it("our own address dialled through it: upstream under its host; in an outage extension or gateway", () => {
    const office = acquainted();
    for (const host of ["192.0.2.1", OUR_NAME]) {
      const up = office.ask(office.caller, "INVITE", `sip:${host}`, [`Route: <sip:0301234@${host}>`]);
      expect([up.status, up.uris]).toEqual([200, [`sip:0301234@${DOMAIN}`]]);
    }
    office.cut();
    expect(office.ask(office.caller, "INVITE", "sip:192.0.2.1", ["Route: <sip:202@192.0.2.1>"]).reached).toEqual([
      "202",
    ]);
    expect(office.ask(office.caller, "INVITE", "sip:192.0.2.1", ["Route: <sip:0301234@192.0.2.1>"]).status).toBe(302);
  });

  it("the name alone is learned from the Request-URI of a call, though a Route follows it", () => {
    const office = new Office({ hasUpstream: false });
    office.ask(office.caller, "INVITE", `sip:${OUR_NAME}`, [`Route: <${NUMBER}>`]);
    const { uris } = office.ask(office.caller, "INVITE", `sip:${OUR_NAME}`, [`Route: <${NUMBER}>`]);
    expect([uris, routes(office, "INVITE")]).toEqual([[NUMBER], []]);
  });

  it.each(["203.0.113.2", "203.0.113.2:5060", OUR_NAME])(
    "nobody from outside dials out through our address: %s",
    (host) => {
      const office = acquainted();
      for (const target of ["sip:0900123@192.0.2.3", "tel:0900123", "sip:0900123@192.0.2.1"]) {
        const { status, reached } = office.ask(office.pbx, "INVITE", `sip:${host}`, [`Route: <${target}>`]);
        expect([status >= 400, reached]).toEqual([true, []]);
      }
    },
  );

  it("a Route with ;lr behind our bare address is a way, not what is meant", () => {
    const office = new Office();
    const { uris } = office.ask(office.caller, "OPTIONS", "sip:192.0.2.1", [`Route: <sip:${DOMAIN};lr>`]);
    expect(uris).toEqual(["sip:192.0.2.1"]);
  });
});

describe("a number called at our own address is called in our own domain", () => {
  const OURS = [
    "sip:NUMBER@192.0.2.1",
    "sip:NUMBER@192.0.2.1:5060;transport=udp",
    "sip:NUMBER@branch.example.com",
    "sip:NUMBER@203.0.113.2",
  ];
  it.each(OURS)("%s", (form) => {
    const office = acquainted();
    const at = (number: string) => form.replace("NUMBER", number);
    for (const extra of [[], [`Route: <sip:${OUR_NAME};lr>`], ["Route: <sip:192.0.2.1;lr>"]]) {
      for (const method of ["INVITE", "MESSAGE", "SUBSCRIBE", "REFER"]) {
        const up = office.ask(office.caller, method, at("0301234"), extra);
        expect([up.status, up.uris, routes(office, method)]).toEqual([200, [`sip:0301234@${DOMAIN}`], []]);
      }
    }
    office.cut();
    expect(office.ask(office.caller, "INVITE", at("202")).reached).toEqual(["202"]);
    const out = office.ask(office.caller, "INVITE", at("0301234"));
    expect([out.status, uriIn(header(office.caller.got(302), "contact"))]).toEqual([302, "sip:0301234@192.0.2.3"]);
  });

  it("in a file without upstream it is called in the domain of the caller", () => {
    const office = new Office({ hasUpstream: false });
    expect(office.ask(office.caller, "INVITE", "sip:0301234@192.0.2.1").uris).toEqual([`sip:0301234@${DOMAIN}`]);
  });

  it("of two upstreams the second is asked when the first says nothing, or 503", () => {
    for (const status of [0, 503]) {
      const office = new Office({ yaml: `upstream: [sip:${DOMAIN}, sip:198.51.100.20]\n` });
      const other = office.site
        .actor("other", { address: "198.51.100.20", port: 5060 })
        .answers("INVITE", { status: 200 });
      office.site.run(60_000);
      office.pbx.answers("INVITE", ...(status === 0 ? [] : [{ status }]));
      office.caller.invite("sip:0301234@192.0.2.1");
      office.site.run(6_000);
      expect(requestUriOf(other.seen("INVITE"))).toBe("sip:0301234@198.51.100.20");
    }
  });
});

describe("upstream's names and addresses are home", () => {
  it.each([
    "sip:202@198.51.100.10",
    "sip:202@198.51.100.10:5060",
    "sip:202@pbx.example.com.",
    "sip:202@PBX.example.COM;user=phone",
    "sips:202@pbx.example.com",
    "tel:202",
  ])("in an outage 201 calls %s, and 202 is meant", (uri) => {
    for (const hasUpstream of [true, false]) {
      const office = new Office({ isDark: true, hasUpstream });
      const { status, reached } = office.ask(office.caller, "INVITE", uri);
      expect(uri.startsWith("sips") ? status !== 302 : reached.join()).toBe(uri.startsWith("sips") ? true : "202");
    }
  });

  it("so is a second upstream's", () => {
    const office = new Office({ isDark: true, yaml: `upstream: [sip:${DOMAIN}, sip:198.51.100.20]\n` });
    expect(office.ask(office.caller, "INVITE", "sip:202@198.51.100.20").reached).toEqual(["202"]);
  });
});

describe("names that never mean us, though DNS leads them here", () => {
  it("upstream's", () => {
    const office = new Office();
    office.site.names.set(DOMAIN, [OWN]);
    office.ask(office.caller, "INVITE", NUMBER, [`Route: <sip:${DOMAIN};lr>`]);
    office.site.run(120_000);
    office.ask(office.caller, "INVITE", NUMBER, [`Route: <sip:${DOMAIN};lr>`]);
    expect(office.site.core.learned.size).toBe(0);
  });

  it("that of an address-of-record, in a file without upstream", () => {
    const office = new Office({ hasUpstream: false });
    office.site.names.set(DOMAIN, [OWN]);
    office.ask(office.caller, "INVITE", NUMBER, [`Route: <sip:${DOMAIN};lr>`]);
    expect(office.site.core.learned.size).toBe(0);
  });

  it("that of a REGISTER's Request-URI is not even looked up", () => {
    const office = new Office();
    office.site.names.set("sip.example.org", [OWN]);
    const { status } = office.ask(office.caller, "REGISTER", "sip:sip.example.org");
    expect([status, office.site.core.learned.size]).toEqual([200, 0]);
    expect(office.site.questions.some(({ name }) => name === "sip.example.org")).toBe(false);
  });

  it("one that leads elsewhere stays in Route", () => {
    const office = new Office();
    office.site.names.set("sbc.example.org", [{ address: "198.51.100.99", port: 5060 }]);
    for (let time = 0; time < 2; time++) {
      office.ask(office.caller, "INVITE", NUMBER, ["Route: <sip:sbc.example.org;lr>"]);
      expect(routes(office, "INVITE")).toEqual(["<sip:sbc.example.org;lr>"]);
    }
  });
});

describe("upstream that puts our address in the phones' place", () => {
  const office = () =>
    new Office({ contacts: [undefined, "<sip:202@192.0.2.22:5060;line=77>", "<sip:k3f9@192.0.2.23:5060;ob>"] });
  it.each([
    ["sip:202@203.0.113.2;line=77", "202", "sip:202@192.0.2.22:5060;line=77"],
    ["sip:202@203.0.113.2:5060", "202", "sip:202@192.0.2.22:5060;line=77"],
    ["sip:k3f9@203.0.113.2:5060;ob", "203", "sip:k3f9@192.0.2.23:5060;ob"],
    ["sip:203@203.0.113.2", "203", "sip:k3f9@192.0.2.23:5060;ob"],
    ["sip:%32%30%32@203.0.113.2", "202", "sip:202@192.0.2.22:5060;line=77"],
  ])("%s rings %s", (uri, name, contact) => {
    const all = office();
    for (const method of ["INVITE", "MESSAGE"]) {
      const { reached, uris } = all.ask(all.pbx, method, uri);
      expect([reached, uris]).toEqual([[name], [contact]]);
    }
  });

  it("a user that nobody has: 404 that says so", () => {
    const all = office();
    const { status, final } = all.ask(all.pbx, "INVITE", "sip:299@203.0.113.2");
    expect([status, final?.startLine]).toEqual([404, "SIP/2.0 404 No Such Phone Here"]);
  });
});
