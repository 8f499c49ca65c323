/**
 * Connections that end at bad moments: the phone's, upstream's, between calls and within them.
 *
 *   phone (TCP)            branchline            upstream (TCP)
 *     │── INVITE ─────────────▶│── INVITE ──────────▶│
 *     ╳ connection gone        │                     ╳ connection gone
 *     │◀─ 200 to Via's port ───│── INVITE again ──────▶│ by another one
 *     │                        │                     ╳ nobody there: survival at once, or the next upstream
 */
import { connect } from "node:net";
import { expect, test } from "vitest";
import { requestText } from "../sip/build.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES, UNHURRIED } from "./support/branchline.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { until } from "./support/clock.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { expectAt, expectAtOnce, FAR_MS } from "./support/promised-times.ts";
import { SipAgent } from "./support/sip-agent.ts";

const net = new Subnet(52);
const proxy = net.at(1);
const NUMBER = "sip:5551234@pbx.example.com";
/** Where a call waits for it. */
const FR_TIMER_MS = 1_000;

cleanUpAfterEach();

async function office(fr_timer_ms = FAR_MS) {
  const first = await SipAgent.open(net.at(2), undefined, "tcp");
  const second = await SipAgent.open(net.at(3), undefined, "tcp");
  const phone = await SipAgent.open(net.at(17), undefined, "tcp");
  const start = (targets: readonly SipAgent[]) =>
    Branchline.start({
      listen: [`udp:${hostPort(proxy)}`, `tcp:${hostPort(proxy)}`],
      localnet: [net.network(16)],
      upstream: {
        targets: targets.map(({ sentBy }) => `sip:${sentBy};transport=tcp`),
        fr_timer: `${fr_timer_ms}ms`,
        probe: { ...QUICK_PROBES, ...UNHURRIED.probe },
      },
      gateways: [`sip:${hostPort(net.at(4))}`],
      survival: { notice_hold: "0s" },
    });
  return { first, second, phone, start };
}

const dial = (phone: SipAgent) => OutgoingCall.start(phone, { to: NUMBER, through: proxy });

/** One call up, answered, and hung up by the caller. */
async function talk(phone: SipAgent, upstream: SipAgent): Promise<void> {
  const call = await dial(phone);
  const incoming = await IncomingCall.at(upstream, call.callId);
  const answered = incoming.answer();
  const dialog = await call.established();
  await answered;
  await dialog.ask("BYE", upstream);
}

test("RFC 3261 §18.2.2: the caller's connection is gone: the 200 goes to the port of its Via", async () => {
  const { first, phone, start } = await office();
  const branchline = await start([first]);
  await branchline.upstreamIs("up");
  const call = await dial(phone);
  const incoming = await IncomingCall.at(first, call.callId);
  await phone.hangUp();
  const answered = incoming.answer();
  const dialog = await call.established();
  await answered;
  const [ok] = phone.all({ status: 200, method: "INVITE" });
  expect(ok?.from.host).toBe(proxy.host);
  await dialog.ask("BYE", first);
});

test("a Content-Length that can't be read: 400, and the connection is closed", async () => {
  const { first, start } = await office();
  await start([first]);
  const socket = connect({ ...proxy, localAddress: net.host(18) });
  defer(() => socket.destroy());
  let received = "";
  let hasEnded = false;
  socket.on("data", (bytes: Buffer) => {
    received += bytes.toString("latin1");
  });
  socket.on("end", () => {
    hasEnded = true;
  });
  const aor = "<sip:x@pbx.example.com>";
  const parts = { method: "INVITE", uri: NUMBER, from: `${aor};tag=1`, to: aor, callId: "odd", cseq: 1 };
  const wire = requestText(net.host(18), parts).replace("SIP/2.0/UDP", "SIP/2.0/TCP");
  socket.write(wire.replace("Content-Length: 0", "Content-Length: many"));
  await until("the end", () => hasEnded);
  expect(received).toMatch(/^SIP\/2\.0 400 /);
  expect(received).toContain("\r\nCall-ID: odd\r\n");
});

test("upstream closes its connection between calls: the next call opens another, and completes", async () => {
  const { first, phone, start } = await office();
  const branchline = await start([first]);
  await branchline.upstreamIs("up");
  for (let round = 0; round < 3; round++) {
    await talk(phone, first);
    await first.hangUp();
  }
  expect(branchline.lines.filter((line) => /upstream_state .* to=(?:suspect|down)/.test(line))).toEqual([]);
});

test("upstream closes its connection while a call waits: the same INVITE comes by another, and is answered there", async () => {
  const { first, phone, start } = await office();
  const branchline = await start([first]);
  await branchline.upstreamIs("up");
  const call = await dial(phone);
  await first.next({ method: "INVITE", callId: call.callId });
  await first.hangUp();
  const copies = () => first.all({ method: "INVITE", callId: call.callId });
  await until("the second copy", () => copies().length === 2);
  const [one, other] = copies();
  expect(other?.wire).toBe(one?.wire);
  expect(other?.from).not.toEqual(one?.from);
  if (other !== undefined) await first.reply(other, 486, "Busy Here", { toTag: "busy" });
  await call.response(486);
  expect(branchline.lines.filter((line) => /upstream_state .* to=(?:suspect|down)/.test(line))).toEqual([]);
});

test("upstream ends while a call waits: survival at once", async () => {
  const { first, phone, start } = await office();
  const branchline = await start([first]);
  await branchline.upstreamIs("up");
  const call = await dial(phone);
  await first.next({ method: "INVITE", callId: call.callId });
  await first.close();
  const redirect = await call.response(302);
  expectAtOnce("streams: upstream ends: 302", call.delay_ms(redirect));
});

test("upstream closes its connection after its 100: the call gets survival too", async () => {
  const { first, phone, start } = await office();
  const branchline = await start([first]);
  await branchline.upstreamIs("up");
  const call = await dial(phone);
  const invite = await first.next({ method: "INVITE", callId: call.callId });
  await first.reply(invite, 100, "Trying");
  await first.close();
  await call.response(302);
});

test("the first upstream ends while a call waits: the second has the call at once", async () => {
  const { first, second, phone, start } = await office();
  const branchline = await start([first, second]);
  await branchline.upstreamIs("up");
  const call = await dial(phone);
  await first.next({ method: "INVITE", callId: call.callId });
  const incoming = IncomingCall.at(second, call.callId);
  await first.close();
  const answered = (await incoming).answer();
  const dialog = await call.established();
  await answered;
  const [ok] = phone.all({ status: 200, method: "INVITE" });
  expectAtOnce("streams: the second upstream's 200", ok === undefined ? Number.NaN : call.delay_ms(ok));
  await dialog.ask("BYE", second);
});

test("upstream accepts connections and says nothing: survival after fr_timer", async () => {
  const { first, phone, start } = await office(FR_TIMER_MS);
  const branchline = await start([first]);
  await branchline.upstreamIs("up");
  first.isAlive = false;
  const call = await dial(phone);
  const redirect = await call.response(302);
  expectAt("streams: upstream is silent: 302", call.delay_ms(redirect), FR_TIMER_MS);
});

test("upstream refuses connections: survival at once", async () => {
  const { first, phone, start } = await office();
  const branchline = await start([first]);
  await branchline.upstreamIs("up");
  await first.close();
  const call = await dial(phone);
  const redirect = await call.response(302);
  expectAtOnce("streams: upstream refuses: 302", call.delay_ms(redirect));
});
