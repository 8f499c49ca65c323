/** What is wrong with a message, and whether its sender can be told. */
import { describe, expect, test } from "vitest";
import {
  HEADER_FIELDS_MAX,
  HEADER_MAX_CHARACTERS,
  LIST_VALUES_MAX,
  MESSAGE_MAX_CHARACTERS,
} from "../../src/message/limits.ts";
import { parse } from "../../src/message/parse.ts";
import { readRequest, readResponse, requestText, responseText } from "../support/messages.ts";

const GOOD = requestText();
const ANSWER = responseText(200);

function without(text: string, name: string): string {
  return text.replace(new RegExp(`^${name}:.*\r\n`, "m"), "");
}

function replaced(text: string, name: string, value: string): string {
  return text.replace(new RegExp(`^${name}:.*$`, "m"), `${name}: ${value}`);
}

function twice(text: string, name: string): string {
  return text.replace(new RegExp(`^(${name}:.*\r\n)`, "m"), "$1$1");
}

describe("requests that get 400", () => {
  const faults: readonly (readonly [what: string, wire: string, reason: string])[] = [
    ["no Call-ID", without(GOOD, "Call-ID"), "Missing Call-ID header field"],
    ["no From", without(GOOD, "From"), "Missing From header field"],
    ["no To", without(GOOD, "To"), "Missing To header field"],
    ["no CSeq", without(GOOD, "CSeq"), "Missing CSeq header field"],
    ["an empty Call-ID", replaced(GOOD, "Call-ID", ""), "Malformed Call-ID"],
    ["an empty From", replaced(GOOD, "From", ""), "Malformed From"],
    ["an empty To", replaced(GOOD, "To", " "), "Malformed To"],
    ["an open angle bracket in To", replaced(GOOD, "To", "<sip:a@b;tag=1"), "Malformed To"],
    ["an open quote in To", replaced(GOOD, "To", '"Joe <sip:a@b>'), "Malformed To"],
    ["an open quote in To, with a tag", replaced(GOOD, "To", '"Joe <sip:a@b>;tag=1'), "Malformed To"],
    ["text behind the brackets of From", replaced(GOOD, "From", "<sip:a@b> x"), "Malformed From"],
    ["two Call-IDs", twice(GOOD, "Call-ID"), "Several Call-ID header fields"],
    ["two CSeqs", twice(GOOD, "CSeq"), "Several CSeq header fields"],
    ["two Froms", twice(GOOD, "From"), "Several From header fields"],
    ["two Tos", twice(GOOD, "To"), "Several To header fields"],
    ["two Max-Forwards", twice(GOOD, "Max-Forwards"), "Several Max-Forwards header fields"],
    ["two Content-Lengths", twice(GOOD, "Content-Length"), "Several Content-Length header fields"],
    ["long and compact Call-ID", GOOD.replace("CSeq:", "i: x\r\nCSeq:"), "Several Call-ID header fields"],
    ["CSeq without a method", replaced(GOOD, "CSeq", "1"), "Malformed CSeq"],
    ["CSeq without a number", replaced(GOOD, "CSeq", "INVITE"), "Malformed CSeq"],
    ["a negative CSeq", replaced(GOOD, "CSeq", "-1 INVITE"), "Malformed CSeq"],
    ["a CSeq of 2**31", replaced(GOOD, "CSeq", "2147483648 INVITE"), "Malformed CSeq"],
    ["a CSeq that would wrap", replaced(GOOD, "CSeq", "36893488147419103232 INVITE"), "Malformed CSeq"],
    ["CSeq with three words", replaced(GOOD, "CSeq", "1 INVITE x"), "Malformed CSeq"],
    ["another method in CSeq", replaced(GOOD, "CSeq", "1 OPTIONS"), "CSeq names another method"],
    ["the method in CSeq in another case", replaced(GOOD, "CSeq", "1 invite"), "CSeq names another method"],
    ["a line without a colon", GOOD.replace("CSeq:", "no colon here\r\nCSeq:"), "Header field without a colon"],
    ["a negative Content-Length", replaced(GOOD, "Content-Length", "-999"), "Malformed Content-Length"],
    ["a Content-Length of words", replaced(GOOD, "Content-Length", "many"), "Malformed Content-Length"],
    ["an empty Content-Length", replaced(GOOD, "Content-Length", ""), "Malformed Content-Length"],
    ["Content-Length beyond all numbers", replaced(GOOD, "Content-Length", "9".repeat(40)), "Malformed Content-Length"],
    ["a body cut short", replaced(GOOD, "Content-Length", "1"), "Body shorter than Content-Length"],
    ["a Request-URI in brackets", GOOD.replace(/sip:\S+ SIP/, "<sip:a@b> SIP"), "Malformed Request-URI"],
    ["a space in the Request-URI", GOOD.replace(/sip:\S+ SIP/, "sip:a@b; lr SIP"), "Malformed Request-URI"],
    ["two spaces before the Request-URI", GOOD.replace("INVITE sip:", "INVITE  sip:"), "Malformed Request-URI"],
    ["two spaces behind the Request-URI", GOOD.replace(" SIP/2.0", "  SIP/2.0"), "Malformed Request-URI"],
    ["a space behind the version", GOOD.replace("SIP/2.0\r", "SIP/2.0 \r"), "Malformed Request-Line"],
    ["no version", GOOD.replace(" SIP/2.0\r", "\r"), "Malformed Request-Line"],
    ["no Request-URI", GOOD.replace(/sip:\S+ /, ""), "Malformed Request-Line"],
    ["HTTP", GOOD.replace(" SIP/2.0\r", " HTTP/1.1\r"), "Malformed Request-Line"],
    ["a Via branch that is only the cookie", GOOD.replace(/branch=\S+/, "branch=z9hG4bK"), "Malformed Via"],
    ["empty Via parameters", GOOD.replace(/;branch=\S+/, ";;branch=z9hG4bK1"), "Malformed Via"],
    ["a Via that ends with a comma", GOOD.replace(/(branch=\S+)/, "$1 ,"), "Malformed Via"],
    ["an empty Via behind the top one", GOOD.replace(/(branch=\S+)/, "$1, , SIP/2.0/UDP b"), "Malformed Via"],
    ["a Via that ends with a semicolon", GOOD.replace(/(branch=\S+)/, "$1;"), "Malformed Via"],
    ["no empty line behind the header", GOOD.replace(/\r\n\r\n$/, "\r\n"), "No empty line behind the header fields"],
  ];

  test.each(faults)("RFC 3261 §16.3: %s", (_, wire, reason) => {
    expect(readRequest(wire).fault).toEqual({ status: 400, reason });
  });

  test("more header fields than the limit", () => {
    const lines = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: y`);
    const count = readRequest(GOOD).fieldCount;
    const full = requestText({ headers: lines(HEADER_FIELDS_MAX - count) });
    expect(readRequest(full).fault).toBeUndefined();
    const tooMany = requestText({ headers: lines(HEADER_FIELDS_MAX - count + 1) });
    expect(readRequest(tooMany).fault).toEqual({ status: 400, reason: "Too Many Header Fields" });
  });

  test("a header that is too long, whatever the body: 513", () => {
    const subject = (length: number) =>
      requestText({ headers: [`Subject: ${"x".repeat(length)}`], body: "y".repeat(40_000) });
    expect(readRequest(subject(HEADER_MAX_CHARACTERS - 1_000)).fault).toBeUndefined();
    expect(readRequest(subject(HEADER_MAX_CHARACTERS)).fault).toEqual({ status: 513, reason: "Message Too Large" });
  });

  test("more values than any route has, in one field or in several: 400", () => {
    const routes = (lines: number, each: number) =>
      requestText({
        headers: Array.from({ length: lines }, () => `Route: ${"<sip:a;lr>,".repeat(each)}`.slice(0, -1)),
      });
    const refusal = { status: 400, reason: "Too Many Values" };
    expect(readRequest(routes(1, LIST_VALUES_MAX - 1)).fault).toBeUndefined(); // one is Via
    expect(readRequest(routes(1, LIST_VALUES_MAX)).fault).toEqual(refusal);
    expect(readRequest(routes(LIST_VALUES_MAX - 1, 1)).fault).toBeUndefined();
    expect(readRequest(routes(LIST_VALUES_MAX, 1)).fault).toEqual(refusal);
    expect(readRequest(requestText({ headers: [`Allow: ${"A,".repeat(500)}`] })).fault).toBeUndefined();
  });

  test("the work stops at the limit: the rest of the datagram isn't looked at", () => {
    const head = GOOD.slice(0, GOOD.indexOf("From:"));
    const message = readRequest(head + "x:y\r\n".repeat(12_000));
    expect(message.fault?.status).toBe(400);
    expect(message.fieldCount).toBeLessThanOrEqual(HEADER_FIELDS_MAX + 1);
  });
});

describe("requests that get 505", () => {
  test.each(["SIP/7.0", "SIP/1.0", "SIP/2.1", "sip/10.22"])("RFC 3261 §21.5.6: %s", (version) => {
    expect(readRequest(GOOD.replace("SIP/2.0\r", `${version}\r`)).fault).toEqual({
      status: 505,
      reason: "Version Not Supported",
    });
  });
});

describe("nothing that could be answered", () => {
  const unreadable: readonly (readonly [what: string, wire: string])[] = [
    ["words", "hello\r\n\r\n"],
    ["no line end at all", "INVITE sip:a SIP/2.0"],
    ["a method that is no token", GOOD.replace("INVITE sip:", "INV(ITE sip:")],
    ["an empty method", GOOD.replace("INVITE sip:", " sip:")],
    ["a request without Via", without(GOOD, "Via")],
    ["a request whose Via has no host", replaced(GOOD, "Via", "SIP/2.0/UDP ;branch=z9hG4bK1")],
    ["a request of a foreign Via protocol", replaced(GOOD, "Via", "HTTP/2.0/UDP host")],
    ["a request whose last header line is cut off", GOOD.slice(0, GOOD.indexOf("CSeq: 1 INVITE") + 14)],
    ["a status of four digits", ANSWER.replace("200", "2000")],
    ["a status that would wrap", ANSWER.replace("200", "4294967301")],
    ["a status of two digits", ANSWER.replace("200", "20")],
    ["status 099", ANSWER.replace("200", "099")],
    ["status 700", ANSWER.replace("200", "700")],
    ["a response of another version", ANSWER.replace("SIP/2.0 200", "SIP/3.0 200")],
    ["two spaces before the status", ANSWER.replace("SIP/2.0 200", "SIP/2.0  200")],
    ["a response without Via", without(ANSWER, "Via")],
    ["a response without CSeq", without(ANSWER, "CSeq")],
    ["a response without Call-ID", without(ANSWER, "Call-ID")],
    ["a response with two To", twice(ANSWER, "To")],
    ["RFC 3261 §18.3: a response whose body is cut short", replaced(ANSWER, "Content-Length", "10")],
    ["a response with an over-large CSeq", replaced(ANSWER, "CSeq", "9292394834772304023312 INVITE")],
    ["a response without the empty line", ANSWER.replace(/\r\n\r\n$/, "\r\n")],
  ];

  test.each(unreadable)("%s", (_, wire) => {
    const parsed = parse(wire);
    expect(parsed.kind).toBe("unreadable");
    expect(parsed).toHaveProperty("why", expect.stringMatching(/\w+/));
  });

  test("more than a datagram can carry", () => {
    const fits = requestText({ body: "x".repeat(MESSAGE_MAX_CHARACTERS - GOOD.length - 4) });
    expect(fits).toHaveLength(MESSAGE_MAX_CHARACTERS);
    expect(readRequest(fits).fault).toBeUndefined();
    expect(parse(`${fits}x`).kind).toBe("unreadable");
  });
});

test("a field name isn't taken for another because of a control character in it", () => {
  const odd = GOOD.replace("Max-Forwards: 70", "Max\rForwards: 70");
  expect(readRequest(odd).fields.firsts).not.toEqual(readRequest(GOOD).fields.firsts);
  expect(() => readResponse(ANSWER.replace("Call-ID", "Call\rID"))).toThrow("Bare CR");
});

describe("fields that may come again", () => {
  // They have no bit of their own among those that say which fields have come twice.
  const LATE = ["Sock-Info", "User-Agent", "Alert-Info"];

  test.each(LATE)("two fields %s are no fault, in a request or in a response", (name) => {
    const lines = `${name}: <http://www.example.com/a>\r\n`.repeat(2);
    expect(readRequest(GOOD.replace("CSeq:", `${lines}CSeq:`)).fault).toBeUndefined();
    expect(parse(ANSWER.replace("CSeq:", `${lines}CSeq:`)).kind).toBe("response");
  });

  test.each(LATE)("one field %s is no fault where another is folded", (name) => {
    expect(readRequest(GOOD.replace("CSeq:", `Subject: a\r\n b\r\n${name}: x\r\nCSeq:`)).fault).toBeUndefined();
  });

  test("commas in User-Agent are no values of a list", () => {
    const agent = `User-Agent: ${"a,".repeat(LIST_VALUES_MAX + 1)}\r\n`;
    expect(readRequest(GOOD.replace("CSeq:", `${agent}CSeq:`)).fault).toBeUndefined();
  });
});
