/** Names that phones have as outbound proxy, that don't mean us, and what the tools say of them. */
import { describe, expect, it } from "vitest";
import { DOMAIN, Office, type OfficeSettings, OUR_NAME } from "./office.ts";

const NUMBER = `sip:5551234@${DOMAIN}`;
const ROUTE = [`Route: <sip:${OUR_NAME};lr>`];
const ASTRAY = [{ address: "203.0.113.9", port: 5060 }];

function office(settings: OfficeSettings = {}): Office {
  const one = new Office(settings);
  one.site.names.set(OUR_NAME, ASTRAY);
  return one;
}
const found = ({ site }: Office) => site.status().proxy_names;
const logged = ({ site }: Office) => site.events.filter(({ event }) => event === "outbound_proxy_unknown");

describe("a name in an outbound proxy's place that DNS leads elsewhere", () => {
  it.each([
    ["in Route", NUMBER, ROUTE],
    ["in the Request-URI, without ;lr", `sip:${OUR_NAME}`, [`Route: <${NUMBER}>`]],
  ])("is told of with its cure, and logged once: %s", (_, uri, extra) => {
    const one = office();
    for (let hour = 0; hour < 3; hour++) {
      one.ask(one.caller, "INVITE", uri, extra);
      one.ask(one.caller, "INVITE", uri, extra);
      one.site.run(3_700_000);
    }
    const text =
      "phones at 192.0.2.21 have branch.example.com as their outbound proxy; " +
      "DNS leads it to 203.0.113.9, which isn't an address of listen";
    const cure = "if branch.example.com means this router, add it to names";
    expect(found(one)).toEqual([{ name: OUR_NAME, addresses: ["203.0.113.9"], from: "192.0.2.21", text, cure }]);
    expect(logged(one).map(({ fields }) => fields)).toMatchObject([{ name: OUR_NAME, leads_to: "203.0.113.9", cure }]);
  });

  it("is told of once DNS has had time, where it knows no address", () => {
    const one = office();
    one.site.names.delete(OUR_NAME);
    one.ask(one.caller, "INVITE", NUMBER, ROUTE);
    expect(found(one)).toEqual([]);
    one.site.run(5_000);
    expect(found(one)).toMatchObject([{ name: OUR_NAME, addresses: [] }]);
  });

  it("is told of no more once DNS leads it here", () => {
    const one = office();
    one.ask(one.caller, "INVITE", NUMBER, ROUTE);
    expect(found(one)).toHaveLength(1);
    one.site.names.set(OUR_NAME, [{ address: "192.0.2.1", port: 5060 }]);
    for (let minute = 0; minute < 5; minute++) {
      one.site.run(61_000);
      one.ask(one.caller, "INVITE", NUMBER, ROUTE);
    }
    expect(found(one)).toEqual([]);
  });
});

describe("nothing is told", () => {
  it("of a name that DNS leads here, or that the file states", () => {
    const known = new Office();
    known.ask(known.caller, "INVITE", NUMBER, ROUTE);
    const stated = office({ yaml: `names: [${OUR_NAME}]\n` });
    stated.ask(stated.caller, "INVITE", NUMBER, ROUTE);
    expect([found(known), found(stated)]).toEqual([[], []]);
  });

  it.each([true, false])("of upstream's name; upstream is in the file: %s", (hasUpstream) => {
    const one = office({ hasUpstream });
    for (let time = 0; time < 2; time++) one.ask(one.caller, "INVITE", NUMBER, [`Route: <sip:${DOMAIN};lr>`]);
    expect(found(one)).toEqual([]);
  });

  it.each(["gateway", "pbx"] as const)("of what isn't a phone's: %s", (who) => {
    const one = office();
    for (let time = 0; time < 2; time++) one.ask(one[who], "INVITE", "sip:201@192.0.2.1", ROUTE);
    expect([found(one), logged(one)]).toEqual([[], []]);
  });
});

it("phones that name ever new proxies fill neither the table nor the log", () => {
  const one = office();
  for (let index = 0; index < 40; index++) {
    one.site.names.set(`p${index}.example.org`, ASTRAY);
    for (let time = 0; time < 2; time++) {
      one.caller.request("OPTIONS", NUMBER, [`Route: <sip:p${index}.example.org;lr>`]);
      one.site.run(200);
    }
  }
  expect(found(one)).toHaveLength(16);
  expect(logged(one).length).toBeLessThanOrEqual(11);
});
