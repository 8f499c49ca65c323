/** Transactions over TCP and TLS: nothing is sent twice, and what only absorbs repetitions is over at once (RFC 3261 table 4). */
import { describe, expect, test } from "vitest";
import type { Flow } from "../../src/transport/flow.ts";
import { requestText } from "../support/messages.ts";
import { over } from "../transport/flows.ts";
import { Lab, PEER, PHONE } from "./lab.ts";

const streamOf = (flow: Flow): Flow => ({ ...flow, listener: over("tcp", flow.listener) });
const STREAM = streamOf(PEER);
const ACK = { method: "ACK", cseq: "1 ACK", to: "<sip:0301234@pbx.example.com>;tag=t100000000" };

/** A request that has left by a stream. */
function asked(method: "INVITE" | "OPTIONS"): Lab {
  const lab = new Lab();
  const wire = requestText({ method, cseq: `1 ${method}`, via: ["SIP/2.0/TCP 10.222.237.1;branch=z9hG4bK1"] });
  lab.layer.send(method, "z9hG4bK1", wire, STREAM, lab.clientUser(), 0);
  return lab;
}

describe("client transactions", () => {
  test.each(["INVITE", "OPTIONS"] as const)(
    "RFC 3261 §17.1.1.2, §17.1.2.2: an unanswered %s leaves once; timers B and F run all the same",
    (method) => {
      const lab = asked(method);
      lab.finish();
      expect(lab.sent.map(({ at_ms }) => at_ms)).toEqual([0]);
      expect(lab.heard).toEqual(["timeout@32000"]);
    },
  );

  test.each(["INVITE", "OPTIONS"] as const)(
    "table 4: timers D and K are 0: after a 486 to %s nothing is left",
    (method) => {
      const lab = asked(method);
      lab.advanceTo(700);
      lab.answer(486, method);
      lab.advanceTo(700);
      expect(lab.timesOf(/^ACK/)).toEqual(method === "INVITE" ? [700] : []);
      expect(lab.layer.size).toBe(0);
    },
  );

  test("RFC 6026 §7.2: timer M is none of them: further 2xx pass for 32 s", () => {
    const lab = asked("INVITE");
    lab.answer(200);
    lab.advanceTo(31_999);
    lab.answer(200, "INVITE", "to2");
    expect(lab.heard).toEqual(["200@0", "200@31999"]);
    expect(lab.finish()).toBe(32_000);
    expect(lab.layer.size).toBe(0);
  });
});

describe("RFC 3261 §18.4: a connection that had served before ends", () => {
  test.each(["INVITE", "OPTIONS"] as const)(
    "%s without any answer: it leaves once more, and no more than once",
    (method) => {
      const lab = asked(method);
      lab.advanceTo(7);
      lab.layer.receiveUnreachable(STREAM, 7, "", true);
      expect(lab.sent.map(({ at_ms }) => at_ms)).toEqual([0, 7]);
      expect(lab.sent[1]?.wire).toBe(lab.sent[0]?.wire);
      expect(lab.heard).toEqual([]);
      lab.advanceTo(9);
      lab.layer.receiveUnreachable(STREAM, 9, "", true);
      expect(lab.sent).toHaveLength(2);
      expect(lab.heard).toEqual(["unreachable@9"]);
    },
  );

  test("its timers B and F go on as they were", () => {
    const lab = asked("INVITE");
    lab.advanceTo(30_000);
    lab.layer.receiveUnreachable(STREAM, 30_000, "", true);
    lab.finish();
    expect(lab.heard).toEqual(["timeout@32000"]);
  });

  test("a 100 has come: whoever waits is told, or goes on waiting for what rings", () => {
    for (const [method, heard] of [
      ["INVITE", ["100@0"]],
      ["OPTIONS", ["100@0", "unreachable@0"]],
    ] as const) {
      const lab = asked(method);
      lab.answer(100, method);
      lab.layer.receiveUnreachable(STREAM, 0, "", true);
      expect(lab.sent).toHaveLength(1);
      expect(lab.heard).toEqual(heard);
    }
  });
});

describe("server transactions", () => {
  test("RFC 3261 §17.2.1: a failure leaves once, timer H waits for its ACK, timer I is 0", () => {
    const lab = new Lab();
    lab.reply(lab.open({}, streamOf(PHONE)), 486);
    lab.advanceTo(20_000);
    expect(lab.timesOf(/^SIP\/2.0 486/)).toEqual([0]);
    lab.arrive(ACK, streamOf(PHONE));
    lab.advanceTo(20_000);
    expect(lab.heard).toEqual(["ack@20000"]);
    expect(lab.layer.size).toBe(0);

    const silent = new Lab();
    silent.reply(silent.open({}, streamOf(PHONE)), 486);
    expect(silent.finish()).toBe(32_000);
    expect(silent.heard).toEqual(["no ack@32000"]);
  });

  test("RFC 3261 §17.2.2: timer J is 0", () => {
    const lab = new Lab();
    lab.reply(lab.open({ method: "OPTIONS", cseq: "1 OPTIONS" }, streamOf(PHONE)), 200);
    lab.advanceTo(0);
    expect(lab.layer.size).toBe(0);
  });
});
