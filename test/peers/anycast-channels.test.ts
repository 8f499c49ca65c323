/** Three nodes that have one address, and a gateway of 10 channels: calls of a node that dies go on to be counted at the others, until they end. */
import { expect, test } from "vitest";
import type { Transactions } from "../sip/transactions.ts";
import { ALONE, ANYCAST, ANYCAST_PEERS, AnycastLab, QUICK, UPSTREAM } from "./support/anycast-lab.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { until } from "./support/clock.ts";
import { PlacedCall, transactionsAt } from "./support/pair-calls.ts";
import { describeWith } from "./support/peers.ts";
import { takePrecedence } from "./support/priority.ts";

const CHANNELS = 10;
/** Each of the three may have let in one that the others hadn't heard of yet. */
const MOST = 12;
/** Calls at once: 20 more than there are channels. */
const BURST = 30;
const RING_MS = 100;
/** After a node has died. */
const ENDED = 4;

takePrecedence();
cleanUpAfterEach();

/** @returns those that were taken; the others got 480 */
async function callAtOnce(caller: Transactions, count: number): Promise<PlacedCall[]> {
  const calls = Array.from({ length: count }, () => new PlacedCall(caller, "sip:0301234@pbx.example.com", ANYCAST));
  const statuses = await Promise.all(calls.map(async (call) => (await call.final()).status));
  expect(statuses.filter((status) => status !== 200 && status !== 480)).toEqual([]);
  return calls.filter((_, index) => statuses[index] === 200);
}

/** All nodes that live count so many calls at the gateway, by their own word. */
async function agree(lab: AnycastLab, count: number): Promise<void> {
  const living = lab.nodes.filter(({ isAlive }) => isAlive);
  await until(`all count ${count}`, async () => {
    const counts = await Promise.all(living.map((node) => node.gatewayCalls()));
    return counts.every((one) => one === count);
  });
}

/**
 * One after the other, until one isn't taken: a node that hears many at once leaves channels to the others.
 * @param up how many there are already @returns those that were taken
 */
async function callUntilFull(lab: AnycastLab, caller: Transactions, up: number): Promise<PlacedCall[]> {
  // A busy machine may keep what a node tells the others longer than a call takes to be answered.
  await agree(lab, up);
  const [taken] = await callAtOnce(caller, 1);
  return taken === undefined ? [] : [taken, ...(await callUntilFull(lab, caller, up + 1))];
}

describeWith(ANYCAST_PEERS, "a gateway of 10 channels behind three nodes", () => {
  test("has at most two calls more, before and after a node dies, and each that ends frees a channel at all of them", async () => {
    const lab = await AnycastLab.build(QUICK, {
      ...ALONE,
      gateways: [{ uri: `sip:${UPSTREAM.host}`, channels: CHANNELS }],
    });
    const caller = transactionsAt(lab.phones);
    const gateway = transactionsAt(lab.upstream);
    gateway.onRequest = (transaction) => {
      if (transaction.request.method !== "INVITE") {
        transaction.respond(200);
        return;
      }
      transaction.respond(180);
      setTimeout(() => transaction.respond(200, { contact: `sip:gateway@${gateway.sentBy}` }), RING_MS);
    };
    const up = await callAtOnce(caller, BURST);
    console.log(`${up.length} of ${BURST} calls at once are taken by a gateway of ${CHANNELS} channels`);
    expect(up.length).toBeLessThanOrEqual(MOST);
    up.push(...(await callUntilFull(lab, caller, up.length)));
    expect(up.length).toBeGreaterThanOrEqual(CHANNELS);
    expect(up.length).toBeLessThanOrEqual(MOST);
    await agree(lab, up.length);

    const victim = await lab.busiest();
    await victim.kill();
    await lab.leadsTo(lab.others(victim));
    expect(await callUntilFull(lab, caller, up.length)).toEqual([]);
    for (const call of up.splice(0, up.length - CHANNELS + ENDED)) expect(await call.hangUp()).toBe(200);
    up.push(...(await callUntilFull(lab, caller, CHANNELS - ENDED)));
    expect(up).toHaveLength(CHANNELS);

    await victim.revive();
    await agree(lab, CHANNELS);
    for (const call of up) expect(await call.hangUp()).toBe(200);
    await agree(lab, 0);
  });
});
