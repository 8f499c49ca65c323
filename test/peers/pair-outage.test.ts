/**
 * Two routers with keepalived, in namespaces, while upstream is gone: the one that has the addresses loses its power amid 100 calls that have
 * heard 181 and wait for their redirect, a call for help that rings at the gateway, and calls between phones.
 *
 * Phones are all at 10.222.237.10, the gateway is 10.222.237.11.
 */
import { expect, test } from "vitest";
import { newToken, registration } from "../sip/build.ts";
import { uriIn } from "../sip/message.ts";
import type { Transactions } from "../sip/transactions.ts";
import { QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause, until } from "./support/clock.ts";
import { PlacedCall, RingingPhones, transactionsAt } from "./support/pair-calls.ts";
import { PairLab, SHARED_LAN, UPSTREAM_URI } from "./support/pair-lab.ts";
import { grantsAll } from "./support/pair-phones.ts";
import { describeWith } from "./support/peers.ts";
import { expectNear } from "./support/promised-times.ts";

/** Calls that wait for their redirect when the power is cut, and more before them: a busy machine may cut it after some are redirected. */
const WAITING = 100;
const PLACED = 140;
const PHONE = "10.222.237.10";
const GATEWAY = "10.222.237.11";
const USERS = Array.from({ length: 50 }, (_, index) => `${201 + index}`);
const MEMBERS = ["201", "202", "203"].map((user) => `sip:${user}@${PHONE}`);
/** The phone that calls for help is called back: it rings with the group. */
const HELPED = `sip:caller@${PHONE}:5060`;
/** From the 181 to the 302. A hold that the other router began anew would end later than a busy machine can be blamed for. */
const HOLD_MS = 12_000;
/** From one call's INVITE to the next. */
const CALL_INTERVAL_MS = 25;
/** The power is cut this long before the first redirect is due: the other router's first ones are due before it has the addresses. */
const CUT_BEFORE_MS = 100;
/** What a redirect may be late or early. */
const OWN_TIME_MS = 1_000;
const REFRESH_INTERVAL_MS = 20;

const RUN = newToken();

cleanUpAfterEach();

const named = (user: string) => `sip:${user}@pbx.example.com`;

/** @returns the phones whose REGISTER wasn't granted */
async function refused(phones: Transactions, cseq: number): Promise<string[]> {
  const answers = USERS.map(async (user, index) => {
    await pause(index * REFRESH_INTERVAL_MS);
    const contact = `sip:${user}@${phones.sentBy}`;
    const { status } = await phones.ask(
      registration({ user, contact, callId: `${user}-${RUN}`, tag: user, cseq, expires_s: 600 }),
      SHARED_LAN,
    );
    return status === 200 ? [] : [`${user}: ${status}`];
  });
  return (await Promise.all(answers)).flat();
}
/** Upstream is gone, and both routers know it. */
async function outage() {
  const lab = await PairLab.build({
    upstream: { targets: [UPSTREAM_URI], probe: QUICK_PROBES, hold: "100ms" },
    gateways: [`sip:${GATEWAY}`],
    survival: { notice_hold: `${HOLD_MS}ms` },
    emergency: ["112"],
    hunt_groups: { default: { members: MEMBERS, ring: "60s" } },
  });
  const { left, right, upstream } = lab;
  grantsAll(upstream);
  const phones = new RingingPhones(transactionsAt(lab.phones.left));
  const gateway = new RingingPhones(transactionsAt(lab.phones.right));
  expect(await refused(phones.agent, 1)).toEqual([]);
  await until("both know the phones", async () => (await right.phoneCount()) === USERS.length);
  await upstream.close();
  for (const { branchline } of [left, right]) await branchline.upstreamIs("down");
  return { lab, left, right, phones, gateway };
}

/** A call that one phone makes to another, once it rings there. */
async function ringing(phones: RingingPhones, caller: Transactions, uri: string, count = 1): Promise<PlacedCall> {
  const call = new PlacedCall(caller, uri, SHARED_LAN);
  await call.response((status) => status === 180);
  await until(`${uri} rings`, () => phones.copiesOf(call.callId).length === count);
  return call;
}

/** @returns the status that the caller is told */
async function answered(call: PlacedCall, by: RingingPhones, user?: string): Promise<number> {
  by.end(call.callId, 200, user);
  return (await call.final()).status;
}

