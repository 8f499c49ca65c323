/** RFC 3261 §7: what is read from good messages, however they are spelled. */
import { describe, expect, test } from "vitest";
import {
  CALL_ID,
  CONTACT,
  CONTENT_LENGTH,
  CSEQ,
  FROM,
  MAX_FORWARDS,
  RECORD_ROUTE,
  ROUTE,
  SUPPORTED,
  TO,
  VIA,
} from "../../src/message/header-names.ts";
import { parse } from "../../src/message/parse.ts";
import { readRequest, readResponse, request, requestText, response, responseText } from "../support/messages.ts";

const VIA_A = "SIP/2.0/UDP a.example.com;branch=z9hG4bKa";
const VIA_B = "SIP/2.0/UDP b.example.com:5070;branch=z9hG4bKb";

describe("requests", () => {
  test("RFC 3261 §7.1: the request line and the essentials", () => {
    const invite = request({ via: [VIA_B], cseq: "4711 INVITE" });
    expect(invite.fault).toBeUndefined();
    expect(invite).toMatchObject({
      method: "INVITE",
      requestUri: "sip:0301234@pbx.example.com",
      callId: "call-1@10.222.237.21",
      cseqNumber: 4711,
      cseqMethod: "INVITE",
      fromTag: "from1",
      toTag: "",
    });
    expect(invite.topVia).toMatchObject({ host: "b.example.com", port: 5070, branch: "z9hG4bKb" });
    expect(invite.uri).toMatchObject({ user: "0301234", host: "pbx.example.com" });
  });

  test.each(["REGISTER", "X.y-9!", "invite"])("RFC 3261 §7.1: method %s is a token, in its own case", (method) => {
    expect(request({ method })).toMatchObject({ method, cseqMethod: method, fault: undefined });
  });

  test("RFC 3261 §7.1: a Request-URI of another scheme is carried as text", () => {
    const call = request({ uri: "tel:+49-30-1234;phone-context=x" });
    expect(call).toMatchObject({ requestUri: "tel:+49-30-1234;phone-context=x", uri: undefined, fault: undefined });
  });

  test("RFC 3261 §7.1: the version is compared without regard to case", () => {
    expect(readRequest(requestText().replace("SIP/2.0\r\n", "sip/2.0\r\n")).fault).toBeUndefined();
  });

  test("RFC 3261 §7.5: line ends before the start line are ignored", () => {
    const invite = readRequest(`\r\n\r\n\n${requestText()}`);
    expect(invite).toMatchObject({ method: "INVITE", fault: undefined });
    expect(readResponse(`\r\n\r\n${responseText(486, { reason: "Busy Here" })}`)).toMatchObject({
      status: 486,
      reason: "Busy Here",
    });
  });
});

describe("NUL around a message is nothing", () => {
  test.each(["\0", "\0\0\0", "\r\n\0", "\0\r\n\r\n\0", "\0".repeat(60_000)])("nothing but it: a keep-alive", (wire) => {
    expect(parse(wire).kind).toBe("keep-alive");
  });

  test.each(["\0", "\0\r\n", "\r\n\0\0"])("before the start line", (gap) => {
    expect(readRequest(gap + requestText())).toMatchObject({ method: "INVITE", fault: undefined });
    expect(readResponse(gap + responseText(486)).status).toBe(486);
  });

  test("behind the body, whether its length is announced or not", () => {
    const sdp = requestText({ body: "v=0\r\ns=x\r\n" });
    const open = sdp.replace(/Content-Length:.*\r\n/, "");
    for (const wire of [sdp, open, open.replace("v=0\r\ns=x\r\n", "")]) {
      const body = readRequest(wire).body;
      expect(readRequest(`${wire}\0`)).toMatchObject({ body, fault: undefined });
      expect(readRequest(`${wire}\0\0\0`).body).toBe(body);
    }
    const answer = responseText(200).replace(/Content-Length:.*\r\n/, "");
    expect(readResponse(`${answer}\0`).body).toBe("");
  });

  test("a body of octets keeps those at its end", () => {
    const octets = requestText({ body: "" }).replace(/Content-Length:.*\r\n/, "");
    expect(readRequest(`${octets}\x01\0\x11\0`).body).toBe("\x01\0\x11\0");
    expect(readRequest(requestText({ body: "a\0" })).body).toBe("a\0");
  });
});

