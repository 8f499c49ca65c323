/** What becomes of requests that nobody waits for any longer: fr_timer, and ICMP. */
import { describe, expect, test } from "vitest";
import { flowFrom, WAN } from "../transport/flows.ts";
import { Lab, PEER } from "./lab.ts";

const FR_TIMER_ms = 4_000;

/** An INVITE that fr_timer has given up on. */
function abandoned() {
  const lab = new Lab();
  const invite = lab.send();
  lab.advanceTo(FR_TIMER_ms);
  lab.layer.abandon(invite, FR_TIMER_ms);
  return { lab, invite };
}

describe("an abandoned INVITE", () => {
  test("isn't sent any more, and is forgotten at timer B without a word", () => {
    const { lab } = abandoned();
    expect(lab.layer.size).toBe(1);
    expect(lab.finish()).toBe(32_000);
    expect(lab.timesOf(/^INVITE/)).toEqual([0, 500, 1_500, 3_500]);
    expect(lab.heard).toEqual([]);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 3261 §9.1: a late 1xx is heard, and can be cancelled", () => {
    const { lab, invite } = abandoned();
    lab.advanceTo(4_500);
    lab.answer(180);
    lab.layer.cancel(invite, "", 4_500);
    lab.answer(200, "CANCEL");
    lab.answer(487);
    lab.finish();
    expect(lab.heard).toEqual(["180@4500", "487@4500"]);
    expect(lab.timesOf(/^(CANCEL|ACK)/)).toEqual([4_500, 4_500]);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 3261 §9.1: a late 1xx whose CANCEL is never answered ends 64·T1 after it", () => {
    const { lab, invite } = abandoned();
    lab.advanceTo(31_999);
    lab.answer(100);
    lab.layer.cancel(invite, "", 31_999);
    lab.finish();
    expect(lab.heard).toEqual(["100@31999", "timeout@63999"]);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 6026 §7.2: a late 2xx is heard, each time it comes", () => {
    const { lab } = abandoned();
    lab.advanceTo(10_000);
    lab.answer(200);
    lab.advanceTo(10_500);
    lab.answer(200);
    expect(lab.heard).toEqual(["200@10000", "200@10500"]);
    expect(lab.finish()).toBe(42_000);
    expect(lab.layer.size).toBe(0);
  });

  test("RFC 3261 §17.1.1.3: a late 486 gets its ACK, and each repetition too", () => {
    const { lab } = abandoned();
    for (const at_ms of [5_000, 5_500, 6_500]) {
      lab.advanceTo(at_ms);
      lab.answer(486);
    }
    expect(lab.timesOf(/^ACK/)).toEqual([5_000, 5_500, 6_500]);
    expect(lab.heard).toEqual(["486@5000"]);
  });

  test("is kept when its peer turns out to be unreachable: the request may have got through before", () => {
    const { lab } = abandoned();
    lab.layer.receiveUnreachable(PEER, 4_100);
    expect(lab.heard).toEqual([]);
    expect(lab.layer.size).toBe(1);
    lab.advanceTo(32_000);
    expect(lab.layer.size).toBe(0);
    expect(lab.timers.count).toBe(0);
  });

  test("can't be abandoned twice, nor once it rings", () => {
    const { lab, invite } = abandoned();
    lab.layer.abandon(invite, FR_TIMER_ms);
    lab.answer(180);
    lab.layer.abandon(invite, FR_TIMER_ms);
    lab.answer(486);
    expect(lab.heard).toEqual(["180@4000", "486@4000"]);
  });
});

describe("an abandoned INVITE that is waited for again", () => {
  test("is repeated from T1 on; timer B, which never stopped, ends it", () => {
    const { lab, invite } = abandoned();
    lab.advanceTo(6_000);
    expect(lab.layer.resume(invite, 6_000)).toBe(true);
    expect(lab.layer.resume(invite, 6_000)).toBe(true);
    lab.finish();
    expect(lab.timesOf(/^INVITE/)).toEqual([0, 500, 1_500, 3_500, 6_500, 7_500, 9_500, 13_500, 21_500]);
    expect(lab.heard).toEqual(["timeout@32000"]);
    expect(lab.layer.size).toBe(0);
  });

  test("makes room for nobody, for somebody waits", () => {
    const { lab, invite } = abandoned();
    expect(lab.layer.lingering.size).toBe(1);
    lab.layer.resume(invite, FR_TIMER_ms);
    expect(lab.layer.lingering.size).toBe(0);
    lab.layer.abandon(invite, FR_TIMER_ms);
    expect(lab.layer.lingering.size).toBe(1);
  });

  test.each([180, 200, 486])("has had its %i: too late", (status) => {
    const { lab, invite } = abandoned();
    lab.answer(status);
    expect(lab.layer.resume(invite, FR_TIMER_ms)).toBe(false);
    expect(lab.heard).toEqual([`${status}@4000`]);
  });

  test("can't be reached: its user hears of it", () => {
    const { lab, invite } = abandoned();
    lab.layer.resume(invite, FR_TIMER_ms);
    lab.layer.receiveUnreachable(PEER, FR_TIMER_ms);
    expect(lab.heard).toEqual(["unreachable@4000"]);
    expect(lab.finish()).toBe(32_000);
  });
});

