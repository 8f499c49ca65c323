/** What the agents write, where a mistake would look like one of the proxy's. */
import { describe, expect, test } from "vitest";
import { grant, grantedTo, hopText, requestText, responseText, sdp } from "./build.ts";
import { branchOf, header, headers, list, readSip, requestUriOf, tagOf } from "./message.ts";

const INVITE = {
  method: "INVITE",
  uri: "sip:bob@192.0.2.2",
  from: "<sip:alice@x>;tag=a",
  to: "<sip:bob@x>",
  callId: "c",
  cseq: 7,
  routes: ["<sip:p@192.0.2.9;lr>"],
};

describe("requests", () => {
  test("the length is that of the body, in octets of the wire", () => {
    const wire = requestText("192.0.2.1:5060", { ...INVITE, session: sdp("192.0.2.1") });
    const message = readSip(wire);
    expect(header(message, "content-length")).toBe(String(message.body.length));
    expect(header(message, "content-type")).toBe("application/sdp");
    expect(wire.endsWith(sdp("192.0.2.1"))).toBe(true);
  });

  test("CANCEL and the ACK of a failure share Via and CSeq number with their INVITE, whatever was added on the way", () => {
    const invite = readSip(requestText("192.0.2.1:5060", INVITE));
    const failure = readSip(
      responseText(invite, 486, { toTag: "b" }).replace(";rport", ";rport=5060;received=192.0.2.1"),
    );
    for (const [method, like] of [["CANCEL", invite] as const, ["ACK", failure] as const]) {
      const hop = readSip(hopText(method, like, { uri: INVITE.uri, routes: INVITE.routes }));
      expect(branchOf(hop)).toBe(branchOf(invite));
      expect(header(hop, "via")).not.toMatch(/received|rport=/);
      expect(header(hop, "cseq")).toBe(`7 ${method}`);
      expect(headers(hop, "route")).toEqual(INVITE.routes);
      expect(requestUriOf(hop)).toBe(INVITE.uri);
      expect(tagOf(header(hop, "to"))).toBe(method === "ACK" ? "b" : "");
    }
  });
});

describe("a registrar's answer", () => {
  const answer = (contact: string, ...extra: string[]) => {
    const parts = { ...INVITE, method: "REGISTER", extra: [`Contact: ${contact}`, ...extra] };
    const register = readSip(requestText("192.0.2.1:5060", parts));
    return readSip(responseText(register, 200, { extra: grant(register) }));
  };

  test("grants what the Contact asks for before what the Expires field does, and keeps the Contact's other parameters", () => {
    const own = "<sip:201@192.0.2.1>;expires=60;+sip.instance=x";
    const ok = answer(own, "Expires: 300");
    expect(list(ok, "contact")).toEqual(["<sip:201@192.0.2.1>;+sip.instance=x;expires=60"]);
    expect(grantedTo(ok, "sip:201@192.0.2.1")).toBe(60);
    expect(grantedTo(answer("<sip:201@192.0.2.1>", "Expires: 300"), "sip:201@192.0.2.1")).toBe(300);
  });

  test("has the Path that the REGISTER brought", () => {
    const ok = answer("<sip:201@192.0.2.1>", "Expires: 300", "Path: <sip:p@192.0.2.9;lr>");
    expect(headers(ok, "path")).toEqual(["<sip:p@192.0.2.9;lr>"]);
  });
});
