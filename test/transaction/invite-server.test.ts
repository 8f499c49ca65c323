/** INVITE server transactions in virtual time: RFC 3261 §17.2.1, RFC 6026. */
import { describe, expect, test } from "vitest";
import type { ServerTransaction } from "../../src/transaction/server-transaction.ts";
import { readResponse, request } from "../support/messages.ts";
import { Lab, PHONE } from "./lab.ts";

/** The INVITE's ACK to a failure. */
const ACK = { method: "ACK", cseq: "1 ACK", to: "<sip:0301234@pbx.example.com>;tag=t100000000" };

function open(): { lab: Lab; transaction: ServerTransaction } {
  const lab = new Lab();
  return { lab, transaction: lab.open() };
}

describe("proceeding", () => {
  test("RFC 3261 §17.2.1: an INVITE gets 100 at once, to where it came from", () => {
    const { lab } = open();
    expect(lab.firstLines).toEqual(["100 Trying"]);
    expect(lab.sent[0]).toMatchObject({ at_ms: 0, flow: PHONE });
  });

  test("RFC 3261 §17.2.1: a retransmitted INVITE gets the last provisional response, and nobody is told", () => {
    const { lab, transaction } = open();
    lab.advanceTo(500);
    lab.arrive({});
    lab.reply(transaction, 180);
    lab.advanceTo(1_500);
    lab.arrive({});
    lab.reply(transaction, 183);
    lab.advanceTo(3_500);
    lab.arrive({});
    expect(lab.sent.map((one) => `${one.wire.slice(8, 11)}@${one.at_ms}`)).toEqual([
      "100@0",
      "100@500",
      "180@500",
      "180@1500",
      "183@1500",
      "183@3500",
    ]);
    expect(lab.servers).toHaveLength(1);
  });

  test("no timer of the transaction ends it, however long it rings", () => {
    const { lab, transaction } = open();
    lab.reply(transaction, 180);
    lab.advanceTo(10_000_000);
    expect(lab.layer.size).toBe(1);
    expect(lab.timers.count).toBe(0);
  });

  test("the tag in To is one and the same in all our responses", () => {
    const { lab, transaction } = open();
    for (const status of [180, 181, 302]) lab.reply(transaction, status);
    const tags = lab.sent.map((one) => readResponse(one.wire).toTag);
    expect(tags[0]).toBe("");
    expect(new Set(tags.slice(1))).toEqual(new Set([transaction.toTag]));
  });
});

describe("timers G and H", () => {
  test.each([302, 404, 486, 503, 603])(
    "RFC 3261 §17.2.1: an unacknowledged %i is sent at 0, 500, 1500, 3500, 7500, 11500 … 31500 ms and given up at 32000",
    (status) => {
      const { lab, transaction } = open();
      lab.advanceTo(1_000);
      lab.reply(transaction, status);
      lab.finish();
      const expected = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
      expect(lab.timesOf(new RegExp(`^SIP/2.0 ${status}`))).toEqual(expected.map((at_ms) => at_ms + 1_000));
      expect(lab.heard).toEqual(["no ack@33000"]);
      expect(lab.layer.size).toBe(0);
    },
  );

  test("RFC 3261 §17.2.1: a retransmitted INVITE gets the final response too, and timer G goes on as it was", () => {
    const { lab, transaction } = open();
    lab.reply(transaction, 486);
    lab.advanceTo(700);
    lab.arrive({});
    lab.advanceTo(3_500);
    expect(lab.timesOf(/^SIP\/2.0 486/)).toEqual([0, 500, 700, 1_500, 3_500]);
  });

  test("nothing else can be said after a final response", () => {
    const { lab, transaction } = open();
    lab.reply(transaction, 486);
    for (const status of [180, 200, 500]) lab.reply(transaction, status);
    expect(lab.layer.respond(transaction, 200, "SIP/2.0 200 OK\r\n\r\n", 0)).toBe(false);
    lab.advanceTo(500);
    expect(lab.firstLines).toEqual(["100 Trying", "486 Unknown", "486 Unknown"]);
  });
});

describe("timer I", () => {
  test("RFC 3261 §17.2.1: the ACK stops retransmission; T4 more absorbs what comes again", () => {
    const { lab, transaction } = open();
    lab.reply(transaction, 486);
    lab.advanceTo(600);
    lab.arrive(ACK);
    lab.advanceTo(2_000);
    lab.arrive(ACK);
    lab.arrive({});
    expect(lab.finish()).toBe(5_600);
    expect(lab.timesOf(/^SIP\/2.0 486/)).toEqual([0, 500]);
    expect(lab.heard).toEqual(["ack@600"]);
    expect(lab.layer.size).toBe(0);
  });

  test("after timer I an ACK belongs to nobody, and the INVITE is a new one", () => {
    const { lab, transaction } = open();
    lab.reply(transaction, 486);
    lab.arrive(ACK);
    lab.finish();
    lab.arrive(ACK);
    expect(lab.heard).toEqual(["ack@0", "stray ACK@5000"]);
    expect(lab.arrive({})).toBeDefined();
  });

  test("an ACK before any final response is ignored", () => {
    const { lab, transaction } = open();
    lab.arrive(ACK);
    expect(lab.heard).toEqual([]);
    expect(transaction.state).toBe("proceeding");
  });
});

