/**
 * Phones with the outbound proxy by name over TCP and TLS, where a certificate wants a name: what they write into Route is
 * that name, and Kamailio with Debian's stock script must not see it. The file says nothing of the name with TLS, since
 * the certificate does.
 *
 *   baresip  201 ─┐  TCP or TLS                       UDP
 *   linphone 202 ─┴─────────── branch.example.com ─────────── Kamailio, pbx.example.com
 */
import { expect, test } from "vitest";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Baresip } from "./support/baresip.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { CertificateAuthority, endsOf } from "./support/certificates.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { until } from "./support/clock.ts";
import { HepMirror } from "./support/hep-mirror.ts";
import { Kamailio } from "./support/kamailio.ts";
import { Linphone } from "./support/linphone.ts";
import { DOMAIN, expectNoRouteOfOurs, nameService, OUR_NAME } from "./support/named-proxy.ts";
import { describeWith } from "./support/peers.ts";
import type { Phone } from "./support/phone.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { Switchboard } from "./support/switchboard.ts";

const net = new Subnet(77);
const proxy = net.at(1);
const pbx = net.at(2);
const gatewayAddress = net.at(3);
const mirrorAddress = net.at(9, 9060);
/** Both phones let the kernel choose the address from which they connect. */
const LOOPBACK = "127.0.0.1/32";
const LIMIT_MS = 180_000;

cleanUpAfterEach();

async function office(transport: "tcp" | "tls") {
  const names = await nameService(proxy, pbx, net.host(9));
  const authority = transport === "tls" ? new CertificateAuthority() : undefined;
  const mirror = await HepMirror.open(mirrorAddress, pbx);
  const kamailio = await Kamailio.stock(pbx, DOMAIN, mirrorAddress);
  const gateway = new Switchboard(await SipAgent.open(gatewayAddress));
  const branchline = await Branchline.start({
    ...endsOf(proxy.host, authority, `DNS:${OUR_NAME}`),
    localnet: [net.network(16), LOOPBACK],
    upstream: { targets: [`sip:${DOMAIN}`], probe: QUICK_PROBES, hold: "1s" },
    gateways: [`sip:${hostPort(gatewayAddress)}`],
    emergency: ["112"],
    survival: { notice_hold: "300ms" },
    // Of the name that phones use by TCP nothing is known but what DNS says.
    dns: { servers: [names.dns] },
  });
  await branchline.upstreamIs("up");
  const outbound = transport === "tls" ? { host: proxy.host, port: 5061 } : proxy;
  const common = { domain: DOMAIN, outbound, names, transport, answers: true };
  const options = authority === undefined ? common : { ...common, ca: authority.file };
  const phones = await Promise.all([
    Baresip.start({ ...options, user: "201", local: net.at(17) }),
    Linphone.start({ ...options, user: "202", local: net.at(19) }),
  ] as const);
  return { mirror, kamailio, gateway, branchline, phones };
}

/** Dials; both sides have the call; the callee hangs up. */
async function talk(caller: Phone, callee: Phone): Promise<void> {
  caller.dial(`sip:${callee.user}@${DOMAIN}`);
  await Promise.all([caller.next("CALL_ESTABLISHED"), callee.next("CALL_ESTABLISHED")]);
  callee.hangUp();
  await Promise.all([caller.next("CALL_CLOSED"), callee.next("CALL_CLOSED")]);
}

for (const [transport, needs] of [
  ["tcp", []],
  ["tls", ["openssl", "TLS"]],
] as const) {
  describeWith(
    ["kamailio", "kamcmd", "baresip", "linphone-daemon", "mounts", ...needs],
    "a named proxy over streams",
    () => {
      test(`phones whose outbound proxy is a name, over ${transport}: calls and 112, in an outage too`, {
        timeout: LIMIT_MS,
      }, async () => {
        const { mirror, kamailio, gateway, branchline, phones } = await office(transport);
        const [baresip, linphone] = phones;
        await talk(baresip, linphone);
        await talk(linphone, baresip);
        await until("two calls by Kamailio", () => mirror.requests("INVITE").length >= 2);
        await until("their ends", () => mirror.requests("BYE").length >= 2);
        expectNoRouteOfOurs(mirror.requests("INVITE"), pbx);
        expectNoRouteOfOurs(mirror.requests("BYE"), pbx);

        const down = branchline.upstreamBecomes("down");
        kamailio.freeze();
        await down;
        await talk(baresip, linphone);
        await talk(linphone, baresip);
        for (const phone of phones) {
          phone.dial(`sip:112@${DOMAIN}`);
          await phone.next("CALL_ESTABLISHED");
          phone.hangUp();
          await phone.next("CALL_CLOSED");
        }
        const dialled = gateway.agent.all({ method: "INVITE" }).map(({ requestUri }) => requestUri);
        expect(dialled).toEqual(Array(2).fill(sipUri("112", gatewayAddress)));
      });
    },
  );
}
