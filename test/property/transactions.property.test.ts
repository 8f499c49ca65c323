/** Events in any order: what no interleaving may bring about. */

import { describe, expect, test } from "vitest";
import { inviteClient } from "../../src/transaction/invite-client.ts";
import { inviteServer } from "../../src/transaction/invite-server.ts";
import { type AnyMachine, type Input, step, TERMINATED } from "../../src/transaction/machine.ts";
import { nonInviteClient } from "../../src/transaction/non-invite-client.ts";
import { nonInviteServer } from "../../src/transaction/non-invite-server.ts";
import fc from "../support/properties.ts";
import { Lab, PEER } from "../transaction/lab.ts";

const INPUTS: readonly Input[] = [
  "request",
  "ack",
  "provisional",
  "success",
  "failure",
  "retransmit",
  "timeout",
  "linger",
  "unreachable",
  "abandon",
  "resume",
  "cancelled",
];

const MACHINES: readonly (readonly [string, AnyMachine])[] = [
  ["INVITE client", inviteClient],
  ["non-INVITE client", nonInviteClient],
  ["INVITE server", inviteServer],
  ["non-INVITE server", nonInviteServer],
];

/** Milliseconds that matter, and some that don't. */
const pause_ms = fc.oneof(fc.constantFrom(0, 1, 499, 500, 4_000, 5_000, 31_999, 32_000), fc.nat({ max: 40_000 }));
const status = fc.constantFrom(100, 180, 183, 200, 202, 302, 404, 486, 487, 500, 603);