describe("an INVITE whose caller has hung up", () => {
  function disowned() {
    const lab = new Lab();
    const invite = lab.send();
    lab.advanceTo(400);
    lab.layer.abandon(invite, 400, "disown");
    return { lab, invite };
  }

  test("RFC 3261 §9.1: is sent on until timer B, and then forgotten without a word", () => {
    const { lab } = disowned();
    expect(lab.finish()).toBe(32_000);
    expect(lab.timesOf(/^INVITE/)).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    expect([lab.heard, lab.layer.size]).toEqual([[], 0]);
  });

  test.each([180, 200, 486])("isn't sent any more once it has had a %i", (status) => {
    const { lab } = disowned();
    lab.advanceTo(600);
    lab.answer(status);
    lab.advanceTo(10_000);
    expect(lab.timesOf(/^INVITE/)).toEqual([0, 500]);
    expect(lab.heard).toEqual([`${status}@600`]);
  });

  test("isn't sent any more once its peer can't be reached", () => {
    const { lab } = disowned();
    lab.layer.receiveUnreachable(PEER, 450);
    lab.finish();
    expect([lab.timesOf(/^INVITE/), lab.heard, lab.layer.size]).toEqual([[0], [], 0]);
  });

  test("makes room for others", () => {
    expect(disowned().lab.layer.lingering.size).toBe(1);
  });
});

describe("an abandoned non-INVITE", () => {
  test.each([undefined, 100])("is forgotten at once, after %s", (status) => {
    const lab = new Lab();
    const probe = lab.send({ method: "OPTIONS" });
    if (status !== undefined) lab.answer(status, "OPTIONS");
    lab.heard.length = 0;
    lab.layer.abandon(probe, 0);
    expect(lab.layer.size).toBe(0);
    expect(lab.timers.count).toBe(0);
    expect(lab.layer.resume(probe, 0)).toBe(false);
    lab.answer(200, "OPTIONS");
    expect(lab.heard).toEqual(["stray 200@0"]);
  });
});

describe("RFC 3261 §17.1.4: an unreachable peer", () => {
  test("ends all requests that wait for their first answer from it, and tells each user", () => {
    const lab = new Lab();
    lab.send({}, "z9hG4bK1");
    lab.send({}, "z9hG4bK2");
    lab.send({ method: "OPTIONS" }, "z9hG4bK3");
    lab.advanceTo(20);
    lab.layer.receiveUnreachable(PEER, 20);
    expect(lab.heard).toEqual(["unreachable@20", "unreachable@20", "unreachable@20"]);
    expect(lab.layer.size).toBe(2); // the INVITEs are abandoned, and heard of should they be answered late
    lab.advanceTo(32_000);
    expect(lab.layer.size).toBe(0);
    expect(lab.timers.count).toBe(0);
  });

  test.each([
    ["another port", flowFrom(PEER.address, 5061)],
    ["another address", flowFrom("192.0.2.10", PEER.port)],
    ["another listener", flowFrom(PEER.address, PEER.port, WAN)],
  ])("says nothing about %s", (_, flow) => {
    const lab = new Lab();
    lab.send();
    lab.layer.receiveUnreachable(flow, 0);
    expect(lab.heard).toEqual([]);
    expect(lab.layer.size).toBe(1);
  });

  test("doesn't end a call that rings, is answered or was refused", () => {
    for (const status of [180, 200, 486]) {
      const lab = new Lab();
      lab.send();
      lab.answer(status);
      lab.layer.receiveUnreachable(PEER, 0);
      expect(lab.heard).toEqual([`${status}@0`]);
      expect(lab.layer.size).toBe(1);
    }
  });

  test("ends a non-INVITE that has had a provisional response only", () => {
    const lab = new Lab();
    lab.send({ method: "BYE" });
    lab.answer(100, "BYE");
    lab.layer.receiveUnreachable(PEER, 0);
    expect(lab.heard).toEqual(["100@0", "unreachable@0"]);
    expect(lab.layer.size).toBe(0);
  });

  test("a user that sends elsewhere when it hears of it isn't hit by the same event", () => {
    const lab = new Lab();
    const user = {
      ...lab.clientUser(),
      onUnreachable: () => {
        lab.heard.push("next");
        lab.send({}, "z9hG4bKretry");
      },
    };
    lab.send({}, "z9hG4bKfirst", user);
    lab.layer.receiveUnreachable(PEER, 0);
    expect(lab.heard).toEqual(["next"]);
    expect(lab.layer.size).toBe(2);
  });

  test("RFC 6026 §7.1: ends no server transaction", () => {
    const lab = new Lab();
    const transaction = lab.open();
    lab.layer.receiveUnreachable(transaction.replyFlow, 0);
    expect(lab.layer.size).toBe(1);
  });
});
