/**
 * When an outage shows to the phone, measured on the wire with the default fr_timer and notice_hold.
 *
 *   phone             branchline          upstream
 *     │── INVITE ────────▶│── INVITE ───────▶┆        ┐
 *     │◀─ 100 ────────────│── INVITE ───────▶┆        │ fr_timer: 4 s of silence; nothing at all when
 *     │                   │── INVITE ───────▶┆        │ upstream is known dead or the kernel says so
 *     │◀─ 181 ────────────│                           ┘┐
 *     │◀─ 302 to gateway ─│                            ┘ notice_hold: 1 s
 *     │── ACK ───────────▶│
 */
import { expect, test } from "vitest";
import type { SipMessage } from "../sip/sip-message.ts";
import { CLOCK_GRAIN_MS, MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES, type Settings, UNHURRIED } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { pause } from "./support/clock.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { takePrecedence } from "./support/priority.ts";
import { expectAt, expectAtOnce, FAR_MS } from "./support/promised-times.ts";
import { SipAgent } from "./support/sip-agent.ts";

const net = new Subnet(12);
const proxy = net.at(1);
const upstreamAddress = net.at(2);
const gateway = net.at(3);
const phoneAddress = net.at(17);
const number = "5551234";

const FR_TIMER_MS = 4_000;
const NOTICE_HOLD_MS = 1_000;
/** For calls that don't wait for it. */
const FAR = { fr_timer: `${FAR_MS}ms` };
/** fr_timer alone ends the waiting: no probe finds out before that upstream is down. */
const UNHURRIED_PROBES = { probe: UNHURRIED.probe };
/** For a phone to hang up before, or after, its 181. */
const TIME_TO_CANCEL = "10s";

takePrecedence();
cleanUpAfterEach();

