/** RFC 4475: messages that break parsers; ours, and the RFC's own where its archive is at hand. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CONTACT, FROM, ROUTE, VIA } from "../../src/message/header-names.ts";
import { nameAddrParameter, parseNameAddr } from "../../src/message/name-addr.ts";
import { type Parsed, parse } from "../../src/message/parse.ts";
import { parseSipUri } from "../../src/message/uri.ts";
import { readRequest, readResponse } from "../support/messages.ts";
import { tortureMessages, type Verdict } from "./torture-messages.ts";

function verdictOn(message: Parsed): string | number {
  if (message.kind !== "request") return message.kind === "response" ? "sound" : message.kind;
  return message.fault?.status ?? "sound";
}

function accepts(verdict: Verdict): readonly (string | number)[] {
  return verdict === "open" ? ["sound", 400] : [verdict];
}

function wireOf(name: string): string {
  const found = tortureMessages.find((message) => message.name === name);
  if (found === undefined) throw new Error(`no message ${name}`);
  return found.wire;
}

describe("messages after RFC 4475", () => {
  for (const { name, section, wire, verdict } of tortureMessages) {
    test(`RFC 4475 ${section}: ${name} is ${verdict}`, () => {
      expect(accepts(verdict)).toContain(verdictOn(parse(wire)));
    });
  }

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

interface Expectation {
  readonly class: string;
  readonly is: "request" | "response";
  readonly expect: readonly string[];
}

const folder = fileURLToPath(new URL("../../../shared/corpora/rfc4475/", import.meta.url));
const hasArchive = existsSync(`${folder}expected.json`);

/** The verdicts of the parser that fit what a proxy may do; what later floors refuse, the parser lets pass. */
function acceptable({ name, class: kind, is, expect: outcomes }: Expectation & { name: string }): (string | number)[] {
  const isLeftToOthers = outcomes.some((outcome) => ["416", "420", "483", "forward"].includes(outcome));
  if (is === "response") return isLeftToOthers || name === "bcast" ? ["sound"] : ["unreadable"];
  if (kind === "valid") return ["sound"];
  const statuses = outcomes.map(Number).filter((status) => status === 400 || status === 505);
  return isLeftToOthers ? ["sound", ...statuses] : statuses;
}

describe.runIf(hasArchive)("the RFC's own messages", () => {
  const text = hasArchive ? readFileSync(`${folder}expected.json`, "utf8") : '{"messages":{}}';
  const expected = JSON.parse(text) as { messages: Record<string, Expectation> };
  const rows = Object.entries(expected.messages).map(([name, expectation]) => ({ name, ...expectation }));

  for (const row of rows) {
    test(`RFC 4475 ${row.name}: ${row.expect.join(" or ")}`, () => {
      const message = parse(readFileSync(`${folder}${row.name}.dat`, "latin1"));
      expect(acceptable(row)).toContain(verdictOn(message));
    });
  }

  test.each(["test", "baddn-with-final-crlf"])("the archive's stray %s doesn't throw", (name) => {
    expect(parse(readFileSync(`${folder}extra/${name}.dat`, "latin1"))).toHaveProperty("kind");
  });
});
