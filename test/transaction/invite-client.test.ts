/** INVITE client transactions in virtual time: RFC 3261 §17.1.1, RFC 6026. */
import { describe, expect, test } from "vitest";
import { request } from "../support/messages.ts";
import { Lab, PEER } from "./lab.ts";

describe("timers A and B", () => {
  test("RFC 3261 §17.1.1.2: an unanswered INVITE is sent at 0, 500, 1500 … 31500 ms and times out at 32000", () => {
    const lab = new Lab();
    lab.send();
    lab.finish();
    expect(lab.timesOf(/^INVITE/)).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    expect(lab.heard).toEqual(["timeout@32000"]);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 3261 §17.1.1.2: each retransmission is the same text to the same peer", () => {
    const lab = new Lab();
    lab.send();
    lab.finish();
    expect(new Set(lab.sent.map((one) => one.wire)).size).toBe(1);
    expect(new Set(lab.sent.map((one) => one.flow))).toEqual(new Set([PEER]));
  });

  test.each([100, 180, 183])(
    "RFC 3261 §17.1.1.2: after a %i nothing is retransmitted, and nothing times out",
    (status) => {
      const lab = new Lab();
      lab.send();
      lab.advanceTo(700);
      lab.answer(status);
      lab.advanceTo(1_000_000);
      expect(lab.timesOf(/^INVITE/)).toEqual([0, 500]);
      expect(lab.heard).toEqual([`${status}@700`]);
      expect(lab.timers.count).toBe(0);
      expect(lab.layer.size).toBe(1);
    },
  );

  test("RFC 3261 §17.1.1.2: each provisional response is passed on", () => {
    const lab = new Lab();
    lab.send();
    for (const [index, status] of [100, 180, 180, 183].entries()) {
      lab.advanceTo(index * 1_000);
      lab.answer(status);
    }
    expect(lab.heard).toEqual(["100@0", "180@1000", "180@2000", "183@3000"]);
  });
});

describe("timer D", () => {
  test.each([302, 404, 486, 503, 603])("RFC 3261 §17.1.1.2: %i is acknowledged and passed on, once", (status) => {
    const lab = new Lab();
    lab.send();
    lab.advanceTo(100);
    lab.answer(status);
    expect(lab.heard).toEqual([`${status}@100`]);
    expect(lab.timesOf(/^ACK/)).toEqual([100]);
  });

  test("RFC 3261 §17.1.1.2: a retransmitted 486 gets the ACK again, until 32 s after the first", () => {
    const lab = new Lab();
    lab.send();
    lab.answer(100);
    lab.advanceTo(1_000);
    const repeats = [1_000, 1_500, 2_500, 32_999];
    for (const at_ms of repeats) {
      lab.advanceTo(at_ms);
      lab.answer(486);
    }
    expect(lab.timesOf(/^ACK/)).toEqual(repeats);
    const acks = lab.sent.filter((one) => one.wire.startsWith("ACK")).map((one) => one.wire);
    expect(new Set(acks).size).toBe(1);
    expect(lab.heard).toEqual(["100@0", "486@1000"]);
    expect(lab.finish()).toBe(33_000);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 3261 §17.1.1.2: after timer D the response belongs to nobody", () => {
    const lab = new Lab();
    lab.send();
    lab.answer(486);
    lab.advanceTo(32_000);
    lab.answer(486);
    expect(lab.heard).toEqual(["486@0", "stray 486@32000"]);
    expect(lab.timesOf(/^ACK/)).toEqual([0]);
  });

  test("another final response after a 486 is acknowledged, not passed on; a 2xx and a 1xx are ignored", () => {
    const lab = new Lab();
    lab.send();
    lab.answer(486);
    lab.answer(503);
    lab.answer(180);
    lab.answer(200);
    expect(lab.heard).toEqual(["486@0"]);
    expect(lab.timesOf(/^ACK/)).toHaveLength(2);
  });
});

describe("the ACK to a failure", () => {
  const parts = {
    uri: "sip:0301234@203.0.113.5:5070",
    headers: ["Route: <sip:r1;lr>", "route: <sip:r2;lr>,\r\n <sip:r3>", "Contact: <sip:201@10.0.0.1>", "Require: x"],
    cseq: "77 INVITE",
    body: "v=0\r\n",
    maxForwards: "9",
  };

  test("RFC 3261 §17.1.1.3: the whole text", () => {
    const lab = new Lab();
    lab.send(parts);
    lab.answer(486, "INVITE", "callee");
    expect(lab.sent.at(-1)).toMatchObject({ flow: PEER });
    expect(lab.sent.at(-1)?.wire).toBe(
      [
        "ACK sip:0301234@203.0.113.5:5070 SIP/2.0",
        "Via: SIP/2.0/UDP 10.222.237.1;branch=z9hG4bKclient1",
        "Max-Forwards: 70",
        "Route: <sip:r1;lr>",
        "route: <sip:r2;lr>,",
        " <sip:r3>",
        'From: "Phone 201" <sip:201@pbx.example.com>;tag=from1',
        "To: <sip:0301234@pbx.example.com>;tag=callee",
        "Call-ID: call-1@10.222.237.21",
        "CSeq: 77 ACK",
        "Content-Length: 0",
        "\r\n",
      ].join("\r\n"),
    );
  });

  test("RFC 3261 §17.1.1.3: of several Vias only the top one is in it", () => {
    const lab = new Lab();
    lab.send({ via: ["SIP/2.0/UDP 10.222.237.1;branch=z9hG4bKclient1 ;rport, SIP/2.0/UDP phone;branch=z9hG4bK0"] });
    lab.answer(486);
    const ack = lab.lastRequest();
    expect(ack.lines(1)).toBe("Via: SIP/2.0/UDP 10.222.237.1;branch=z9hG4bKclient1 ;rport\r\n");
  });
});

