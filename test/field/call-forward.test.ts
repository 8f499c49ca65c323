/** What a phone's redirect (call forward) means to a caller from the PSTN (RFC 3261 §8.1.3.4, §16.7). */
import { describe, expect, it } from "vitest";
import { requestUriOf } from "../sip/message.ts";
import { answers, DESK, DID, finals, office, redirects, refuses, wasCalled } from "./branch-office.ts";

describe("a phone's call forward, for a call from a gateway", () => {
  it.each(["parallel", "serial", "round-robin"])("in a %s group: that member is out", (strategy) => {
    const { site, gateway, teach, upstream } = office({
      groups: `{default: {members: [202, 203], strategy: ${strategy}}}`,
    });
    teach({ p22: redirects("<sip:0179111@pbx.example.com>"), p23: answers });
    gateway.invite(DID);
    site.run(4_000);
    expect(finals(gateway)).toEqual([200]);
    expect(wasCalled(upstream)).toBe(false);
  });

  it.each(["<sip:0179111@192.0.2.99>", "<tel:+49179111>", "<sip:0179111@pbx.example.com>"])(
    "nobody else in the group: 480, never a 3xx, with %s",
    (contact) => {
      const { site, gateway, teach } = office({ groups: "{default: {members: [203]}}" });
      teach({ p23: redirects(contact) });
      gateway.invite(DID);
      site.run(4_000);
      expect(finals(gateway)).toEqual([480]);
    },
  );

  it.each([
    ["the domain", "<sip:203@pbx.example.com>"],
    ["upstream's address", "<sip:203@198.51.100.10>"],
    ["our address", "<sip:203@10.222.237.1>"],
    ["its own address", "<sip:203@10.222.237.22>"],
    ["that phone's address", "<sip:203@10.222.237.23:5060>"],
    ["with escapes", "<sip:%32%30%33@pbx.example.com;user=phone>"],
    ["without brackets", "sip:203@pbx.example.com"],
    ["as tel", "<tel:203;phone-context=pbx.example.com>"],
  ])("to an extension, named by %s: it rings", (_, contact) => {
    for (const dark of [false, true]) {
      const { site, gateway, teach, p23, upstream } = office({ dark });
      teach({ p22: redirects(contact), p32: redirects(contact), p23: answers });
      gateway.invite(DESK);
      site.run(4_000);
      expect(finals(gateway)).toEqual([200]);
      expect(p23.requests("ACK")).toHaveLength(1);
      expect(wasCalled(upstream)).toBe(false);
    }
  });

  it("to a phone's Contact: that phone rings", () => {
    const { site, gateway, teach, p23 } = office();
    p23.request(
      "REGISTER",
      "sip:pbx.example.com",
      ["Expires: 300", "Contact: <sip:k3f9@10.222.237.23:5060>"],
      undefined,
      2,
      false,
    );
    site.run(200);
    teach({ p22: redirects("<sip:k3f9@10.222.237.23:5060>"), p32: refuses(480), p23: answers });
    gateway.invite(DESK);
    site.run(4_000);
    expect(finals(gateway)).toEqual([200]);
    expect(requestUriOf(p23.seen("INVITE"))).toContain("k3f9");
  });

  it.each([
    "<sip:0179111@pbx.example.com>",
    "<sip:0179111@10.222.237.22>",
    "<tel:0179111>",
    "<sips:0179111@pbx.example.com>",
  ])("to an outside number, alive: upstream is asked; in an outage 480: %s", (contact) => {
    const alive = office();
    alive.teach({ p22: redirects(contact), p32: refuses(480) });
    alive.gateway.invite(DESK);
    alive.site.run(4_000);
    expect(finals(alive.gateway)).toEqual([200]);
    expect(requestUriOf(alive.upstream.seen("INVITE"))).toBe("sip:0179111@198.51.100.10");
    const dark = office({ dark: true });
    dark.teach({ p22: redirects(contact), p32: refuses(480) });
    dark.gateway.invite(DESK);
    dark.site.run(4_000);
    expect(finals(dark.gateway)).toEqual([480]);
    expect(wasCalled(dark.gateway)).toBe(false);
  });

  it("a number that the file forwards to: the gateway gets it in an outage", () => {
    const { site, gateway, teach } = office({
      dark: true,
      more: 'extensions: {forward: {"205": {busy: "0179111"}}}\n',
    });
    gateway.answers("INVITE", { status: 200 });
    teach({ p22: redirects("<sip:0179111@pbx.example.com>"), p32: refuses(480) });
    gateway.invite(DESK);
    site.run(4_000);
    expect(requestUriOf(gateway.seen("INVITE"))).toContain("sip:0179111@10.10.1.3");
    expect(finals(gateway)).toContain(200);
  });

  it.each([
    "<sip:0179111@192.0.2.99>",
    "<sip:203@192.0.2.99>",
    "<sip:0900123@10.10.1.3>",
    "<mailto:a@b.example>",
    "*",
    "<>",
  ])("to %s: never followed", (contact) => {
    for (const dark of [false, true]) {
      const { site, gateway, teach, upstream, p23 } = office({ dark });
      teach({ p22: redirects(contact), p32: refuses(480) });
      gateway.invite(DESK);
      site.run(4_000);
      expect(finals(gateway)).toEqual([480]);
      expect([wasCalled(upstream), wasCalled(p23), wasCalled(gateway)]).toEqual([false, false, false]);
    }
  });

  it("without any Contact: 480", () => {
    const { site, gateway, teach } = office();
    teach({ p22: redirects(), p32: refuses(480) });
    gateway.invite(DESK);
    site.run(4_000);
    expect(finals(gateway)).toEqual([480]);
  });

  it("of several Contacts the best that may be followed", () => {
    const { site, gateway, teach, p23, p24, p25 } = office();
    teach({
      p22: redirects(
        "<sip:204@pbx.example.com>;q=0.2, <sip:203@192.0.2.99>;q=1.0",
        "<sip:205@pbx.example.com>;q=0.7",
        "<sip:203@pbx.example.com>;q=0.1",
      ),
      p32: refuses(480),
      p25: answers,
    });
    gateway.invite(DESK);
    site.run(4_000);
    expect(finals(gateway)).toEqual([200]);
    expect([wasCalled(p23), wasCalled(p24), wasCalled(p25)]).toEqual([false, false, true]);
  });

  it("to itself, or round in a circle: each extension rings once, then 480", () => {
    for (const back of ["202", "203"]) {
      const { site, gateway, teach, p22, p23 } = office();
      teach({
        p22: redirects(`<sip:${back === "202" ? "202" : "203"}@pbx.example.com>`),
        p32: refuses(480),
        p23: redirects("<sip:202@pbx.example.com>"),
      });
      gateway.invite(DESK);
      site.run(4_000);
      expect(finals(gateway)).toEqual([480]);
      expect(p22.requests("INVITE")).toHaveLength(1);
      expect(p23.requests("INVITE")).toHaveLength(back === "202" ? 0 : 1);
    }
  });

  it("a forward of the file leads no call back to an extension that it has rung", () => {
    const { site, gateway, teach, p22 } = office({ more: 'extensions: {forward: {"203": {busy: "202"}}}\n' });
    teach({ p22: redirects("<sip:203@pbx.example.com>"), p32: refuses(486), p23: refuses(486) });
    gateway.invite(DESK);
    site.run(4_000);
    expect(finals(gateway)).toEqual([486]);
    expect(p22.requests("INVITE")).toHaveLength(1);
  });

  it("of an extension that a group overflows to: followed as for any extension", () => {
    const { site, gateway, teach, p25 } = office({ groups: "{default: {members: [203], ring: 2s, overflow: 204}}" });
    teach({ p24: redirects("<sip:205@pbx.example.com>"), p25: answers });
    gateway.invite(DID);
    site.run(6_000);
    expect(finals(gateway)).toEqual([200]);
    expect(wasCalled(p25)).toBe(true);
  });

  it("of an extension that a transfer leads to, in an outage: followed", () => {
    const { site, gateway, teach, p25 } = office({ dark: true });
    teach({ p24: redirects("<sip:205@pbx.example.com>"), p25: answers });
    gateway.invite("sip:204@pbx.example.com", ["Referred-By: <sip:201@pbx.example.com>"]);
    site.run(6_000);
    expect(finals(gateway)).toEqual([200]);
    expect(wasCalled(p25)).toBe(true);
  });

  it.each([300, 301, 305, 380])("as %d: no caller at a gateway sees it", (status) => {
    const { site, gateway, teach } = office();
    teach({ p22: [{ status, extra: ["Contact: <sip:0179111@192.0.2.99>"] }], p32: refuses(480) });
    gateway.invite(DESK);
    site.run(4_000);
    expect(finals(gateway)).toEqual([480]);
  });

  it.each([401, 407])("a phone's %d: 480 for the gateway, and what another phone says counts for more", (status) => {
    const { site, gateway, teach } = office();
    teach({ p22: refuses(status), p32: refuses(status) });
    gateway.invite(DESK);
    site.run(4_000);
    expect(finals(gateway)).toEqual([480]);
    teach({ p32: refuses(486) });
    gateway.invite(DESK);
    site.run(4_000);
    expect(finals(gateway)).toEqual([480, 486]);
  });

  it("one phone of an extension redirects, another answers: the one that answers has the call", () => {
    const { site, gateway, teach, p23 } = office();
    teach({ p22: redirects("<sip:203@pbx.example.com>"), p32: answers });
    gateway.invite(DESK);
    site.run(4_000);
    expect(finals(gateway)).toEqual([200]);
    expect(wasCalled(p23)).toBe(false);
  });
});

describe("a phone's call forward, for another phone", () => {
  it("passes in an outage, and the phone's new call rings whom it names", () => {
    const { site, teach, p21, p23, gateway } = office({ dark: true });
    teach({ p22: redirects("<sip:203@pbx.example.com>"), p32: refuses(480) });
    p21.invite("sip:202@pbx.example.com");
    site.run(1_000);
    expect(finals(p21)).toContain(302);
    p21.invite("sip:203@pbx.example.com");
    site.run(1_000);
    expect(wasCalled(p23)).toBe(true);
    expect(wasCalled(gateway)).toBe(false);
  });
});