async function branch(upstream: Readonly<Record<string, unknown>> = {}, survival: Settings["survival"] = {}) {
  const settings: Settings = {
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${hostPort(upstreamAddress)}`], ...upstream },
    gateways: [`sip:${hostPort(gateway)}`],
    survival: { answer: 302, ...survival },
  };
  const phone = await SipAgent.open(phoneAddress);
  return { phone, start: () => Branchline.start(settings) };
}

function call(phone: SipAgent): Promise<OutgoingCall> {
  return OutgoingCall.start(phone, { to: `sip:${number}@pbx.example.com`, through: proxy });
}

/** Waits for the redirect, and shows what it must say and that it came `notice_hold` after the 181. */
async function redirected(made: OutgoingCall): Promise<{ notice: SipMessage; redirect: SipMessage }> {
  const notice = await made.response(181);
  const redirect = await made.response(302);
  expect(notice.reason).toBe("Survival activated - please stand by");
  expect(redirect.header("contact")).toBe(`<${sipUri(number, gateway)}>`);
  return { notice, redirect };
}

test("outage: upstream falls silent: the first call waits fr_timer, and its 302 comes notice_hold later", async () => {
  const { phone, start } = await branch(UNHURRIED_PROBES);
  const upstream = await SipAgent.open(upstreamAddress);
  const branchline = await start();
  await branchline.upstreamIs("up");
  upstream.isAlive = false;

  const made = await call(phone);
  const { notice, redirect } = await redirected(made);
  expectAt("outage: first call's 181", made.delay_ms(notice), FR_TIMER_MS);
  expectAt("outage: first call's 302", made.delay_ms(redirect), FR_TIMER_MS + NOTICE_HOLD_MS);
  // RFC 3261's timer A until fr_timer: at 0, 500, 1500 and 3500 ms, the last of which a busy machine may come too late for.
  const copies = upstream.all({ method: "INVITE" }).length;
  expect(copies).toBeGreaterThan(1);
  expect(copies).toBeLessThanOrEqual(4);
});

test("outage: 100 calls at once are each redirected at their own fr_timer and notice_hold", async () => {
  const { phone, start } = await branch(UNHURRIED_PROBES);
  const upstream = await SipAgent.open(upstreamAddress);
  const branchline = await start();
  await branchline.upstreamIs("up");
  upstream.isAlive = false;

  const made: OutgoingCall[] = [];
  for (let index = 0; index < 100; index++) {
    made.push(await call(phone));
    await pause(3);
  }
  const ends = await Promise.all(made.map(redirected));
  const errors_ms = made.flatMap((one, index) => {
    const end = ends[index];
    if (end === undefined) return [];
    return [one.delay_ms(end.notice) - FR_TIMER_MS, one.delay_ms(end.redirect) - FR_TIMER_MS - NOTICE_HOLD_MS];
  });
  const [least_ms, most_ms] = [Math.min(...errors_ms), Math.max(...errors_ms)];
  console.log(`outage: 100 calls, 181s and 302s ${least_ms.toFixed(1)} to ${most_ms.toFixed(1)} ms from their times`);
  expect(errors_ms).toHaveLength(200);
  expect(least_ms).toBeGreaterThanOrEqual(-CLOCK_GRAIN_MS);
  expect(most_ms).toBeLessThanOrEqual(MACHINE_TOLERANCE_MS);
});

test("outage: with upstream known dead nobody waits: 181 at once", async () => {
  const { phone, start } = await branch({ ...FAR, probe: QUICK_PROBES });
  const upstream = await SipAgent.open(upstreamAddress);
  const branchline = await start();
  await branchline.upstreamIs("up");
  upstream.isAlive = false;
  await branchline.upstreamIs("down");

  const made = await call(phone);
  const { notice, redirect } = await redirected(made);
  expectAtOnce("outage: known dead: 181", made.delay_ms(notice));
  expectAt("outage: known dead: 302", made.delay_ms(redirect), NOTICE_HOLD_MS);
  expect(upstream.all({ method: "INVITE" })).toEqual([]);
});

test("outage: an ICMP port unreachable starts survival at once", async () => {
  const { phone, start } = await branch(FAR);
  const upstream = await SipAgent.open(upstreamAddress);
  const branchline = await start();
  await branchline.upstreamIs("up");
  await upstream.close();

  const made = await call(phone);
  const { notice, redirect } = await redirected(made);
  expectAtOnce("outage: port closed: 181", made.delay_ms(notice));
  expectAt("outage: port closed: 302", made.delay_ms(redirect), NOTICE_HOLD_MS);
});

test("outage: an ICMP port unreachable frees calls that wait already", async () => {
  const { phone, start } = await branch(FAR);
  const upstream = await SipAgent.open(upstreamAddress);
  const branchline = await start();
  await branchline.upstreamIs("up");
  upstream.isAlive = false;

  const made = await call(phone);
  await upstream.next({ method: "INVITE" });
  await upstream.close();
  const { notice } = await redirected(made);
  // The kernel says so at the latest when the INVITE is sent again: timer A, 500 ms.
  expectAtOnce("outage: port closed while waiting: 181", made.delay_ms(notice));
});

test("outage: nobody ever listened upstream: the first call after the start is rescued at once", async () => {
  const { phone, start } = await branch(FAR);
  await start();
  const made = await call(phone);
  const { notice } = await redirected(made);
  expectAtOnce("outage: port never open: 181", made.delay_ms(notice));
});

test("outage: answer 380: the phone is told of an alternative service at the gateway", async () => {
  const { phone, start } = await branch(FAR, { answer: 380 });
  await start();
  const made = await call(phone);
  await made.response(181);
  const redirect = await made.response(380);
  expect(redirect.reason).toBe("Alternative Service");
  expect(redirect.header("contact")).toBe(`<${sipUri(number, gateway)}>`);
  expectAt("outage: answer 380: its 380", made.delay_ms(redirect), NOTICE_HOLD_MS);
});

test("outage: answer relay: the same call rings at the gateway, and the phone is never redirected", async () => {
  const { phone, start } = await branch(FAR, { answer: "relay" });
  const pstn = await SipAgent.open(gateway);
  await start();
  const made = await call(phone);
  await made.response(181);
  const incoming = await IncomingCall.at(pstn, made.callId);
  expect(incoming.invite.requestUri).toBe(sipUri(number, gateway));
  expectAt("outage: answer relay: INVITE at the gateway", incoming.invite.at_ms - made.sentAt_ms, NOTICE_HOLD_MS);
  await incoming.ring();
  await made.response(180);
  const answered = incoming.answer();
  const caller = await made.established();
  await answered;
  await caller.ask("BYE", pstn);
  expect(phone.received.map((message) => message.status).filter((status) => status >= 300)).toEqual([]);
});

test("outage: any final answer of upstream is upstream's word, and passes untouched", async () => {
  const { phone, start } = await branch(FAR);
  const upstream = await SipAgent.open(upstreamAddress);
  const branchline = await start();
  await branchline.upstreamIs("up");
  for (const [status, reason] of [
    [404, "Not Found"],
    [486, "Busy Here"],
    [500, "Server Internal Error"],
  ] as const) {
    const made = await call(phone);
    const invite = await upstream.next({ method: "INVITE", callId: made.callId });
    await upstream.reply(invite, status, reason, { toTag: "word", extra: ["X-Word: untouched"] });
    const response = await made.response(status);
    expect(response.header("x-word")).toBe("untouched");
    expect(response.tagOf("to")).toBe("word");
    expect(phone.all({ status: 181, callId: made.callId })).toEqual([]);
  }
});

test("outage: a call cancelled before or during the notice never gets the redirect", async () => {
  const { phone, start } = await branch({ fr_timer: TIME_TO_CANCEL }, { notice_hold: TIME_TO_CANCEL });
  const upstream = await SipAgent.open(upstreamAddress);
  const branchline = await start();
  await branchline.upstreamIs("up");
  upstream.isAlive = false;

  const [early, late, witness] = [await call(phone), await call(phone), await call(phone)];
  await upstream.next({ method: "INVITE", callId: early.callId });
  await early.cancel();
  await early.response(487);
  await late.response(181);
  await late.cancel();
  await late.response(487);
  await redirected(witness);
  expect(phone.all({ status: 181, callId: early.callId })).toEqual([]);
  expect(phone.all({ status: 302 }).map((response) => response.callId)).toEqual([witness.callId]);
});

test("outage: the redirected call comes back and goes straight to the gateway; upstream returns, and calls go up again", async () => {
  const { phone, start } = await branch({ ...FAR, probe: QUICK_PROBES, hold: "1s" });
  const upstream = await SipAgent.open(upstreamAddress);
  const pstn = await SipAgent.open(gateway);
  const branchline = await start();
  await branchline.upstreamIs("up");
  upstream.isAlive = false;
  await branchline.upstreamIs("down");

  const refused = await call(phone);
  const { redirect } = await redirected(refused);
  const uri = redirect.header("contact").slice(1, -1);
  const second = await OutgoingCall.start(phone, { to: uri, through: proxy, after: refused });
  const invite = await pstn.next({ method: "INVITE", callId: second.callId });
  expect(invite.requestUri).toBe(uri);
  expectAtOnce("outage: redirected INVITE at the gateway", invite.at_ms - second.sentAt_ms);
  await pstn.reply(invite, 486, "Busy Here", { toTag: "busy" });
  await second.response(486);
  expect(phone.all({ status: 181, callId: second.callId })).toHaveLength(1);

  upstream.isAlive = true;
  await branchline.upstreamBecomes("up");
  const third = await call(phone);
  await upstream.next({ method: "INVITE", callId: third.callId });
});
