/** All that may come from the network: parsing never throws, takes no long time, and what it gives hangs together. */

import { describe, expect, test } from "vitest";
import { CONTACT, ROUTE, VIA } from "../../src/message/header-names.ts";
import { HEADER_FIELDS_MAX, MESSAGE_MAX_CHARACTERS } from "../../src/message/limits.ts";
import type { Request, Response } from "../../src/message/message.ts";
import { parseNameAddr } from "../../src/message/name-addr.ts";
import { parse } from "../../src/message/parse.ts";
import { buildReply } from "../../src/message/reply.ts";
import { parseSipUri } from "../../src/message/uri.ts";
import { parseVia } from "../../src/message/via.ts";
import { loopHash } from "../../src/transaction/branch-id.ts";
import { serverKey } from "../../src/transaction/transaction-key.ts";
import { stampVia } from "../../src/transport/receive.ts";
import { readResponse } from "../support/messages.ts";
import { processorTime_ms } from "../support/processor-time.ts";
import fc from "../support/properties.ts";
import { flowFrom } from "../transport/flows.ts";
import { octets, spoiledMessage } from "./arbitraries.ts";

const SOURCE = flowFrom("192.0.2.77", 40_000);

/** Reads all that others read of a message; the places of its fields must follow each other. */
function readAll(message: Request | Response): void {
  let end = message.fields.start;
  expect(message.fieldCount).toBeLessThanOrEqual(HEADER_FIELDS_MAX + 1);
  for (let index = 0; index < message.fieldCount; index++) {
    expect(message.fieldStart(index)).toBe(end);
    expect(message.valueStart(index)).toBeGreaterThanOrEqual(end);
    expect(message.valueEnd(index)).toBeGreaterThanOrEqual(message.valueStart(index));
    end = message.fieldStart(index + 1);
    expect(message.valueEnd(index)).toBeLessThanOrEqual(end);
    message.value(index);
  }
  for (const id of [VIA, ROUTE, CONTACT]) message.list(id).map(parseNameAddr);
  expect(message.topVia.end).toBeLessThanOrEqual(message.valueEnd(message.indexOf(VIA)));
  expect([message.body, message.fromTag, message.toTag].every((text) => typeof text === "string")).toBe(true);
}

/** A request without fault can be told apart, answered, and recognised when it comes again. */
function answer(request: Request): void {
  const again = parse(request.wire);
  expect(again).toMatchObject({ kind: "request", method: request.method, fault: undefined });
  if (again.kind !== "request") return;
  expect(serverKey(again)).toBe(serverKey(request));
  expect(loopHash(again)).toBe(loopHash(request));
  const reply = readResponse(buildReply(request, stampVia(request, SOURCE), "ours", { status: 404 }));
  expect(reply).toMatchObject({ status: 404, callId: request.callId, cseqNumber: request.cseqNumber });
  expect(reply.topVia).toMatchObject({ branch: request.topVia.branch, host: request.topVia.host });
  expect(reply.list(VIA)).toHaveLength(request.list(VIA).length);
  expect(reply.toTag).not.toBe("");
}

describe("parse", () => {
  test("never throws, whatever the octets", () => {
    fc.assert(
      fc.property(octets(400), (wire) => {
        expect(["request", "response", "unreadable", "keep-alive"]).toContain(parse(wire).kind);
      }),
      { numRuns: 2_000 },
    );
  });

  test("of a spoiled message, what is read hangs together, and what has no fault can be answered", () => {
    const seen = { request: 0, response: 0, unreadable: 0, "keep-alive": 0, sound: 0 };
    fc.assert(
      fc.property(spoiledMessage, (wire) => {
        const message = parse(wire);
        seen[message.kind] += 1;
        if (message.kind === "request" || message.kind === "response") readAll(message);
        if (message.kind !== "request" || message.fault !== undefined) return;
        seen.sound += 1;
        answer(message);
      }),
      { numRuns: 4_000 },
    );
    expect(seen.sound).toBeGreaterThan(200);
    expect(seen.unreadable).toBeGreaterThan(200);
  });

  test("a response that was read is read the same again", () => {
    fc.assert(
      fc.property(spoiledMessage, (wire) => {
        const message = parse(wire);
        if (message.kind !== "response") return;
        const { status, callId, cseqNumber, cseqMethod } = message;
        expect(parse(message.wire)).toMatchObject({ kind: "response", status, callId, cseqNumber, cseqMethod });
      }),
      { numRuns: 1_000 },
    );
  });

  const head = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n";
  test.each([
    "a\n",
    "\n ",
    "a:\n",
    "v:<",
    "v: SIP/2.0/UDP h,",
    'a:"\\',
    "f:<\r\n",
    "t: ;;;;,,,,\r\n",
    "\r",
    "   ",
    ";x",
    "m:<sip:a>,",
    "i:\r\n ",
  ])("a datagram full of %j is read at once", (piece) => {
    const wire = (head + piece.repeat(MESSAGE_MAX_CHARACTERS)).slice(0, MESSAGE_MAX_CHARACTERS);
    const read = () => {
      const message = parse(wire);
      if (message.kind === "request") readAll(message);
    };
    expect(processorTime_ms(read)).toBeLessThan(1_000);
  });
});

describe("values", () => {
  test("URIs, name-addrs and Vias never throw", () => {
    const punctuation = fc.constantFrom(...'<>"\\;:@,?=[]%.-/ \r\n\tsipSIP2.0UDPabc019'.split(""));
    fc.assert(
      fc.property(fc.string({ unit: punctuation, maxLength: 60 }), (text) => {
        for (const candidate of [text, `sip:${text}`, `<sip:${text}>`, `"${text}`]) {
          const value = parseNameAddr(candidate);
          if (value !== undefined) expect(value.uri).not.toMatch(/^\s|\s$|^$/);
          const uri = parseSipUri(candidate);
          if (uri !== undefined) expect(uri.host).not.toBe("");
        }
        const via = parseVia(`SIP/2.0/UDP ${text}`, 0, 12 + text.length);
        if (via !== undefined) expect(via.end).toBeLessThanOrEqual(12 + text.length);
      }),
      { numRuns: 3_000 },
    );
  });

  test("a URI that is put together from parts is read as those parts", () => {
    const word = fc.string({
      unit: fc.constantFrom(..."abc019-_.!~*'()&=+$,;?/%41".split("")),
      minLength: 1,
      maxLength: 8,
    });
    const host = fc.constantFrom("a", "pbx.example.com", "10.0.0.1", "[2001:db8::1]");
    const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
    const parameters = fc.constantFrom("", ";lr", ";transport=udp;lr", ";x=%41");
    const headers = fc.constantFrom("", "?a=b", "?a=b&c=d;e");
    fc.assert(
      fc.property(word, host, port, parameters, headers, (user, hostText, portNumber, parameterText, headerText) => {
        const address = portNumber === undefined ? hostText : `${hostText}:${portNumber}`;
        expect(parseSipUri(`sip:${user}@${address}${parameterText}${headerText}`)).toMatchObject({
          user,
          host: hostText.replace(/[[\]]/g, ""),
          port: portNumber,
          parameters: parameterText,
          headers: headerText,
        });
      }),
      { numRuns: 500 },
    );
  });
});
