/** Bugs end the transaction in which they show; load has a limit; and in the end nothing is left. */
import { describe, expect, test } from "vitest";
import { PLENTY } from "../../src/base/limits.ts";
import { MODEST_MAX } from "../../src/transaction/backlog.ts";
import type { ServerTransaction } from "../../src/transaction/server-transaction.ts";
import { readResponse } from "../support/messages.ts";
import { flowFrom } from "../transport/flows.ts";
import { Lab, PHONE } from "./lab.ts";

const OTHER = flowFrom("10.222.237.22", 5060);

function bug(): never {
  throw new Error("bug of ours");
}

/** The layer still serves a new request. */
function expectAlive(lab: Lab): void {
  lab.onNewRequest = () => {};
  const transaction = lab.open({ method: "OPTIONS", via: ["SIP/2.0/UDP 10.0.0.99;branch=z9hG4bKalive"] });
  lab.reply(transaction, 200);
  expect(lab.firstLines.at(-1)).toBe("200 OK");
}

describe("a transaction user that throws", () => {
  test.each(["INVITE", "OPTIONS"])(
    "on a new %s: 500 to the caller, an error in the log, and the layer goes on",
    (method) => {
      const lab = new Lab();
      lab.onNewRequest = bug;
      const transaction = lab.open({ method });
      expect(lab.firstLines.at(-1)).toBe("500 Server Internal Error");
      expect(readResponse(lab.sent.at(-1)?.wire ?? "").toTag).toBe(transaction.toTag);
      expect(lab.errors).toMatchObject([
        { event: "transaction_failed", error: expect.stringContaining("bug of ours") },
      ]);
      expectAlive(lab);
      lab.finish();
      expect(lab.layer.size).toBe(0);
    },
  );

  test("after it has answered: its answer stands, and the transaction ends", () => {
    const lab = new Lab();
    lab.onNewRequest = (transaction) => {
      lab.reply(transaction, 404);
      bug();
    };
    lab.open();
    expect(lab.firstLines).toEqual(["100 Trying", "404 Not Found"]);
    expect(lab.layer.size).toBe(0);
    expect(lab.timers.count).toBe(0);
  });

  test("on a CANCEL: the CANCEL has its 200, and other calls go on", () => {
    const lab = new Lab();
    lab.onNewRequest = (transaction) => {
      transaction.user = { ...lab.serverUser(), onCancel: bug };
    };
    const invite = lab.open();
    lab.arrive({ method: "CANCEL", cseq: "1 CANCEL" });
    expect(lab.firstLines).toEqual(["100 Trying", "200 OK", "500 Server Internal Error"]);
    expect(invite.isAnswered).toBe(true);
    expect(lab.errors).toHaveLength(1);
    expectAlive(lab);
  });

  test.each([180, 200, 486])(
    "on a %i: the client transaction ends, and its user hears of a timeout instead",
    (status) => {
      const lab = new Lab();
      lab.send({}, "z9hG4bKbroken", { ...lab.clientUser(), onResponse: bug });
      lab.answer(status);
      expect(lab.heard).toEqual(["timeout@0"]);
      expect(lab.errors).toHaveLength(1);
      expect(lab.layer.size).toBe(0);
      expect(lab.timers.count).toBe(0);
      expectAlive(lab);
    },
  );

  test("on everything: still only its own transaction ends", () => {
    const lab = new Lab();
    lab.send({}, "z9hG4bKbroken", { onResponse: bug, onTimeout: bug, onUnreachable: bug });
    lab.send({}, "z9hG4bKgood");
    lab.advanceTo(32_000);
    expect(lab.heard).toEqual(["timeout@32000"]);
    expect(lab.layer.size).toBe(0);
    expectAlive(lab);
  });

  test("on an ACK or the lack of one: the transaction is gone", () => {
    const lab = new Lab();
    lab.onNewRequest = (transaction) => {
      transaction.user = { ...lab.serverUser(), onAck: bug, onNoAck: bug };
      lab.reply(transaction, 486);
    };
    lab.open();
    lab.arrive({ method: "ACK", cseq: "1 ACK" });
    lab.open({ via: ["SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKother"] });
    lab.finish();
    expect(lab.errors).toHaveLength(2);
    expect(lab.layer.size).toBe(0);
  });
});

