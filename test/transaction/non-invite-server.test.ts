/** Non-INVITE server transactions in virtual time: RFC 3261 §17.2.2. */
import { describe, expect, test } from "vitest";
import { Lab, PHONE } from "./lab.ts";

const REGISTER = { method: "REGISTER", uri: "sip:pbx.example.com" };

describe("trying", () => {
  test("RFC 3261 §17.2.2: nothing is sent before the transaction user answers, whatever comes again", () => {
    const lab = new Lab();
    lab.open(REGISTER);
    lab.advanceTo(500);
    lab.arrive(REGISTER);
    expect(lab.sent).toEqual([]);
    expect(lab.servers).toHaveLength(1);
  });
});

describe("proceeding", () => {
  test("RFC 3261 §17.2.2: a retransmitted request gets the last provisional response", () => {
    const lab = new Lab();
    const transaction = lab.open(REGISTER);
    lab.reply(transaction, 100);
    lab.advanceTo(500);
    lab.arrive(REGISTER);
    expect(lab.timesOf(/^SIP\/2.0 100/)).toEqual([0, 500]);
  });
});

describe("timer J", () => {
  test.each([200, 302, 404, 503])("RFC 3261 §17.2.2: %i is repeated when asked for, for 64·T1", (status) => {
    const lab = new Lab();
    const transaction = lab.open(REGISTER);
    lab.advanceTo(1_000);
    lab.reply(transaction, status);
    for (const at_ms of [1_500, 32_999]) {
      lab.advanceTo(at_ms);
      lab.arrive(REGISTER);
    }
    expect(lab.timesOf(new RegExp(`^SIP/2.0 ${status}`))).toEqual([1_000, 1_500, 32_999]);
    expect(lab.sent.every((one) => one.flow.address === PHONE.address)).toBe(true);
    expect(lab.finish()).toBe(33_000);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 3261 §17.2.2: a final response isn't retransmitted by itself", () => {
    const lab = new Lab();
    lab.reply(lab.open(REGISTER), 200);
    lab.finish();
    expect(lab.timesOf(/^SIP/)).toEqual([0]);
  });

  test("RFC 3261 §17.2.2: a second final response is discarded", () => {
    const lab = new Lab();
    const transaction = lab.open(REGISTER);
    lab.reply(transaction, 404);
    lab.reply(transaction, 200);
    expect(lab.layer.respond(transaction, 200, "SIP/2.0 200 OK\r\n\r\n", 0)).toBe(false);
    lab.arrive(REGISTER);
    expect(lab.firstLines).toEqual(["404 Not Found", "404 Not Found"]);
  });

  test("RFC 3261 §17.2.2: after timer J the same request is a new one", () => {
    const lab = new Lab();
    lab.reply(lab.open(REGISTER), 200);
    lab.finish();
    expect(lab.arrive(REGISTER)).toBeDefined();
  });
});

test("RFC 4320 §4.2: a dismissed transaction says nothing and is gone", () => {
  const lab = new Lab();
  const transaction = lab.open(REGISTER);
  lab.layer.dismiss(transaction);
  lab.reply(transaction, 408);
  expect(lab.sent).toEqual([]);
  expect(lab.layer.size).toBe(0);
  expect(lab.timers.count).toBe(0);
});
