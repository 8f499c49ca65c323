/**
 * Real phones over TCP and over TLS: registered at Kamailio (which speaks UDP) behind branchline, called over the connection
 * that they have opened, in an outage too, and again after that connection was cut.
 *
 *   baresip  1001 ─┐  TCP or TLS                UDP
 *   linphone 1003 ─┴─────────────── branchline ─────── Kamailio ── HQ
 */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { type Endpoint, hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Baresip } from "./support/baresip.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { CertificateAuthority, endsOf } from "./support/certificates.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { until } from "./support/clock.ts";
import { Kamailio } from "./support/kamailio.ts";
import { Linphone } from "./support/linphone.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith, pathOf } from "./support/peers.ts";
import type { Phone } from "./support/phone.ts";
import { SipAgent } from "./support/sip-agent.ts";

const net = new Subnet(54);
const pbx = net.at(2);
const EXPIRES_S = 10;
const LIMIT_MS = 270_000;
/** Both phones let the kernel choose the address from which they connect. */
const LOOPBACK = "127.0.0.1/32";

cleanUpAfterEach();

async function office(transport: "tcp" | "tls") {
  const authority = transport === "tls" ? new CertificateAuthority() : undefined;
  const outbound = net.at(1, transport === "tls" ? 5061 : 5060);
  const hq = await SipAgent.open(net.at(4));
  const kamailio = await Kamailio.start(pbx, hq.endpoint);
  const branchline = await Branchline.start({
    ...endsOf(net.host(1), authority, `IP:${net.host(1)}`),
    localnet: [net.network(16), LOOPBACK],
    upstream: { targets: [`sip:${hostPort(pbx)}`], probe: QUICK_PROBES, hold: "1s" },
    registration: { survival_expires: `${EXPIRES_S}s`, local_after: "1s" },
  });
  await branchline.upstreamIs("up");
  const common = { domain: pbx.host, outbound, answers: true, expires_s: EXPIRES_S, transport };
  const options = authority === undefined ? common : { ...common, ca: authority.file };
  const phones: readonly [Phone, Phone] = await Promise.all([
    Baresip.start({ ...options, user: "1001", local: net.at(17) }),
    Linphone.start({ ...options, user: "1003", local: net.at(19) }),
  ]);
  return { hq, kamailio, branchline, phones, outbound };
}

/** Dials the extension; both have the call; the caller hangs up, and both know it. */
async function talk(caller: Phone, callee: Phone): Promise<void> {
  caller.dial(`sip:${callee.user}@${pbx.host}`);
  await Promise.all([caller.next("CALL_ESTABLISHED"), callee.next("CALL_ESTABLISHED")]);
  caller.hangUp();
  await callee.sip.next({ method: "BYE" });
  await Promise.all([caller.next("CALL_CLOSED"), callee.next("CALL_CLOSED")]);
}

/** HQ calls the extension by way of the registrar, which knows the Path to it, and hangs up. */
async function callFromHq(hq: SipAgent, phone: Phone): Promise<void> {
  const call = await OutgoingCall.start(hq, { to: sipUri(phone.user, pbx), through: pbx });
  const dialog = await call.established();
  await phone.next("CALL_ESTABLISHED");
  await dialog.send("BYE");
  await phone.sip.next({ method: "BYE" });
  await hq.next({ method: "BYE", status: 200, callId: call.callId });
  await phone.next("CALL_CLOSED");
}

/** Returns once each of them has had another 200 to a REGISTER. */
async function registeredAgain(phones: readonly Phone[]): Promise<void> {
  const count = ({ sip }: Phone) =>
    sip.received.filter(({ method, status }) => method === "REGISTER" && status === 200).length;
  const before = phones.map(count);
  const areBack = () => phones.every((phone, index) => count(phone) > (before[index] ?? 0));
  await until("they are registered again", areBack, 2 * EXPIRES_S * 1_000);
}

/** Resets all connections to `proxy`. */
function cutConnections(proxy: Endpoint): void {
  execFileSync(pathOf("ss"), ["-K", "-t", "src", hostPort(proxy)]);
}

/** All that it has received came over the connection that it has opened to us. */
function expectOnlyFrom(phone: Phone, proxy: string): void {
  expect([...new Set(phone.sip.received.map(({ from }) => hostPort(from)))]).toEqual([proxy]);
}

// The right to make namespaces includes cutting connections.
for (const [transport, needs] of [
  ["tcp", []],
  ["tls", ["openssl", "TLS"]],
] as const) {
  describeWith(["kamailio", "baresip", "linphone-daemon", "namespaces", ...needs], "phones over streams", () => {
    test.each([transport])(
      "over %s: registered, called, in an outage, and after their connections were cut",
      {
        timeout: LIMIT_MS,
      },
      async () => {
        const { hq, kamailio, branchline, phones, outbound } = await office(transport);
        const [one, two] = phones;
        const letter = transport === "tls" ? "s" : "t";
        for (const { user } of phones) {
          expect(await kamailio.log(new RegExp(`PBX register sip:${user}`))).toMatch(
            new RegExp(`path=<sip:p~${letter}~`),
          );
        }
        await talk(one, two);
        await talk(two, one);
        for (const phone of phones) await callFromHq(hq, phone);

        const down = branchline.upstreamBecomes("down");
        kamailio.freeze();
        await down;
        await talk(one, two);
        await talk(two, one);
        for (const phone of phones) expectOnlyFrom(phone, hostPort(outbound));

        const up = branchline.upstreamBecomes("up");
        await kamailio.restart();
        await up;
        let back = registeredAgain(phones);
        cutConnections(outbound);
        await back;
        for (const phone of phones) await callFromHq(hq, phone);
        await talk(one, two);
        for (const phone of phones) expectOnlyFrom(phone, hostPort(outbound));
        if (transport === "tls") return;

        // linphone tries at once, while nobody listens, and then not for a minute.
        back = registeredAgain([one]);
        await branchline.killAndRestart();
        await back;
        await callFromHq(hq, one);
      },
    );
  });
}
