/**
 * Real phones (baresip, linphone) stay registered while the registrar (Kamailio) is away, call each other, and are all
 * registered there again afterwards, although it has forgotten them.
 *
 *   baresip  1001, 1002 ─┐
 *   linphone 1003, 1004 ─┴── branchline ──┤ frozen, killed, started anew ├── Kamailio ── HQ
 *
 * Usually expiries are as short as they may be, so that each phone registers several times in an outage of half a minute.
 * With BRANCHLINE_LONG=1 the outage lasts for ten minutes, and all of branchline's settings are their defaults.
 */
import { expect, test } from "vitest";
import type { SipMessage } from "../sip/sip-message.ts";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Baresip } from "./support/baresip.ts";
import { Branchline, QUICK_PROBES, type Settings } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause } from "./support/clock.ts";
import { Kamailio } from "./support/kamailio.ts";
import { Linphone } from "./support/linphone.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import type { Phone } from "./support/phone.ts";
import { SipAgent } from "./support/sip-agent.ts";

const net = new Subnet(24);
const proxy = net.at(1);
const pbx = net.at(2);
const hqAddress = net.at(4);
const USERS = ["1001", "1002", "1003", "1004"] as const;

interface Form {
  readonly title: string;
  readonly outage_ms: number;
  readonly settings: Pick<Settings, "registration">;
  readonly upstream: Readonly<Record<string, unknown>>;
  /** What phones ask for. */
  readonly expires_s: number;
  /** Until upstream's state has changed, in either direction. */
  readonly edge_ms: number;
  /** Between two REGISTERs of a phone, at the most. */
  readonly silence_ms: number;
  readonly limit_ms: number;
}

const SHORT: Form = {
  title: "an outage that is long against their expiry",
  outage_ms: 0,
  settings: { registration: { expires_cap: "20s", survival_expires: "10s", local_after: "1s" } },
  upstream: { probe: QUICK_PROBES, hold: "1s" },
  expires_s: 20,
  edge_ms: 20_000,
  silence_ms: 40_000,
  limit_ms: 360_000,
};
const LONG: Form = {
  title: "an outage of ten minutes",
  outage_ms: 600_000,
  settings: {},
  upstream: {},
  expires_s: 3_600,
  edge_ms: 30_000,
  silence_ms: 300_000,
  limit_ms: 900_000,
};
const form = process.env["BRANCHLINE_LONG"] === "1" ? LONG : SHORT;
/** So often at least must each phone have registered in the outage. */
const LOCAL_LEAST = 3;

cleanUpAfterEach();