describe("timer L", () => {
  const OK = "SIP/2.0 200 OK\r\nX: forwarded\r\n\r\n";

  test("RFC 6026 §7.1: after a 2xx retransmitted INVITEs are absorbed for 64·T1", () => {
    const { lab, transaction } = open();
    lab.advanceTo(2_000);
    expect(lab.layer.respond(transaction, 200, OK, 2_000)).toBe(true);
    for (const at_ms of [2_500, 33_999]) {
      lab.advanceTo(at_ms);
      lab.arrive({});
    }
    expect(lab.timesOf(/^SIP\/2.0 200/)).toEqual([2_000]);
    expect(lab.servers).toHaveLength(1);
    expect(lab.finish()).toBe(34_000);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 6026 §7.1: further 2xx pass in that time, and only then", () => {
    const { lab, transaction } = open();
    for (const at_ms of [0, 500, 31_999]) {
      lab.advanceTo(at_ms);
      expect(lab.layer.respond(transaction, 200, OK, at_ms)).toBe(true);
    }
    expect(lab.layer.respond(transaction, 486, "SIP/2.0 486 Busy\r\n\r\n", 31_999)).toBe(false);
    expect(lab.layer.respond(transaction, 180, "SIP/2.0 180 Ringing\r\n\r\n", 31_999)).toBe(false);
    lab.advanceTo(32_000);
    expect(lab.layer.respond(transaction, 200, OK, 32_000)).toBe(false);
    expect(lab.timesOf(/^SIP\/2.0 200/)).toEqual([0, 500, 31_999]);
  });

  test("RFC 3261 §17.2.1: we don't retransmit a 2xx ourselves", () => {
    const { lab, transaction } = open();
    lab.layer.respond(transaction, 200, OK, 0);
    lab.finish();
    expect(lab.timesOf(/^SIP\/2.0 200/)).toEqual([0]);
  });

  test("RFC 6026 §7.1: an ACK in accepted is for the callee: it goes to the transaction user", () => {
    const { lab, transaction } = open();
    lab.layer.respond(transaction, 200, OK, 0);
    lab.arrive({ ...ACK, via: ["SIP/2.0/UDP 10.222.237.21:5060;branch=z9hG4bKack2"] });
    lab.arrive(ACK); // old phones send it with the branch of the INVITE
    expect(lab.heard).toEqual(["stray ACK@0", "stray ACK@0"]);
  });
});

describe("CANCEL", () => {
  const CANCEL = { method: "CANCEL", cseq: "1 CANCEL" };

  test("RFC 3261 §9.2: a CANCEL gets 200 with the INVITE's tag, and the transaction user is told", () => {
    const { lab, transaction } = open();
    lab.advanceTo(40);
    lab.arrive(CANCEL);
    const reply = readResponse(lab.sent.at(-1)?.wire ?? "");
    expect(reply).toMatchObject({ status: 200, cseqMethod: "CANCEL", toTag: transaction.toTag });
    expect(lab.heard).toEqual(["cancel@40"]);
    lab.reply(transaction, 487);
    expect(lab.timesOf(/^SIP\/2.0 487/)).toEqual([40]);
  });

  test("RFC 3261 §9.2: after a final response a CANCEL gets 200 and has no effect", () => {
    for (const status of [200, 486]) {
      const { lab, transaction } = open();
      lab.reply(transaction, status);
      lab.arrive(CANCEL);
      expect(lab.firstLines.at(-1)).toBe("200 OK");
      expect(lab.heard).toEqual([]);
    }
  });

  test("RFC 3261 §17.2.2: a retransmitted CANCEL gets its 200 again, and nobody is told twice", () => {
    const { lab } = open();
    lab.arrive(CANCEL);
    lab.advanceTo(500);
    lab.arrive(CANCEL);
    expect(lab.timesOf(/^SIP\/2.0 200/)).toEqual([0, 500]);
    expect(lab.heard).toEqual(["cancel@0"]);
  });

  test("RFC 3261 §16.10: a CANCEL without an INVITE goes to the transaction user and leaves no transaction", () => {
    const lab = new Lab();
    lab.arrive(CANCEL);
    expect(lab.heard).toEqual(["stray CANCEL@0"]);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 3261 §9.2: a CANCEL with the branch of another request finds no INVITE", () => {
    const lab = new Lab();
    lab.open({ method: "OPTIONS" });
    lab.arrive(CANCEL);
    expect(lab.heard).toEqual(["stray CANCEL@0"]);
  });

  test("the CANCEL's own transaction ends 64·T1 later", () => {
    const { lab, transaction } = open();
    lab.arrive(request(CANCEL));
    lab.reply(transaction, 487);
    lab.arrive(ACK);
    expect(lab.layer.size).toBe(2);
    expect(lab.finish()).toBe(32_000);
    expect(lab.layer.size).toBe(0);
  });
});