const UNANSWERED_MAX = PLENTY.unanswered;
const UNANSWERED_OF_ONE_MAX = UNANSWERED_MAX / 2;
const LINGERING_MAX = PLENTY.lingering;

describe("too many transactions that linger", () => {
  test("the oldest goes, with its timers; the others still absorb retransmissions", () => {
    const lab = new Lab();
    const parts = (index: number) => ({
      method: "OPTIONS",
      cseq: "1 OPTIONS",
      via: [`SIP/2.0/UDP 10.222.237.21;branch=z9hG4bK${index}`],
    });
    for (let index = 0; index < LINGERING_MAX + 3; index++) lab.reply(lab.open(parts(index)), 200);
    expect(lab.layer.lingering).toMatchObject({ size: LINGERING_MAX, limit: LINGERING_MAX, hits: 3 });
    expect([lab.layer.size, lab.timers.count]).toEqual([LINGERING_MAX, LINGERING_MAX]);
    expect(lab.arrive(parts(3))).toBeUndefined(); // absorbed
    expect(lab.arrive(parts(2))).toBeDefined();
    lab.finish();
    expect(lab.layer.lingering.size).toBe(0);
  });
});

describe("too many unanswered requests", () => {
  const parts = (index: number, method = "INVITE") => ({
    method,
    via: [`SIP/2.0/UDP 10.222.237.21;branch=z9hG4bK${index}`],
  });

  test("RFC 3261 §21.5.4: above the limit they get 503 with Retry-After, without a transaction", () => {
    const lab = new Lab();
    for (let index = 0; index < UNANSWERED_MAX; index++) lab.open(parts(index), index % 2 === 0 ? PHONE : OTHER);
    lab.sent.length = 0;
    expect(lab.arrive(parts(UNANSWERED_MAX))).toBeUndefined();
    expect(lab.firstLines).toEqual(["503 Service Unavailable"]);
    expect(lab.sent[0]).toMatchObject({ flow: PHONE, wire: expect.stringContaining("Retry-After: 5\r\n") });
    expect(lab.layer.size).toBe(UNANSWERED_MAX);

    lab.arrive({ ...parts(3), method: "CANCEL", cseq: "1 CANCEL" }, OTHER);
    expect(lab.firstLines.at(-1)).toBe("200 OK");

    const answered = lab.servers[4];
    if (answered !== undefined) lab.reply(answered, 487);
    expect(lab.arrive(parts(UNANSWERED_MAX + 1))).toBeDefined();
    expect(lab.arrive(parts(UNANSWERED_MAX + 2))).toBeUndefined();
  });

  test("every way to be answered makes room again", () => {
    const lab = new Lab();
    const ends: ((index: number) => void)[] = [
      (index) => lab.reply(lab.open(parts(index)), 486),
      (index) => lab.layer.respond(lab.open(parts(index)), 200, "SIP/2.0 200 OK\r\n\r\n", 0),
      (index) => lab.reply(lab.open(parts(index, "OPTIONS")), 200),
      (index) => lab.layer.dismiss(lab.open(parts(index, "OPTIONS"))),
      (index) => {
        lab.onNewRequest = bug;
        lab.open(parts(index));
        lab.onNewRequest = () => {};
      },
    ];
    let index = 0;
    for (const end of ends) for (let round = 0; round < 2_100; round++) end(++index);
    lab.sent.length = 0;
    for (let round = 0; round < UNANSWERED_MAX; round++) {
      expect(lab.arrive(parts(++index), round % 2 === 0 ? PHONE : OTHER)).toBeDefined();
    }
    expect(lab.arrive(parts(++index))).toBeUndefined();
  });

  test("one source has half of the room at the most, and what others ask is still taken up", () => {
    const lab = new Lab();
    for (let index = 0; index < UNANSWERED_OF_ONE_MAX; index++) lab.open(parts(index));
    expect(lab.arrive(parts(UNANSWERED_OF_ONE_MAX))).toBeUndefined();
    expect(lab.firstLines.at(-1)).toBe("503 Service Unavailable");
    lab.open(parts(UNANSWERED_OF_ONE_MAX), OTHER);
    expect(lab.layer.unanswered).toMatchObject({ size: UNANSWERED_OF_ONE_MAX + 1, hits: 1 });
    lab.reply(lab.servers[0] as ServerTransaction, 486);
    lab.open(parts(UNANSWERED_MAX));
  });

  test("two sources have taken all the room: who has little finds some beyond, but not for ever", () => {
    const lab = new Lab();
    for (let index = 0; index < UNANSWERED_MAX; index++) lab.open(parts(index), index % 2 === 0 ? PHONE : OTHER);
    let next = UNANSWERED_MAX;
    const modest = (address: string) => lab.arrive(parts(++next), { ...PHONE, address }) !== undefined;
    for (let index = 0; index < MODEST_MAX; index++) expect(modest("10.222.237.30")).toBe(true);
    expect(modest("10.222.237.30")).toBe(false);
    for (let index = MODEST_MAX; index < UNANSWERED_MAX / 5; index++) expect(modest(`a${index}`)).toBe(true);
    expect(modest("last")).toBe(false);
  });

  test("one source's long requests leave room for others'", () => {
    const lab = new Lab();
    const long = (index: number) => ({ ...parts(index), body: "x".repeat(60_000) });
    let taken = 0;
    while (lab.arrive(long(taken)) !== undefined) taken += 1;
    expect(taken * 60_000).toBeGreaterThan(PLENTY.unansweredCharacters / 4 - 100_000);
    expect(taken * 60_000).toBeLessThan(PLENTY.unansweredCharacters / 4 + 100_000);
    lab.open(parts(1_000), OTHER);
  });

  test("whom the transaction user ignores gets nothing, whom it refuses 503, and neither has a transaction", () => {
    const lab = new Lab();
    lab.verdict = "ignore";
    lab.arrive(parts(1));
    expect(lab.firstLines).toEqual([]);
    lab.verdict = "refuse";
    lab.arrive(parts(1));
    expect(lab.firstLines).toEqual(["503 Service Unavailable"]);
    expect(lab.layer.size).toBe(0);
  });
});

test("nothing leaks: after 2,000 transactions of all kinds and ends, none is left and no timer runs", () => {
  const lab = new Lab();
  const ends = [undefined, 100, 180, 200, 302, 404, 487];
  for (let index = 0; index < 2_000; index++) {
    lab.advanceTo(index * 7);
    const method = index % 3 === 0 ? "OPTIONS" : "INVITE";
    const client = lab.send({ method }, `z9hG4bKc${index}`);
    const status = ends[index % ends.length];
    if (status !== undefined) lab.answer(status, method);
    if (client.state === "proceeding" && method === "INVITE") lab.layer.cancel(client, "", lab.now_ms);
    if (index % 11 === 0) lab.layer.abandon(client, lab.now_ms);
    const server = lab.open({ method, via: [`SIP/2.0/UDP 10.222.237.21;branch=z9hG4bKs${index}`] });
    lab.reply(server, status === undefined || status < 200 ? 480 : status);
    lab.sent.length = 0;
  }
  expect(lab.layer.size).toBeGreaterThan(2_000);
  lab.finish();
  expect(lab.layer.size).toBe(0);
  expect(lab.timers.count).toBe(0);
  expect(lab.errors).toEqual([]);
});