async function office() {
  const hq = await SipAgent.open(hqAddress);
  const kamailio = await Kamailio.start(pbx, hqAddress);
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${hostPort(pbx)}`], ...form.upstream },
    ...form.settings,
  });
  await branchline.upstreamIs("up");
  const options = { domain: pbx.host, outbound: proxy, answers: true, expires_s: form.expires_s };
  const phones = await Promise.all([
    Baresip.start({ ...options, user: "1001", local: net.at(17) }),
    Baresip.start({ ...options, user: "1002", local: net.at(18) }),
    Linphone.start({ ...options, user: "1003", local: net.at(19) }),
    Linphone.start({ ...options, user: "1004", local: net.at(20) }),
  ] as const);
  return { hq, kamailio, branchline, phones };
}

/** Dials the extension; both have the call; one hangs up, and both know it. */
async function talk(caller: Phone, callee: Phone, whoHangsUp: "caller" | "callee"): Promise<void> {
  caller.dial(`sip:${callee.user}@${pbx.host}`);
  await Promise.all([caller.next("CALL_ESTABLISHED"), callee.next("CALL_ESTABLISHED")]);
  const [first, second] = whoHangsUp === "caller" ? [caller, callee] : [callee, caller];
  first.hangUp();
  await second.sip.next({ method: "BYE" });
  await first.sip.next({ method: "BYE", status: 200 });
  await Promise.all([caller.next("CALL_CLOSED"), callee.next("CALL_CLOSED")]);
}

type Phones = readonly [Phone, Phone, Phone, Phone];

async function talkAll([one, two, three, four]: Phones, whoHangsUp: "caller" | "callee"): Promise<void> {
  await talk(one, three, whoHangsUp);
  await talk(three, two, whoHangsUp);
  await talk(one, two, whoHangsUp);
  await talk(four, three, whoHangsUp);
}

/** The 200s to its REGISTERs. */
function registrations({ sip }: Phone): SipMessage[] {
  return sip.received.filter(({ method, status }) => method === "REGISTER" && status === 200);
}

/** Those of them that branchline gave: Kamailio signs its own. */
function localRegistrations(phone: Phone): SipMessage[] {
  return registrations(phone).filter((ok) => !ok.header("server").startsWith("kamailio"));
}

async function registersLocally(phone: Phone): Promise<void> {
  while (localRegistrations(phone).length < LOCAL_LEAST) {
    await phone.sip.next({ method: "REGISTER", status: 200 }, form.silence_ms);
  }
}

/** No registration ended before the next one was confirmed, but for what a busy machine takes, and none was refused. */
function expectUnbroken(phone: Phone): void {
  const confirmed = registrations(phone);
  confirmed.forEach((ok, index) => {
    const next_ms = confirmed[index + 1]?.at_ms ?? monotonic_ms();
    expect(next_ms - ok.at_ms, `${phone.user}: ${ok.header("contact")}`).toBeLessThan(
      1_000 * expiryOf(ok) + MACHINE_TOLERANCE_MS,
    );
  });
  const refusals = phone.sip.received.filter(({ method, status }) => method === "REGISTER" && status > 200);
  expect(refusals.filter(({ status }) => status !== 401)).toEqual([]);
}

function expiryOf(ok: SipMessage): number {
  return Number(/;expires=(\d+)/.exec(ok.header("contact"))?.[1]);
}

/** HQ calls the extension by way of the registrar, which knows the Path to it, and hangs up. */
async function callFromHq(hq: SipAgent, kamailio: Kamailio, phone: Phone): Promise<void> {
  const call = await OutgoingCall.start(hq, { to: sipUri(phone.user, pbx), through: pbx });
  const dialog = await call.established();
  await kamailio.log(new RegExp(`PBX call to sip:${phone.user}\\S* by Path sip:p~u~\\S+@${hostPort(proxy)};lr`));
  await phone.next("CALL_ESTABLISHED");
  await dialog.send("BYE");
  await phone.sip.next({ method: "BYE" });
  await hq.next({ method: "BYE", status: 200, callId: call.callId });
  await phone.next("CALL_CLOSED");
}

function seconds(duration_ms: number): string {
  return `${(duration_ms / 1_000).toFixed(1)} s`;
}

describeWith(["kamailio", "kamcmd", "baresip", "linphone-daemon"], "baresip and linphone", () => {
  test(`phones stay registered and call each other through ${form.title}; then Kamailio holds them all again`, {
    timeout: form.limit_ms,
  }, async () => {
    const { hq, kamailio, branchline, phones } = await office();
    expect(await kamailio.location()).toEqual(USERS);

    const down = branchline.upstreamBecomes("down", form.edge_ms);
    const start_ms = monotonic_ms();
    kamailio.freeze();
    await down;
    await talkAll(phones, "caller");
    await Promise.all(phones.map(registersLocally));
    await pause(Math.max(0, start_ms + form.outage_ms - monotonic_ms()));
    await talkAll(phones, "callee");
    const outage_ms = monotonic_ms() - start_ms;

    await kamailio.restart();
    const restart_ms = monotonic_ms();
    await Promise.all(USERS.map((user) => kamailio.log(new RegExp(`PBX saved sip:${user}@`), form.silence_ms)));
    const return_ms = monotonic_ms() - restart_ms;
    expect(await kamailio.location()).toEqual(USERS);
    for (const phone of phones) await callFromHq(hq, kamailio, phone);
    for (const phone of phones) expectUnbroken(phone);

    const counts = phones.map((phone) => `${phone.kind} ${phone.user} ${localRegistrations(phone).length}`);
    console.log(`phones in an outage of ${seconds(outage_ms)}: REGISTERs answered here: ${counts.join(", ")}`);
    console.log(`phones in an outage: ${seconds(return_ms)} after its restart Kamailio held all of them again`);
  });
});