describe("machines", () => {
  test.each(MACHINES)("%s: no input leads out of terminated, and none to a state without a row", (_, machine) => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...INPUTS), { maxLength: 40 }), (inputs) => {
        let state = machine.initial;
        for (const input of inputs) {
          const transition = step(machine, state, input);
          if (state === TERMINATED) expect(transition).toBeUndefined();
          state = transition?.next ?? state;
          expect(state === TERMINATED || state in machine.states).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

type ServerStep = { readonly wait_ms: number } & (
  | { readonly kind: "request" | "ack" | "cancel" | "wait" }
  | { readonly kind: "reply"; readonly status: number }
);

const serverSteps: fc.Arbitrary<ServerStep[]> = fc.array(
  fc.oneof(
    fc.record({ wait_ms: pause_ms, kind: fc.constantFrom("request", "ack", "cancel", "wait" as const) }),
    fc.record({ wait_ms: pause_ms, kind: fc.constant("reply" as const), status }),
  ),
  { maxLength: 30 },
);

/** The final statuses that left for the request with this method, in order and without repetitions. */
function finals(lab: Lab, method: string): number[] {
  const seen: number[] = [];
  for (const { wire } of lab.sent) {
    const code = Number(wire.slice(8, 11));
    if (code >= 200 && wire.includes(` ${method}\r\n`) && seen.at(-1) !== code) seen.push(code);
  }
  return seen;
}

function statusesInOrder(lab: Lab, method: string): number[] {
  return lab.sent.filter(({ wire }) => wire.includes(` ${method}\r\n`)).map(({ wire }) => Number(wire.slice(8, 11)));
}

describe("server transactions", () => {
  test.each(["INVITE", "REGISTER"])("%s: one final response at the most, nothing provisional behind it", (method) => {
    fc.assert(
      fc.property(serverSteps, (steps) => {
        const lab = new Lab();
        const transaction = lab.open({ method });
        for (const one of steps) {
          lab.advanceTo(lab.now_ms + one.wait_ms);
          const before = transaction.state;
          if (one.kind === "reply") lab.reply(transaction, one.status);
          // Once it is over, the same request would be a new one.
          else if (one.kind === "request" && before !== TERMINATED) lab.arrive({ method });
          else if (one.kind === "ack" && before !== TERMINATED) lab.arrive({ method: "ACK", cseq: "1 ACK" });
          else if (one.kind === "cancel") lab.arrive({ method: "CANCEL", cseq: "1 CANCEL" });
          if (before === TERMINATED) expect(transaction.state).toBe(TERMINATED);
        }
        const codes = finals(lab, method);
        // A proxy passes on each 2xx to an INVITE (RFC 6026 §7.1); anything else is final once.
        if (codes.length > 1) expect([method, codes.every((code) => code < 300)]).toEqual(["INVITE", true]);
        const order = statusesInOrder(lab, method);
        const firstFinal = order.findIndex((code) => code >= 200);
        if (firstFinal >= 0) expect(order.slice(firstFinal).every((code) => code >= 200)).toBe(true);
        if (!transaction.isAnswered) lab.layer.dismiss(transaction);
        lab.finish();
        expect([lab.layer.size, lab.timers.count, lab.errors.length]).toEqual([0, 0, 0]);
      }),
      { numRuns: 400 },
    );
  });
});

type ClientStep = { readonly wait_ms: number } & (
  | { readonly kind: "unreachable" | "closed" | "abandon" | "resume" | "cancel" | "wait" }
  | { readonly kind: "answer"; readonly status: number }
);

const clientSteps: fc.Arbitrary<ClientStep[]> = fc.array(
  fc.oneof(
    fc.record({
      wait_ms: pause_ms,
      kind: fc.constantFrom("unreachable", "closed", "abandon", "resume", "cancel", "wait" as const),
    }),
    fc.record({ wait_ms: pause_ms, kind: fc.constant("answer" as const), status }),
  ),
  { maxLength: 30 },
);

describe("client transactions", () => {
  test.each(["INVITE", "OPTIONS"])(
    "%s: its user hears one end at the most, and nothing behind it but 2xx",
    (method) => {
      fc.assert(
        fc.property(clientSteps, (steps) => {
          const lab = new Lab();
          const transaction = lab.send({ method });
          for (const one of steps) {
            lab.advanceTo(lab.now_ms + one.wait_ms);
            const before = transaction.state;
            if (one.kind === "unreachable") lab.layer.receiveUnreachable(PEER, lab.now_ms);
            else if (one.kind === "closed") lab.layer.receiveUnreachable(PEER, lab.now_ms, "", true);
            else if (one.kind === "resume") lab.layer.resume(transaction, lab.now_ms);
            else if (one.kind === "abandon") lab.layer.abandon(transaction, lab.now_ms);
            else if (one.kind === "cancel" && method === "INVITE") lab.layer.cancel(transaction, "", lab.now_ms);
            else if (one.kind === "answer") lab.answer(one.status, method);
            if (before === TERMINATED) expect(transaction.state).toBe(TERMINATED);
          }
          const ends = lab.heard
            .map((entry) => entry.split("@")[0] ?? "")
            .filter((what) => !what.startsWith("stray"))
            .map((what) => (/^[2-6]/.test(what) ? `${what[0]}xx` : what))
            // An INVITE that can't be delivered is abandoned: its user may still hear of a late answer.
            .filter((what) => !what.startsWith("1") && !(method === "INVITE" && what === "unreachable"));
          const is2xx = method === "INVITE" && ends[0] === "2xx";
          expect(is2xx ? new Set(ends).size : ends.length).toBeLessThanOrEqual(1);
          const isEnd = method === "INVITE" ? /^([2-6]|timeout)/ : /^([2-6]|timeout|unreachable)/;
          const firstEnd = lab.heard.findIndex((entry) => isEnd.test(entry));
          if (firstEnd >= 0) expect(lab.heard.slice(firstEnd).some((entry) => /^1/.test(entry))).toBe(false);
          lab.finish();
          // An INVITE that rings waits for its user: timer C is the proxy's.
          expect(lab.layer.size).toBe(transaction.state === "proceeding" ? 1 : 0);
          expect([lab.timers.count, lab.errors.length]).toEqual([0, 0]);
        }),
        { numRuns: 400 },
      );
    },
  );

  test("INVITE: never more than the seven sendings of timer A, whatever else happens", () => {
    fc.assert(
      fc.property(clientSteps, (steps) => {
        const lab = new Lab();
        const transaction = lab.send();
        for (const one of steps) {
          lab.advanceTo(lab.now_ms + one.wait_ms);
          if (one.kind === "answer") lab.answer(one.status);
          if (one.kind === "abandon") lab.layer.abandon(transaction, lab.now_ms);
        }
        lab.finish();
        const schedule = [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500];
        const times = lab.timesOf(/^INVITE/);
        expect(times).toEqual(schedule.slice(0, times.length));
      }),
      { numRuns: 200 },
    );
  });
});