/** It rings at these, one of them answers, and the others ring no longer. */
async function groupAnswers(call: PlacedCall, phones: RingingPhones, uris: readonly string[]): Promise<void> {
  const copies = phones.copiesOf(call.callId);
  expect(copies.map(({ request }) => request.requestUri).sort()).toEqual([...uris].sort());
  expect(await answered(call, phones, "202")).toBe(200);
  await until("the others ring no longer", () =>
    copies.every(({ request, status }) => status === (request.requestUri.startsWith("sip:202@") ? 200 : 487)),
  );
}

/** By how much each redirect has missed its own time: the 181 is told as soon as the INVITE comes. */
function misses(calls: readonly PlacedCall[]): number[] {
  return calls.map(({ told, begun_ms }) => {
    const redirect = told.find(({ status }) => status === 302);
    return (redirect?.at_ms ?? Number.NaN) - begun_ms - HOLD_MS;
  });
}

describeWith(
  ["namespaces", "keepalived", "sysctl"],
  "in an outage the router that has the addresses loses its power",
  () => {
    test("100 calls are redirected at their own time; a call for help rings on, phones stay registered, and calls between them go on", async () => {
      const { lab, left, right, phones, gateway } = await outage();
      const { agent } = phones;
      const known = await right.contacts();
      const number = `sip:5550100@${SHARED_LAN.host}`;
      const group = await ringing(phones, gateway.agent, number, MEMBERS.length);
      const help = await ringing(gateway, agent, named("112"));
      const extension = await ringing(phones, agent, named("210"));
      const up = await ringing(phones, agent, named("211"));
      expect(await answered(up, phones)).toBe(200);

      const placed: PlacedCall[] = [];
      for (let count = 0; count < PLACED; count++) {
        placed.push(new PlacedCall(agent, named(`030${1_000 + count}`), SHARED_LAN));
        await pause(CALL_INTERVAL_MS);
      }
      const notices = await Promise.all(placed.map((call) => call.response((status) => status === 181)));
      await pause(Math.min(...notices.map(({ at_ms }) => at_ms)) + HOLD_MS - CUT_BEFORE_MS - monotonic_ms());
      const waiting = placed.filter(({ told }) => told.every(({ status }) => status < 200));
      expect(waiting.length).toBeGreaterThanOrEqual(WAITING);
      await left.cutPower();

      const late = ringing(phones, agent, named("212"));
      expect(await refused(agent, 2)).toEqual([]);
      expect(await right.contacts()).toEqual(known);
      const redirects = await Promise.all(waiting.map((call) => call.final()));
      expect(redirects.map(({ status }) => status)).toEqual(Array(waiting.length).fill(302));
      const targets = redirects.map((redirect) => uriIn(redirect.header("contact")));
      expect(targets).toEqual(waiting.map((call) => `sip:030${1_000 + placed.indexOf(call)}@${GATEWAY}`));
      const missed = misses(waiting);
      const own = missed.filter((miss_ms) => Math.abs(miss_ms) <= OWN_TIME_MS).length;
      console.log(
        `${own} of ${waiting.length} redirects within 1 s of their own time, ` +
          `from ${Math.round(Math.min(...missed))} to ${Math.round(Math.max(...missed))} ms late`,
      );
      for (const miss_ms of missed) expectNear("a redirect", HOLD_MS + miss_ms, HOLD_MS);

      expect(lab.phones.right.all({ method: "CANCEL" })).toEqual([]);
      expect(await answered(help, gateway)).toBe(200);
      expect(await help.hangUp()).toBe(200);
      await groupAnswers(group, phones, MEMBERS);
      for (const call of [extension, await late]) {
        expect(await answered(call, phones)).toBe(200);
        expect(await call.hangUp()).toBe(200);
      }
      expect(await up.hangUp()).toBe(200);
      const called = [...MEMBERS, HELPED];
      await groupAnswers(await ringing(phones, gateway.agent, number, called.length), phones, called);
      expect(await answered(await ringing(gateway, agent, named("112")), gateway)).toBe(200);
      for (const call of [help, group, extension]) expect(call.countOf(200)).toBe(1);
    });
  },
);
