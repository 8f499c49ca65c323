/** RFC 4475 and RFC 5118: what the parser makes of messages that it must understand, not only survive. */
import { describe, expect, test } from "vitest";
import { CONTACT, FROM, ROUTE, VIA } from "../../src/message/header-names.ts";
import { nameAddrParameter, parseNameAddr } from "../../src/message/name-addr.ts";
import { parseSipUri } from "../../src/message/uri.ts";
import { readRequest, readResponse } from "../support/messages.ts";
import { rfc4475Messages } from "./rfc4475-messages.ts";
import { rfc5118Messages } from "./rfc5118-messages.ts";

function wireOf(name: string): string {
  const found = [...rfc4475Messages, ...rfc5118Messages].find((message) => message.name === name);
  if (found === undefined) throw new Error(`no message ${name}`);
  return found.wire;
}

describe("messages after RFC 4475", () => {
  test("RFC 4475 §3.1.1.1: wsinv is understood, not only survived", () => {
    const invite = readRequest(wireOf("wsinv"));
    expect(invite.requestUri).toBe("sip:vivekg@chair-dnrc.example.com;unknownparam");
    expect(invite).toMatchObject({ cseqNumber: 9, cseqMethod: "INVITE", toTag: "1918181833n", fromTag: "98asjd8" });
    expect(invite.from?.uri).toBe("sip:jdrosen@example.com");
    expect(invite.topVia).toMatchObject({ transport: "UDP", host: "192.0.2.2", branch: "390skdjuw" });
    expect(invite.list(VIA)).toHaveLength(3);
    expect(invite.list(ROUTE)).toEqual(["<sip:services.example.com;lr;unknownwith=value;unknown-no-value>"]);
    const contact = parseNameAddr(invite.header(CONTACT) ?? "");
    expect(contact?.uri).toBe("sip:jdrosen@example.com");
    expect(contact === undefined ? undefined : nameAddrParameter(contact, "q")).toBe("0.33");
    expect(invite.body).toBe("v=0\r\n");
  });

  test("RFC 4475 §3.1.1.2: intmeth's URI ends where its host ends", () => {
    const message = readRequest(wireOf("intmeth"));
    expect(message.uri).toMatchObject({ host: "example.com", port: undefined, parameters: "", headers: "" });
    expect(message.fromTag).toBe("_token~1'+`*%!-.");
    expect(message.topVia.branch).toBe("z9hG4bK-.!%66*_+`'~");
  });

  test("RFC 4475 §3.1.1.3: escapes stay escaped", () => {
    expect(readRequest(wireOf("esc01")).uri).toMatchObject({ user: "sips%3Auser%40example.com", host: "example.net" });
  });

  test("RFC 4475 §3.1.1.5: RE%47IST%45R is another method than REGISTER", () => {
    expect(readRequest(wireOf("esc02")).method).toBe("RE%47IST%45R");
  });

  test("RFC 4475 §3.1.1.6: a display name may touch its bracket", () => {
    expect(readRequest(wireOf("lwsdisp")).from).toMatchObject({ displayName: "caller", uri: "sip:caller@example.com" });
  });

  test("RFC 4475 §3.1.1.8: of two requests in a datagram the second is thrown away", () => {
    const message = readRequest(wireOf("dblreq"));
    expect(message.method).toBe("REGISTER");
    expect(message.wire).not.toContain("INVITE");
  });

  test("RFC 4475 §3.1.1.9: semicolons in the user part are no parameters", () => {
    expect(readRequest(wireOf("semiuri")).uri).toMatchObject({ user: "user;par=u%40example.net", parameters: "" });
  });

  test("RFC 4475 §3.1.1.13: an empty reason phrase", () => {
    expect(readResponse(wireOf("noreason"))).toMatchObject({ status: 100, reason: "" });
  });

  test("RFC 4475 §3.3.12 and §3.3.13: a parameter within the brackets is the URI's, one behind them the field's", () => {
    const outside = parseNameAddr(readRequest(wireOf("cparam01")).header(CONTACT) ?? "");
    const inside = parseNameAddr(readRequest(wireOf("cparam02")).header(CONTACT) ?? "");
    expect(outside).toMatchObject({ uri: "sip:+19725552222@gw1.example.net", parameters: ";unknownparam" });
    expect(inside).toMatchObject({ uri: "sip:+19725552222@gw1.example.net;unknownparam", parameters: "" });
  });

  test("RFC 4475 §3.3.14: an escaped Route in a Contact stays part of the URI", () => {
    const message = readRequest(wireOf("regescrt"));
    const contact = parseNameAddr(message.header(CONTACT) ?? "");
    expect(parseSipUri(contact?.uri ?? "")?.headers).toBe("?Route=%3Csip:sip.example.com%3E");
    expect(message.indexOf(ROUTE)).toBe(-1);
  });

  test("RFC 4475 §3.4.1: a request of RFC 2543 has neither branch nor From tag", () => {
    const message = readRequest(wireOf("inv2543"));
    expect(message.topVia.branch).toBe("");
    expect(message.fromTag).toBe("");
    expect(message.header(FROM)).toContain("user=phone");
  });
});

describe("messages after RFC 5118", () => {
  test.each([
    ["4.1", "ipv6-good", { host: "2001:db8::10", port: undefined }],
    ["4.3", "port-ambiguous", { host: "2001:db8::10:5070", port: undefined }],
    ["4.4", "port-unambiguous", { host: "2001:db8::10", port: 5070 }],
    ["4.9", "ipv4-mapped-ipv6/uri", { host: "::ffff:c000:202", port: 5062 }],
    ["4.10", "ipv6-bug-abnf-3-colons", { host: "2001:db8::c000:201", port: undefined }],
    ["4.10", "ipv6-correct-abnf-2-colons", { host: "2001:db8::c000:201", port: undefined }],
  ])("RFC 5118 section %s: %s leads to %o", (_, name, address) => {
    expect(readRequest(wireOf(name)).uri).toMatchObject(address);
  });

  test.each(["with", "no"])("RFC 5118 §4.5: received %s delimiters is the same address", (way) => {
    const { topVia } = readRequest(wireOf(`via-received-param-${way}-delim`));
    expect(topVia).toMatchObject({ host: "fd00:9::21", port: 5060, received: "2001:db8::9:255" });
  });

  test("RFC 5118 §4.7: of Vias in both versions the top one is read, the others are kept", () => {
    const message = readRequest(wireOf("mult-ip-in-header"));
    expect(message.topVia.host).toBe("fd00:9::21");
    expect(
      message
        .list(VIA)
        .slice(1)
        .map((via) => via.split(";")[0]),
    ).toEqual(["SIP/2.0/UDP [2001:db8::9:1]:6050", "SIP/2.0/UDP 192.0.2.1", "SIP/2.0/TCP [2001:db8::9:255]"]);
    expect(message.callId).toBe("2001:db8::9:1@[::ffff:192.0.2.1]");
  });
});
