/** Non-INVITE client transactions in virtual time: RFC 3261 §17.1.2. */
import { describe, expect, test } from "vitest";
import { Lab } from "./lab.ts";

const UNANSWERED_ms = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];

describe("timers E and F", () => {
  test.each(["OPTIONS", "REGISTER", "BYE", "X-OTHER"])(
    "RFC 3261 §17.1.2.2: an unanswered %s is sent at 0, 500, 1500, 3500, 7500, 11500 … 31500 ms and times out at 32000",
    (method) => {
      const lab = new Lab();
      lab.send({ method });
      lab.finish();
      expect(lab.timesOf(new RegExp(`^${method}`))).toEqual(UNANSWERED_ms);
      expect(lab.heard).toEqual(["timeout@32000"]);
      expect(lab.layer.size).toBe(0);
    },
  );

  test("RFC 3261 §17.1.2.2: after a provisional response the next retransmissions come every T2", () => {
    const lab = new Lab();
    lab.send({ method: "OPTIONS" });
    lab.advanceTo(600);
    lab.answer(100, "OPTIONS");
    lab.finish();
    expect(lab.timesOf(/^OPTIONS/)).toEqual([0, 500, 1_500, 5_500, 9_500, 13_500, 17_500, 21_500, 25_500, 29_500]);
    expect(lab.heard).toEqual(["100@600", "timeout@32000"]);
  });

  test("RFC 3261 §17.1.2.2: further provisional responses are passed on and don't move timer F", () => {
    const lab = new Lab();
    lab.send({ method: "OPTIONS" });
    for (const at_ms of [100, 10_000, 31_999]) {
      lab.advanceTo(at_ms);
      lab.answer(180, "OPTIONS");
    }
    lab.finish();
    expect(lab.heard).toEqual(["180@100", "180@10000", "180@31999", "timeout@32000"]);
  });
});

describe("timer K", () => {
  test.each([200, 301, 404, 503, 603])("RFC 3261 §17.1.2.2: %i ends it; T4 more absorbs what comes again", (status) => {
    const lab = new Lab();
    lab.send({ method: "REGISTER" });
    lab.advanceTo(600);
    lab.answer(status, "REGISTER");
    lab.advanceTo(5_599);
    lab.answer(status, "REGISTER");
    expect(lab.heard).toEqual([`${status}@600`]);
    expect(lab.layer.size).toBe(1);
    lab.advanceTo(5_600);
    expect(lab.layer.size).toBe(0);
    lab.answer(status, "REGISTER");
    expect(lab.heard).toEqual([`${status}@600`, `stray ${status}@5600`]);
    expect(lab.timesOf(/^REGISTER/)).toEqual([0, 500]);
  });

  test("RFC 3261 §17.1.2.2: a final response after a provisional one ends it as well", () => {
    const lab = new Lab();
    lab.send({ method: "BYE" });
    lab.answer(100, "BYE");
    lab.advanceTo(3_000);
    lab.answer(200, "BYE");
    lab.finish();
    expect(lab.heard).toEqual(["100@0", "200@3000"]);
    expect(lab.timesOf(/^(ACK|BYE)/)).toEqual([0, 500]);
  });

  test("nothing is acknowledged", () => {
    const lab = new Lab();
    lab.send({ method: "OPTIONS" });
    lab.answer(486, "OPTIONS");
    lab.finish();
    expect(lab.timesOf(/^ACK/)).toEqual([]);
  });
});
