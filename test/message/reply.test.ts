/** Responses that we make ourselves: RFC 3261 §8.2.6. */
import { describe, expect, test } from "vitest";
import { TIMESTAMP, VIA } from "../../src/message/header-names.ts";
import { buildReply } from "../../src/message/reply.ts";
import { reasonPhrase } from "../../src/message/status.ts";
import { readRequest, readResponse, request, requestText } from "../support/messages.ts";

const NO_STAMP = [] as const;

describe("buildReply", () => {
  test("RFC 3261 §8.2.6.2: the whole text", () => {
    const invite = request({
      via: ["SIP/2.0/UDP a;branch=z9hG4bK1", "SIP/2.0/UDP b;branch=z9hG4bK2"],
      headers: ["Contact: <sip:201@10.0.0.1>", "Record-Route: <sip:p;lr>"],
      body: "v=0\r\n",
    });
    expect(buildReply(invite, NO_STAMP, "our-tag", { status: 404 })).toBe(
      [
        "SIP/2.0 404 Not Found",
        "Via: SIP/2.0/UDP a;branch=z9hG4bK1",
        "Via: SIP/2.0/UDP b;branch=z9hG4bK2",
        'From: "Phone 201" <sip:201@pbx.example.com>;tag=from1',
        "To: <sip:0301234@pbx.example.com>;tag=our-tag",
        "Call-ID: call-1@10.222.237.21",
        "CSeq: 1 INVITE",
        "Content-Length: 0",
        "\r\n",
      ].join("\r\n"),
    );
  });

  test("RFC 3261 §8.2.6.2: a tag in To is kept, and no second one is added", () => {
    const bye = request({ method: "BYE", to: "<sip:0301234@pbx.example.com>;tag=theirs" });
    const reply = readResponse(buildReply(bye, NO_STAMP, "ours", { status: 481 }));
    expect(reply.toTag).toBe("theirs");
    expect(reply.wire).not.toContain("ours");
  });

  test("a tag within the URI of To is no tag of To", () => {
    const invite = request({ to: "<sip:a@b;tag=uri>" });
    expect(readResponse(buildReply(invite, NO_STAMP, "ours", { status: 404 })).toTag).toBe("ours");
  });

  test("RFC 4475 §3.3.8: of fields that the request has twice, the answer has the first", () => {
    const twice = readRequest(requestText().replace(/^((?:From|To|Call-ID|CSeq):.*\r\n)/gm, "$1$1"));
    const first = requestText().split("\r\n");
    const reply = readResponse(buildReply(twice, NO_STAMP, "ours", { status: 400 }));
    for (const name of ["From", "Call-ID", "CSeq"]) {
      const line = first.find((one) => one.startsWith(`${name}:`)) ?? "";
      expect(reply.wire.split("\r\n").filter((one) => one.startsWith(`${name}:`))).toEqual([line]);
    }
    expect(reply.wire.match(/^To:/gm)).toHaveLength(1);
  });

  test("RFC 3261 §8.2.6.1: a 100 has no tag of ours, and returns Timestamp", () => {
    const invite = request({ headers: ["Timestamp: 54.1"] });
    const trying = readResponse(buildReply(invite, NO_STAMP, "ours", { status: 100 }));
    expect(trying.toTag).toBe("");
    expect(trying.header(TIMESTAMP)).toBe("54.1");
    const ringing = readResponse(buildReply(invite, NO_STAMP, "ours", { status: 180 }));
    expect(ringing.header(TIMESTAMP)).toBeUndefined();
    expect(ringing.toTag).toBe("ours");
  });

  test("RFC 3261 §18.2.1: the stamp goes into the top Via only, wherever it stands", () => {
    const invite = request({
      via: ["SIP/2.0/UDP a;rport;branch=z9hG4bK1, SIP/2.0/UDP b;rport;branch=z9hG4bK2", "SIP/2.0/UDP c;rport"],
    });
    const { topVia } = invite;
    const stamp = [
      { at: topVia.rportEnd, end: topVia.rportEnd, text: "=4444" },
      { at: topVia.end, end: topVia.end, text: ";received=10.0.0.9" },
    ];
    expect(readResponse(buildReply(invite, stamp, "t", { status: 500 })).list(VIA)).toEqual([
      "SIP/2.0/UDP a;rport=4444;branch=z9hG4bK1;received=10.0.0.9",
      "SIP/2.0/UDP b;rport;branch=z9hG4bK2",
      "SIP/2.0/UDP c;rport",
    ]);
  });

  test("further headers and a reason phrase in UTF-8", () => {
    const wire = buildReply(request(), NO_STAMP, "t", {
      status: 302,
      reason: "Später",
      headers: "Contact: <sip:0301234@10.10.1.3>\r\nRetry-After: 5\r\n",
    });
    expect(wire).toMatch(/^SIP\/2.0 302 Sp\u00c3\u00a4ter\r\n/);
    expect(wire).toContain("CSeq: 1 INVITE\r\nContact: <sip:0301234@10.10.1.3>\r\nRetry-After: 5\r\nContent-Length: 0");
  });

  test("a request that lacks To is answered with what there is", () => {
    const invite = request({ to: "" });
    expect(buildReply(invite, NO_STAMP, "t", { status: 400, reason: "Malformed To" })).toContain("Call-ID: call-1");
  });
});

describe("reasonPhrase", () => {
  test.each([
    [100, "Trying"],
    [181, "Call Is Being Forwarded"],
    [302, "Moved Temporarily"],
    [380, "Alternative Service"],
    [487, "Request Terminated"],
    [503, "Service Unavailable"],
  ])("RFC 3261 §21: %i is %s", (status, phrase) => {
    expect(reasonPhrase(status)).toBe(phrase);
  });

  test("an unknown status has some phrase", () => {
    expect(reasonPhrase(599)).toBe("Unknown");
  });
});