describe("timer M", () => {
  test("RFC 6026 §7.2: every 2xx within 64·T1 of the first is passed on, and none is acknowledged", () => {
    const lab = new Lab();
    lab.send();
    lab.advanceTo(600);
    for (const [at_ms, tag] of [
      [600, "a"],
      [1_100, "a"],
      [5_000, "b"],
      [32_599, "a"],
    ] as const) {
      lab.advanceTo(at_ms);
      lab.answer(200, "INVITE", tag);
    }
    expect(lab.heard).toEqual(["200@600", "200@1100", "200@5000", "200@32599"]);
    expect(lab.timesOf(/^ACK/)).toEqual([]);
    expect(lab.timesOf(/^INVITE/)).toEqual([0, 500]);
    expect(lab.finish()).toBe(32_600);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 6026 §7.2: in accepted everything but 2xx is ignored", () => {
    const lab = new Lab();
    lab.send();
    lab.answer(200);
    lab.answer(180);
    lab.answer(486);
    expect(lab.heard).toEqual(["200@0"]);
    expect(lab.timesOf(/^ACK/)).toEqual([]);
  });
});

describe("CANCEL", () => {
  test("RFC 3261 §9.1: before a provisional response none is sent", () => {
    const lab = new Lab();
    const invite = lab.send();
    lab.layer.cancel(invite, "", 0);
    expect(lab.firstLines).toEqual(["INVITE sip:0301234@pbx.example.com"]);
  });

  test("RFC 3261 §9.1: the whole text", () => {
    const lab = new Lab();
    const invite = lab.send({ headers: ["Route: <sip:r1;lr>", "Require: x"], cseq: "8 INVITE", body: "v=0\r\n" });
    lab.answer(180);
    lab.layer.cancel(invite, 'Reason: SIP;cause=200;text="Call completed elsewhere"\r\n', 0);
    expect(lab.sent.at(-1)?.flow).toBe(PEER);
    expect(lab.sent.at(-1)?.wire).toBe(
      [
        "CANCEL sip:0301234@pbx.example.com SIP/2.0",
        "Via: SIP/2.0/UDP 10.222.237.1;branch=z9hG4bKclient1",
        "Max-Forwards: 70",
        "Route: <sip:r1;lr>",
        'From: "Phone 201" <sip:201@pbx.example.com>;tag=from1',
        "To: <sip:0301234@pbx.example.com>",
        "Call-ID: call-1@10.222.237.21",
        "CSeq: 8 CANCEL",
        'Reason: SIP;cause=200;text="Call completed elsewhere"',
        "Content-Length: 0",
        "\r\n",
      ].join("\r\n"),
    );
  });

  test("RFC 3261 §9.1: without a final response the INVITE ends 64·T1 after the CANCEL", () => {
    const lab = new Lab();
    const invite = lab.send();
    lab.answer(180);
    lab.advanceTo(10_000);
    lab.layer.cancel(invite, "", 10_000);
    lab.answer(200, "CANCEL");
    lab.advanceTo(20_000);
    lab.answer(180);
    lab.finish();
    expect(lab.heard).toEqual(["180@0", "180@20000", "timeout@42000"]);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 3261 §17.1.2.2: an unanswered CANCEL is sent like any non-INVITE", () => {
    const lab = new Lab();
    const invite = lab.send();
    lab.answer(180);
    lab.layer.cancel(invite, "", 0);
    lab.finish();
    expect(lab.timesOf(/^CANCEL/)).toEqual([
      0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
  });

  test("RFC 3261 §9.1: the 200 to a CANCEL and the 487 to its INVITE share a branch, and each finds its own", () => {
    const lab = new Lab();
    const invite = lab.send();
    lab.answer(180);
    lab.layer.cancel(invite, "", 0);
    lab.answer(200, "CANCEL");
    lab.answer(487);
    expect(lab.heard).toEqual(["180@0", "487@0"]);
    expect(lab.firstLines.at(-1)).toBe("ACK sip:0301234@pbx.example.com");
    lab.finish();
    expect(lab.timesOf(/^CANCEL/)).toEqual([0]);
    expect(lab.layer.size).toBe(0);
  });

  test("a call that was answered in between is not cancelled any more", () => {
    const lab = new Lab();
    const invite = lab.send();
    lab.answer(180);
    lab.answer(200);
    lab.layer.cancel(invite, "", 0);
    expect(lab.timesOf(/^CANCEL/)).toEqual([]);
  });
});

test("RFC 3261 §17.1.3: transactions with different branches don't hear each other", () => {
  const lab = new Lab();
  lab.send({}, "z9hG4bKone");
  lab.send({}, "z9hG4bKtwo");
  expect(lab.layer.size).toBe(2);
  lab.answer(486);
  expect(lab.heard).toEqual(["486@0"]);
  expect(request({ via: ["SIP/2.0/UDP h;branch=z9hG4bKtwo"] }).topVia.branch).toBe(lab.lastRequest().topVia.branch);
  lab.advanceTo(500);
  expect(lab.timesOf(/^INVITE/)).toEqual([0, 0, 500]);
});
