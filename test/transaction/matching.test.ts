/** Which transaction a message belongs to: RFC 3261 §17.1.3, §17.2.3. */
import { describe, expect, test } from "vitest";
import { clientKey, serverKey, serverKeyAs } from "../../src/transaction/transaction-key.ts";
import { type RequestParts, request, response } from "../support/messages.ts";
import { Lab } from "./lab.ts";

const keyOf = (parts: RequestParts) => serverKey(request(parts));

/** What an RFC 2543 client sends: no branch that starts with the cookie. */
const OLD: RequestParts = { via: ["SIP/2.0/UDP 10.0.0.1:5060"], cseq: "7 INVITE", from: "<sip:201@h>;tag=f" };

describe("RFC 3261 §17.2.3: server transactions of RFC 3261 clients", () => {
  const base: RequestParts = { via: ["SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa"] };

  test.each<readonly [string, RequestParts, boolean]>([
    ["the same again", base, true],
    ["its ACK, with another CSeq and To", { ...base, method: "ACK", cseq: "1 ACK", to: "<sip:x@y>;tag=1" }, true],
    ["other text around the same branch", { ...base, callId: "other", uri: "sip:other@h" }, true],
    ["the same sent-by in another spelling", { via: ["SIP/2.0/UDP 10.0.0.1:5060 ;rport;branch=z9hG4bKa"] }, true],
    ["another branch", { via: ["SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKb"] }, false],
    ["the branch in another case", { via: ["SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKA"] }, false],
    ["another sent-by host", { via: ["SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKa"] }, false],
    ["another sent-by port", { via: ["SIP/2.0/UDP 10.0.0.1:5061;branch=z9hG4bKa"] }, false],
    ["another method", { ...base, method: "BYE" }, false],
    ["its CANCEL", { ...base, method: "CANCEL", cseq: "1 CANCEL" }, false],
  ])("%s: the same transaction: %s", (_, parts, isSame) => {
    expect(keyOf(parts) === keyOf(base)).toBe(isSame);
  });

  test("RFC 3261 §9.2: a CANCEL finds its INVITE", () => {
    const cancel = request({ ...base, method: "CANCEL", cseq: "1 CANCEL" });
    expect(serverKeyAs(cancel, "INVITE")).toBe(keyOf(base));
  });
});

describe("RFC 3261 §17.2.3: server transactions of RFC 2543 clients", () => {
  test.each<readonly [string, RequestParts, boolean]>([
    ["the same again", OLD, true],
    ["its ACK, whose To has a tag", { ...OLD, method: "ACK", cseq: "7 ACK", to: "<sip:x@y>;tag=1" }, true],
    [
      "a branch without the cookie is text like any other",
      { ...OLD, via: ["SIP/2.0/UDP 10.0.0.1:5060;branch=1"] },
      false,
    ],
    ["another Request-URI", { ...OLD, uri: "sip:other@h" }, false],
    ["another From tag", { ...OLD, from: "<sip:201@h>;tag=g" }, false],
    ["another Call-ID", { ...OLD, callId: "other" }, false],
    ["another CSeq number", { ...OLD, cseq: "8 INVITE" }, false],
    ["another top Via", { ...OLD, via: ["SIP/2.0/UDP 10.0.0.2:5060"] }, false],
    ["another Via below", { ...OLD, via: ["SIP/2.0/UDP 10.0.0.1:5060", "SIP/2.0/UDP below"] }, true],
    ["its CANCEL", { ...OLD, method: "CANCEL", cseq: "7 CANCEL" }, false],
  ])("%s: the same transaction: %s", (_, parts, isSame) => {
    expect(keyOf(parts) === keyOf(OLD)).toBe(isSame);
  });

  test("RFC 3261 §9.2: a CANCEL finds its INVITE", () => {
    expect(serverKeyAs(request({ ...OLD, method: "CANCEL", cseq: "7 CANCEL" }), "INVITE")).toBe(keyOf(OLD));
  });

  test("RFC 3261 §17.2.3: a whole call attempt of an RFC 2543 phone", () => {
    const lab = new Lab();
    const transaction = lab.open(OLD);
    lab.arrive(OLD);
    lab.arrive({ ...OLD, method: "CANCEL", cseq: "7 CANCEL" });
    lab.reply(transaction, 487);
    lab.arrive({ ...OLD, method: "ACK", cseq: "7 ACK", to: `<sip:0301234@pbx.example.com>;tag=${transaction.toTag}` });
    expect(lab.firstLines).toEqual(["100 Trying", "100 Trying", "200 OK", "487 Request Terminated"]);
    expect(lab.heard).toEqual(["cancel@0", "ack@0"]);
    lab.finish();
    expect(lab.layer.size).toBe(0);
  });
});

describe("RFC 3261 §17.1.3: client transactions", () => {
  test.each([
    ["INVITE", "ACK", true],
    ["INVITE", "CANCEL", false],
    ["CANCEL", "CANCEL", true],
    ["INVITE", "INVITE", true],
  ])("one branch, methods %s and %s: the same transaction: %s", (a, b, isSame) => {
    expect(clientKey("z9hG4bKa", a) === clientKey("z9hG4bKa", b)).toBe(isSame);
    expect(clientKey("z9hG4bKa", a)).not.toBe(clientKey("z9hG4bKb", b));
  });

  test("a response with another branch, or to another method, is stray", () => {
    const lab = new Lab();
    lab.send({ method: "OPTIONS" }, "z9hG4bKmine");
    const via = (branch: string) => [`SIP/2.0/UDP 10.222.237.1;branch=${branch}`];
    lab.receive(response(200, { via: via("z9hG4bKother"), method: "OPTIONS" }));
    lab.receive(response(200, { via: via("z9hG4bKmine"), method: "CANCEL" }));
    lab.receive(response(200, { via: via("z9hG4bKmine"), method: "OPTIONS" }));
    expect(lab.heard).toEqual(["stray 200@0", "stray 200@0", "200@0"]);
  });

  test("RFC 3261 §18.1.2: a response without any Via parameter is stray", () => {
    const lab = new Lab();
    lab.send();
    lab.receive(response(200, { via: ["SIP/2.0/UDP 10.222.237.1"] }));
    expect(lab.heard).toEqual(["stray 200@0"]);
  });
});
