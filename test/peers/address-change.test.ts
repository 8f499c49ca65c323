/**
 * The router's WAN address changes, and its WAN interface vanishes and returns, while fifty calls between phones and the
 * gateway are up and others are made. None of them may notice, and calls to upstream work within two seconds of the new
 * address, without a restart.
 *
 *   phones ── lan0 ─ router ─ wan0: 203.0.113.2 → 203.0.113.77 → gone → 203.0.113.99 ── WAN ── upstream
 *   gateway ── gw0 ──┘
 */
import { expect, test } from "vitest";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause } from "./support/clock.ts";
import type { DeskPhone } from "./support/desk-phone.ts";
import type { Dialog } from "./support/dialog.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import { takePrecedence } from "./support/priority.ts";
import { GATEWAY, WanLab } from "./support/wan-lab.ts";

const NUMBER = "5551234";
const CALLS = 50;
const PHONES = 5;
const PROXY = { host: "10.222.237.1", port: 5060 };
const REDIAL_MS = 200;
/** `deploy/trouble.md`: calls to upstream work within two seconds. */
const UP_MS = 2_000;
const GIVE_UP_MS = UP_MS + MACHINE_TOLERANCE_MS;
/** Longer than a call waits, so that the outage is one. */
const AWAY_MS = 6_000;
const TEST_LIMIT_MS = 180_000;

takePrecedence();
cleanUpAfterEach();

/** A call to the gateway, that stays up. */
async function localCall(phone: DeskPhone): Promise<Dialog> {
  const call = await OutgoingCall.start(phone.agent, { to: `sip:${NUMBER}@${GATEWAY}`, through: PROXY });
  return call.established();
}

/** Each call says something, and is answered. */
async function askAll(dialogs: readonly Dialog[], method: "INFO" | "BYE"): Promise<number> {
  const answers = dialogs.map(async (dialog) => {
    await dialog.send(method);
    return dialog.agent.next({ status: 200, method, callId: dialog.callId });
  });
  return (await Promise.all(answers)).length;
}

/** Makes a local call again and again, until it is told to stop. */
function keepCalling(phone: DeskPhone) {
  let isOver = false;
  let made = 0;
  const run = async () => {
    while (!isOver) {
      const dialog = await localCall(phone);
      await dialog.send("BYE");
      await dialog.agent.next({ status: 200, method: "BYE", callId: dialog.callId });
      made += 1;
      await pause(REDIAL_MS);
    }
    return made;
  };
  const running = run();
  running.catch(() => {});
  return {
    stop: () => {
      isOver = true;
      return running;
    },
  };
}

/** @returns how long after `since_ms` the first call left that upstream answered; none may be lost meanwhile */
async function firstCallUp(lab: WanLab, phone: DeskPhone, since_ms: number): Promise<number> {
  const upstream = lab.upstream.agent.endpoint.host;
  const made: Promise<{ by: string; dialledAt_ms: number }>[] = [];
  let first_ms = Number.POSITIVE_INFINITY;
  while (first_ms === Number.POSITIVE_INFINITY && monotonic_ms() - since_ms < GIVE_UP_MS) {
    const call = phone.call(NUMBER);
    made.push(call);
    call.then(
      ({ by, dialledAt_ms }) => {
        if (by === upstream) first_ms = Math.min(first_ms, dialledAt_ms - since_ms);
      },
      () => {},
    );
    await pause(REDIAL_MS);
  }
  await Promise.all(made);
  return first_ms;
}

describeWith(["namespaces"], "a WAN address that changes", () => {
  const run = async () => {
    const lab = await WanLab.build(PHONES);
    const branchline = await lab.start({}, { survival: { answer: 302, notice_hold: "0s" } }, "wan0");
    const [caller, tester] = lab.phones as readonly [DeskPhone, DeskPhone];
    const before = await caller.call(NUMBER);
    expect(before.by).toBe(lab.upstream.agent.endpoint.host);
    const dialogs: Dialog[] = [];
    for (let call = 0; call < CALLS; call++) dialogs.push(await localCall(lab.phones[call % PHONES] as DeskPhone));
    const traffic = keepCalling(tester);

    const changedAt_ms = lab.readdress("203.0.113.77");
    expect(await askAll(dialogs, "INFO")).toBe(CALLS);
    const changed_ms = await firstCallUp(lab, caller, changedAt_ms);

    lab.unplug();
    await branchline.upstreamBecomes("down");
    expect(await askAll(dialogs, "INFO")).toBe(CALLS);
    const local = await caller.call(NUMBER);
    expect(local.by).toBe(GATEWAY);
    await pause(AWAY_MS);
    const backAt_ms = lab.plugIn("203.0.113.99");
    expect(await askAll(dialogs, "INFO")).toBe(CALLS);
    const back_ms = await firstCallUp(lab, caller, backAt_ms);

    const made = await traffic.stop();
    expect(await askAll(dialogs, "BYE")).toBe(CALLS);
    const words = (duration_ms: number) => `${(duration_ms / 1_000).toFixed(2)} s`;
    console.log(
      `address change: calls to upstream work ${words(changed_ms)} after the new address, ${words(back_ms)} after the ` +
        `interface's return (promised ${words(UP_MS)}); 0 of ${CALLS} calls dropped, 0 of ${made} others failed; meanwhile a call to upstream was ` +
        `at the gateway after ${words(local.answeredAt_ms - local.dialledAt_ms)}`,
    );
    expect(changed_ms).toBeLessThanOrEqual(GIVE_UP_MS);
    expect(back_ms).toBeLessThanOrEqual(GIVE_UP_MS);
  };
  test(`${CALLS} local calls stay up, and upstream is reached again`, run, TEST_LIMIT_MS);
});
