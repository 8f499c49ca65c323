/** Names that mean us before DNS has said so, when it can't say so, and when it says something else. */
import { describe, expect, it } from "vitest";
import { headers } from "../sip/message.ts";
import { DOMAIN, Office, OUR_NAME } from "./office.ts";

const NUMBER = `sip:5551234@${DOMAIN}`;
const ROUTE = [`Route: <sip:${OUR_NAME};lr>`];
/** DNS answers nothing at all of it. */
const isDead = (office: Office) => office.site.records.set(`A ${OUR_NAME}`, undefined);

describe("an outbound proxy by name in a file without upstream", () => {
  it.each([
    ["REGISTER", `sip:${DOMAIN}`],
    ["INVITE", NUMBER],
    ["SUBSCRIBE", NUMBER],
  ])("a name of which DNS hasn't answered is no upstream: %s", (method, uri) => {
    const office = new Office({ hasUpstream: false });
    expect(office.ask(office.caller, method, uri, ROUTE).reached).toEqual(["pbx"]);
    expect(office.site.status().upstream.map(({ name }) => name)).toEqual([DOMAIN]);
  });

  it.each([
    ["REGISTER", `sip:${DOMAIN}`],
    ["INVITE", NUMBER],
    ["MESSAGE", NUMBER],
  ])("a name of which DNS can't say anything is no upstream: %s", (method, uri) => {
    const office = new Office({ hasUpstream: false });
    isDead(office);
    for (let time = 0; time < 3; time++) expect(office.ask(office.caller, method, uri, ROUTE).reached).toEqual(["pbx"]);
    expect(office.site.status().upstream.map(({ name }) => name)).toEqual([DOMAIN]);
  });

  it("another proxy, which DNS knows, is asked as before", () => {
    const office = new Office({ hasUpstream: false });
    office.site.names.set("sbc.example.org", [{ address: "198.51.100.99", port: 5060 }]);
    const sbc = office.site.actor("sbc", { address: "198.51.100.99", port: 5060 }).answers("INVITE", { status: 200 });
    for (let time = 0; time < 2; time++)
      office.ask(office.caller, "INVITE", NUMBER, ["Route: <sip:sbc.example.org;lr>"]);
    expect(sbc.requests("INVITE").length).toBeGreaterThan(0);
  });
});

describe("in an outage DNS is dead too", () => {
  it.each(["gateway", "pbx"] as const)("OPTIONS of a peer to a name that DNS can't resolve is answered: %s", (who) => {
    const office = new Office({ isDark: true });
    isDead(office);
    office.site.simulation.silence(office.pbx.at, false);
    for (let time = 0; time < 3; time++) {
      expect(office.ask(office[who], "OPTIONS", `sip:${OUR_NAME}`, [], false).status).toBe(200);
    }
  });

  it("a name that was known before stays ours", () => {
    const office = new Office();
    office.ask(office.caller, "INVITE", NUMBER, ROUTE);
    isDead(office);
    office.cut();
    for (let minute = 0; minute < 10; minute++) {
      office.site.run(60_000);
      expect(office.ask(office.caller, "INVITE", `sip:202@${OUR_NAME}`, ROUTE).reached).toEqual(["202"]);
    }
  });
});

describe("a name that moves away", () => {
  it("is no longer taken off, though each request of the phones has it", () => {
    const office = new Office();
    office.ask(office.caller, "INVITE", NUMBER, ROUTE);
    office.site.names.set(OUR_NAME, [{ address: "198.51.100.99", port: 5060 }]);
    for (let minute = 0; minute < 5; minute++) {
      office.ask(office.caller, "INVITE", NUMBER, ROUTE);
      office.site.run(60_000);
    }
    office.ask(office.caller, "INVITE", NUMBER, ROUTE);
    expect(headers(office.pbx.seen("INVITE"), "route")).toEqual([`<sip:${OUR_NAME};lr>`]);
  });
});