describe("responses", () => {
  test("RFC 3261 §7.2: status, reason and essentials", () => {
    const ringing = response(180, { reason: "Ringing now", via: [VIA_A, VIA_B] });
    expect(ringing).toMatchObject({ status: 180, reason: "Ringing now", cseqMethod: "INVITE", toTag: "to1" });
    expect(ringing.list(VIA)).toEqual([VIA_A, VIA_B]);
  });

  test.each([
    ["SIP/2.0 200 OK", 200, "OK"],
    ["SIP/2.0 100 ", 100, ""],
    ["SIP/2.0 699", 699, ""],
    ["SIP/2.0 486 Besetzt: sp\u00c3\u00a4ter, <bitte>", 486, "Besetzt: sp\u00c3\u00a4ter, <bitte>"],
  ])("RFC 3261 §7.2: %j", (line, status, reason) => {
    expect(readResponse(responseText(200).replace(/^.*/, line))).toMatchObject({ status, reason });
  });
});

describe("header fields", () => {
  test("RFC 3261 §7.3.1: folded lines are one value", () => {
    const invite = request({ headers: ["Subject: one", "Contact: <sip:a@b>\r\n ;expires=5\r\n\t;q=1"] });
    expect(invite.header(CONTACT)).toBe("<sip:a@b> ;expires=5 ;q=1");
  });

  test("RFC 3261 §7.3.1: mandatory fields may be folded anywhere", () => {
    const invite = request({
      via: ["SIP / 2.0\r\n /UDP\r\n    192.0.2.2\r\n ;\r\n branch\r\n =\r\n z9hG4bKfold"],
      to: "\r\n <sip:201@pbx.example.com>\r\n ;tag\r\n =\r\n 12",
      cseq: "0009\r\n INVITE",
      callId: "\r\n folded@10.0.0.1",
    });
    expect(invite.fault).toBeUndefined();
    expect(invite).toMatchObject({ cseqNumber: 9, cseqMethod: "INVITE", callId: "folded@10.0.0.1", toTag: "12" });
    expect(invite.topVia).toMatchObject({ transport: "UDP", host: "192.0.2.2", branch: "z9hG4bKfold" });
  });

  test("RFC 3261 §7.3.3: compact names mean the same", () => {
    const text = requestText({ headers: ["Contact: <sip:a@b>", "Supported: path"] })
      .replace("Via:", "v:")
      .replace("From:", "f:")
      .replace("To:", "t:")
      .replace("Call-ID:", "i:")
      .replace("Contact:", "m:")
      .replace("Supported:", "k:")
      .replace("Content-Length:", "l:");
    const invite = readRequest(text);
    expect(invite.fault).toBeUndefined();
    for (const id of [VIA, FROM, TO, CALL_ID, CONTACT, SUPPORTED, CONTENT_LENGTH]) {
      expect(invite.indexOf(id)).toBeGreaterThanOrEqual(0);
    }
  });

  test.each([
    (name: string) => name.toUpperCase(),
    (name: string) => name.toLowerCase(),
    (name: string) => name.replace(/./g, (letter, index: number) => (index % 2 ? letter.toUpperCase() : letter)),
    (name: string) => `${name} \t`,
  ])("RFC 3261 §7.3.1: names in odd case and with space before the colon, kind %#", (spell) => {
    const text = requestText().replace(/^(Via|Max-Forwards|From|To|Call-ID|CSeq|Content-Length)/gm, spell);
    const invite = readRequest(text);
    expect(invite.fault).toBeUndefined();
    expect(invite.header(MAX_FORWARDS)).toBe("70");
  });

  test.each([
    ["line feeds alone", (text: string) => text.replace(/\r\n/g, "\n")],
    ["one bare line feed", (text: string) => text.replace("Contact", "X: 1\nContact")],
    ["an empty line that is a bare line feed", (text: string) => text.replace("\r\n\r\n", "\r\n\n")],
    ["a bare carriage return", (text: string) => text.replace("Contact: ", "Contact: \r")],
    ["a NUL", (text: string) => text.replace("Contact: ", "Contact: \0")],
    ["a first line that goes on from none", (text: string) => text.replace("\r\nVia", "\r\n ;x=y:z\r\nVia")],
  ])("what others might read as other lines is refused: %s", (_, spoil: (text: string) => string) => {
    const text = requestText({ via: [VIA_A, VIA_B], body: "v=0\n", headers: ["Contact: <sip:a@b>\r\n ;q=1"] });
    expect(readRequest(spoil(text)).fault).toEqual({ status: 400, reason: "Bare CR, LF or NUL in the header" });
  });

  test("a line feed, a carriage return and a NUL in the body are its own affair", () => {
    const invite = readRequest(requestText({ body: "v=0\n\0\r" }));
    expect(invite.fault).toBeUndefined();
    expect(invite.body).toBe("v=0\n\0\r");
  });

  test("RFC 3261 §7.3.1: several values on a line and several lines are one list, in order", () => {
    const invite = request({
      via: [`${VIA_A} , ${VIA_B}`, "SIP/2.0/TCP c.example.com;branch=z9hG4bKc"],
      headers: ["Route: <sip:r1;lr>, <sip:r2;lr>", "X-Between: 1", "Route: <sip:r3;lr>", "Record-Route: <sip:p,q@h>"],
    });
    expect(invite.topVia).toMatchObject({ host: "a.example.com", branch: "z9hG4bKa" });
    expect(invite.list(VIA)).toEqual([VIA_A, VIA_B, "SIP/2.0/TCP c.example.com;branch=z9hG4bKc"]);
    expect(invite.list(ROUTE)).toEqual(["<sip:r1;lr>", "<sip:r2;lr>", "<sip:r3;lr>"]);
    expect(invite.list(RECORD_ROUTE)).toEqual(["<sip:p,q@h>"]);
  });

  test("unknown fields count and stay where they are", () => {
    const invite = request({ headers: ["NewFangledHeader: newfangled value\r\n continued", "X: ", "Nothing:"] });
    expect(invite.fault).toBeUndefined();
    expect(invite.fieldCount).toBe(10);
    const texts = Array.from({ length: invite.fieldCount }, (_, index) => invite.value(index));
    expect(texts).toContain("newfangled value continued");
    expect(texts.filter((text) => text === "")).toHaveLength(2);
  });

  test("lines() gives a field's lines as they came, with folding and line ends", () => {
    const invite = request({ headers: ["route: <sip:r1;lr>\r\n ,<sip:r2;lr>", "X: y", "Route:<sip:r3>"] });
    expect(invite.lines(ROUTE)).toBe("route: <sip:r1;lr>\r\n ,<sip:r2;lr>\r\nRoute:<sip:r3>\r\n");
    expect(invite.lines(RECORD_ROUTE)).toBe("");
  });

  test("indexOf finds each field in turn", () => {
    const invite = request({ headers: ["Route: <sip:r1>", "X: y", "Route: <sip:r2>"] });
    const first = invite.indexOf(ROUTE);
    const second = invite.indexOf(ROUTE, first + 1);
    expect(invite.value(first)).toBe("<sip:r1>");
    expect(invite.value(second)).toBe("<sip:r2>");
    expect(invite.fieldId(second)).toBe(ROUTE);
    expect(invite.indexOf(ROUTE, second + 1)).toBe(-1);
    expect(invite.indexOf(CSEQ, 0)).toBe(invite.indexOf(CSEQ));
  });
});

describe("bodies", () => {
  test("RFC 3261 §18.3: over UDP a body without Content-Length goes to the end of the datagram", () => {
    const text = requestText({ body: "v=0\r\n" }).replace(/Content-Length: 5\r\n/, "");
    expect(readRequest(text)).toMatchObject({ body: "v=0\r\n", fault: undefined });
  });

  test("RFC 3261 §18.3: what is behind Content-Length is thrown away", () => {
    const invite = readRequest(`${requestText({ body: "v=0\r\n" })}INVITE sip:other SIP/2.0\r\n`);
    expect(invite.body).toBe("v=0\r\n");
    expect(invite.wire.endsWith("v=0\r\n")).toBe(true);
    expect(readResponse(`${responseText(200)}rest`).body).toBe("");
  });

  test("octets of any value stay as they came", () => {
    const body = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet)).join("");
    expect(request({ body }).body).toBe(body);
  });
});

describe("what is no message", () => {
  test.each(["", "\r\n\r\n", "\r\n", "\n", " \t\r\n"])("RFC 5626 §3.5.1: %j is a keep-alive", (wire) => {
    expect(parse(wire)).toEqual({ kind: "keep-alive" });
  });
});
