/**
 * Calls that are up when the WAN is cut for eight seconds: one is put on hold, the session of another is refreshed, a digit
 * is pressed in a third. The media may well live, on another line or in the house: nobody may end these calls.
 *
 *   phone              branchline                upstream
 *     │── re-INVITE ──────▶│── re-INVITE ───╳        ┐
 *     │◀─ 100 ─────────────│── re-INVITE ───╳        │ 8 s
 *     │                    │── re-INVITE ───╳        ┘
 *     │                    │── re-INVITE ─────────▶│
 *     │◀─ 200 ─────────────│◀─ 200 ────────────────│
 */
import { expect, test } from "vitest";
import type { SipMessage } from "../sip/sip-message.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause } from "./support/clock.ts";
import type { DeskPhone } from "./support/desk-phone.ts";
import type { Dialog } from "./support/dialog.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import { type Cut, UPSTREAM_URI, WanLab } from "./support/wan-lab.ts";

const CUT_MS = 8_000;
/** Into the cut, when upstream may be known to be away. */
const LATE_MS = 6_000;
const NUMBER = "5551234";
const LAN = { host: "10.222.237.1", port: 5060 };
/** A request that has had no answer is sent again every T2, 4 s; a phone that was told 500 comes back within ten. */
const ANSWER_LIMIT_MS = CUT_MS + 15_000 + PATIENCE_MS;
/** Two answers in a row, where a probe leaves every 5 s. */
const PROBE_LIMIT_MS = 15_000 + PATIENCE_MS;
const TEST_LIMIT_MS = 180_000;

cleanUpAfterEach();

async function callUp(lab: WanLab, { agent }: DeskPhone): Promise<Dialog> {
  const call = await OutgoingCall.start(agent, { to: `sip:${NUMBER}@pbx.example.com`, through: LAN });
  const dialog = await call.established();
  await lab.upstream.acknowledged(call.callId);
  return dialog;
}

/** What the phone was told, and when after the cut began. */
function tale(what: string, cutAt_ms: number, finals: readonly SipMessage[]): string {
  const all = finals.map(({ status, at_ms }) => `${status} after ${((at_ms - cutAt_ms) / 1_000).toFixed(1)} s`);
  return `${what} ${all.join(", ")}`;
}

async function liveThrough(cut: Cut, stream?: "tcp"): Promise<void> {
  const lab = await WanLab.build(3, stream);
  const target = stream === undefined ? {} : { targets: [`${UPSTREAM_URI};transport=tcp`] };
  const branchline = await lab.start(target, {});
  const { upstream, gateway, phones } = lab;
  const calls: Dialog[] = [];
  for (const phone of phones) calls.push(await callUp(lab, phone));
  const [held, refreshed, dialling] = calls as [Dialog, Dialog, Dialog];

  const cutAt_ms = await lab.cut(cut);
  const hold = held.insist("INVITE", ANSWER_LIMIT_MS);
  const refresh = refreshed.insist("UPDATE", ANSWER_LIMIT_MS);
  await pause(cutAt_ms + LATE_MS - monotonic_ms());
  const digit = dialling.insist("INFO", ANSWER_LIMIT_MS);
  await pause(cutAt_ms + CUT_MS - monotonic_ms());
  const repairedAt_ms = await lab.repair(cut);

  const told = { hold: await hold, refresh: await refresh, digit: await digit };
  const tales = Object.entries(told).map(([what, finals]) => tale(what, cutAt_ms, finals));
  console.log(`call across a cut: ${cut}${stream === undefined ? "" : `, ${stream}`}: ${tales.join("; ")}`);
  for (const finals of Object.values(told)) {
    expect(finals.at(-1)?.status).toBe(200);
    expect(finals.at(-1)?.at_ms).toBeGreaterThan(repairedAt_ms);
  }
  await upstream.acknowledged(held.callId);
  const byes = [upstream, gateway, ...phones].flatMap(({ agent }) => agent.all({ method: "BYE" }));
  expect(byes.filter(({ isRequest }) => isRequest)).toEqual([]);

  // Before a probe has shown that upstream is back, a BYE that goes up is answered here, by 481.
  const states = branchline.lines.filter((line) => line.includes("upstream_state "));
  if (states.at(-1)?.includes("to=down") === true) await branchline.upstreamBecomes("recovering", PROBE_LIMIT_MS);
  for (const call of calls) {
    await call.send("BYE");
    await call.agent.next({ method: "BYE", status: 200, callId: call.callId });
  }
}

describeWith(["namespaces", "nft", "sysctl"], "calls across a cut of the WAN", () => {
  // Side by side: each has a network of its own, and nearly all that they do is wait.
  test("call across a cut of 8 s (route gone, silent drop, link down, silent drop with TCP): upstream answers hold, session refresh and INFO after it, and nobody hangs up", {
    timeout: TEST_LIMIT_MS,
  }, async () => {
    const cuts = ["route gone", "silent drop", "link down"] as const;
    await Promise.all([...cuts.map((cut) => liveThrough(cut)), liveThrough("silent drop", "tcp")]);
  });
});
