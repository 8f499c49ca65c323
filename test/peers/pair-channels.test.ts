/** A pair and a gateway of 10 channels: calls of a router that loses its power go on to be counted at the other one, until they end. */
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { pause, until } from "./support/clock.ts";
import { Dialog } from "./support/dialog.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { type Member, PairLab, SHARED_LAN } from "./support/pair-lab.ts";
import { answersAll } from "./support/pair-phones.ts";
import { describeWith } from "./support/peers.ts";
import type { SipAgent } from "./support/sip-agent.ts";

const CHANNELS = 10;
const GATEWAY = "10.222.237.11";
/** Calls at once: 20 more than there are channels. */
const BURST = 30;
const RING_MS = 100;

cleanUpAfterEach();

/** @returns the dialogs of the calls that were taken; the others got 480 */
async function callAtOnce(phone: SipAgent, count: number): Promise<Dialog[]> {
  const calls = Array.from({ length: count }, async () => {
    const call = await OutgoingCall.start(phone, { to: `sip:0301234@${GATEWAY}`, through: SHARED_LAN });
    const final = await call.final();
    if (final.status !== 200) {
      expect(final.status).toBe(480);
      return [];
    }
    const dialog = Dialog.ofCaller(phone, final);
    await dialog.acknowledge(final);
    return [dialog];
  });
  return (await Promise.all(calls)).flat();
}

/** Once the gateway has heard of it. */
async function hangUp(dialog: Dialog, phone: SipAgent): Promise<void> {
  await dialog.send("BYE");
  expect((await phone.next({ isFinal: true, method: "BYE", callId: dialog.callId })).status).toBe(200);
}

/** Calls at the gateway, by a router's own word. */
async function countAt(member: Member): Promise<number | undefined> {
  const { status } = (await member.ask({ command: "status" })) as {
    status: { gateways: readonly { readonly calls: number }[] };
  };
  return status.gateways[0]?.calls;
}

describeWith(["namespaces", "keepalived", "sysctl"], "a gateway of 10 channels", () => {
  test("has 10 calls before and after the power of a router is cut, and each that ends frees a channel at both", async () => {
    const lab = await PairLab.build({ gateways: [{ uri: `sip:${GATEWAY}`, channels: CHANNELS }] });
    const { left, right, phones } = lab;
    answersAll(phones.right, RING_MS);
    phones.right.always({ method: "OPTIONS" }, (options) => phones.right.reply(options, 200, "OK"));
    phones.right.always({ method: "BYE" }, (bye) => phones.right.reply(bye, 200, "OK"));
    const up = await callAtOnce(phones.left, BURST);
    expect(up).toHaveLength(CHANNELS);
    await until("the other router counts them", async () => (await countAt(right)) === CHANNELS);

    await left.cutPower();
    await until("the other router has the addresses", () => right.hasAddresses);
    await pause(500);
    expect(await callAtOnce(phones.left, 5)).toEqual([]);
    for (const dialog of up.splice(0, 4)) await hangUp(dialog, phones.left);
    up.push(...(await callAtOnce(phones.left, 5)));
    expect(up).toHaveLength(CHANNELS);
    expect(await countAt(right)).toBe(CHANNELS);

    await left.powerUp();
    await until("the first router knows them again", async () => (await countAt(left)) === CHANNELS);
    for (const dialog of up) await hangUp(dialog, phones.left);
    await until(
      "all channels are free at both",
      async () => (await countAt(left)) === 0 && (await countAt(right)) === 0,
    );
  });
});
