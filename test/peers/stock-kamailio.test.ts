/**
 * Kamailio with the script that Debian ships as upstream: it relays to its own domain only, and its 200 to a REGISTER has
 * no Path, although it keeps it. Phones (baresip, linphone) have branchline as their outbound proxy by name, without `;lr`.
 *
 *   baresip  201 ─┐                               ┌── Kamailio, pbx.example.com
 *   linphone 202 ─┴── branchline ─────────────────┤
 *                     branch.example.com          └── gateway
 */
import { expect, test } from "vitest";
import { newToken, requestText } from "../sip/build.ts";
import { uriIn } from "../sip/message.ts";
import type { SipMessage } from "../sip/sip-message.ts";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Baresip } from "./support/baresip.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { until } from "./support/clock.ts";
import type { Dialog } from "./support/dialog.ts";
import { HepMirror } from "./support/hep-mirror.ts";
import { Kamailio } from "./support/kamailio.ts";
import { Linphone } from "./support/linphone.ts";
import { DOMAIN, expectNoRouteOfOurs, nameService, OUR_NAME } from "./support/named-proxy.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import type { Phone } from "./support/phone.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { Switchboard } from "./support/switchboard.ts";

const net = new Subnet(70);
const proxy = net.at(1);
const pbx = net.at(2);
const gatewayAddress = net.at(3);
const OUTSIDE = "5551234";
const LIMIT_MS = 180_000;

cleanUpAfterEach();

/** @param names the key of the file; without it branchline finds out by DNS that its name is its own */
async function office(names?: readonly string[]) {
  const known = await nameService(proxy, pbx, net.host(9));
  const mirror = await HepMirror.open(net.at(9, 9060), pbx);
  const kamailio = await Kamailio.stock(pbx, DOMAIN, net.at(9, 9060));
  const gateway = new Switchboard(await SipAgent.open(gatewayAddress));
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${DOMAIN}`], fr_timer: "2s", probe: QUICK_PROBES, hold: "1s" },
    gateways: [`sip:${hostPort(gatewayAddress)}`],
    emergency: ["112"],
    survival: { notice_hold: "300ms" },
    dns: { servers: [known.dns] },
    ...(names === undefined ? {} : { names }),
  });
  await branchline.upstreamIs("up");
  const options = { domain: DOMAIN, outbound: proxy, names: known, answers: true };
  const phones = await Promise.all([
    Baresip.start({ ...options, user: "201", local: net.at(17) }),
    Linphone.start({ ...options, user: "202", local: net.at(18) }),
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

/** Dials a number, which the gateway answers, and hangs up. */
async function dialOut(caller: Phone, gateway: Switchboard, number: string): Promise<void> {
  const before = gateway.agent.all({ method: "INVITE" }).length;
  caller.dial(`sip:${number}@${DOMAIN}`);
  await caller.next("CALL_ESTABLISHED");
  caller.hangUp();
  await caller.next("CALL_CLOSED");
  const [invite] = gateway.agent.all({ method: "INVITE" }).slice(before);
  expect(invite?.requestUri).toBe(sipUri(number, gatewayAddress));
  expect(invite?.list("route")).toEqual([]);
}

async function hangUp(dialog: Dialog, agent: SipAgent): Promise<void> {
  await dialog.send("BYE");
  await agent.next({ method: "BYE", status: 200, callId: dialog.callId });
}

describeWith(["kamailio", "kamcmd", "baresip", "linphone-daemon", "mounts"], "Kamailio's stock script", () => {
  for (const names of [[OUR_NAME], undefined]) {
    const how = names === undefined ? "that DNS leads to us" : "that the file says is ours";
    test(`stock Kamailio: phones whose outbound proxy is a name ${how} register and call each other both ways`, {
      timeout: LIMIT_MS,
    }, async () => {
      const { mirror, kamailio, phones } = await office(names);
      const [baresip, linphone] = phones;
      expect(await kamailio.location()).toEqual(["201", "202"]);
      const isMirrored = () => new Set(mirror.requests("REGISTER").map(({ callId }) => callId)).size >= 2;
      await until("both REGISTERs in the mirror", isMirrored);
      const keyOf = ({ callId, cseq }: SipMessage) => `${callId} ${cseq}`;
      const first = new Set(mirror.requests("REGISTER").map(keyOf));
      await talk(baresip, linphone);
      await talk(linphone, baresip);
      await until("two calls by Kamailio", () => mirror.requests("INVITE").length >= 2);
      await until("their ends", () => mirror.requests("BYE").length >= 2);
      // Without the key the first request of all may come before DNS has answered, and be sent again as it is.
      const mayHaveRoute = (request: SipMessage) => names === undefined && first.has(keyOf(request));
      expectNoRouteOfOurs(
        mirror.requests().filter((request) => !mayHaveRoute(request)),
        pbx,
      );
    });
  }

  test("stock Kamailio: it keeps the Path and doesn't list it, which is named until its first call comes by it", {
    timeout: LIMIT_MS,
  }, async () => {
    const { branchline, mirror, phones } = await office([OUR_NAME]);
    const isLogged = (event: string) => branchline.lines.some((line) => line.includes(`${event} `));
    await until("path_unconfirmed", () => isLogged("path_unconfirmed"));
    await until("two REGISTERs at Kamailio", () => mirror.requests("REGISTER").length >= 2);
    for (const request of mirror.requests("REGISTER")) expect(request.list("path")).toHaveLength(1);
    const [baresip, linphone] = phones;
    await talk(baresip, linphone);
    await until("path_confirmed", () => isLogged("path_confirmed"));
    expect(isLogged("path_ignored")).toBe(false);
  });

  test("phones whose outbound proxy is a name: calls, outside calls and 112 in an outage and out of it", {
    timeout: LIMIT_MS,
  }, async () => {
    const { mirror, kamailio, gateway, branchline, phones } = await office([OUR_NAME]);
    const [baresip, linphone] = phones;
    await dialOut(baresip, gateway, "112");
    await dialOut(linphone, gateway, "112");
    expect(mirror.requests("INVITE")).toEqual([]);

    const down = branchline.upstreamBecomes("down");
    kamailio.freeze();
    await down;
    await talk(baresip, linphone);
    await talk(linphone, baresip);
    for (const phone of phones) {
      await dialOut(phone, gateway, "112");
      await dialOut(phone, gateway, OUTSIDE);
    }

    const up = branchline.upstreamBecomes("up");
    await kamailio.restart();
    await up;
    await dialOut(linphone, gateway, "112");
  });

  test("a phone that routes strictly has its request read from the last Route: Kamailio takes it as its own", {
    timeout: LIMIT_MS,
  }, async () => {
    const { mirror, phones } = await office([OUR_NAME]);
    const phone = await SipAgent.open(net.at(20));
    const aor = `<sip:203@${DOMAIN}>`;
    const parts = { from: `${aor};tag=${newToken()}`, to: aor, callId: newToken(), contact: `sip:203@${phone.sentBy}` };
    const strict = { ...parts, method: "REGISTER", uri: `sip:${OUR_NAME}`, cseq: 1, routes: [`<sip:${DOMAIN}>`] };
    await phone.send(requestText(phone.sentBy, strict), proxy);
    const ok = await phone.next({ method: "REGISTER", isFinal: true, callId: parts.callId });
    expect(ok.status).toBe(200);
    const seen = () => mirror.requests("REGISTER").find(({ callId }) => callId === parts.callId);
    await until("the REGISTER at Kamailio", () => seen() !== undefined);
    expect(seen()?.requestUri).toBe(`sip:${DOMAIN}`);
    expectNoRouteOfOurs(mirror.requests(), pbx);

    const [baresip] = phones;
    baresip.dial(`sip:203@${DOMAIN}`);
    const invite = await phone.next({ method: "INVITE" });
    await phone.reply(invite, 486, "Busy Here", { toTag: newToken() });
    await baresip.next("CALL_CLOSED");
  });

  for (const state of ["up", "down"] as const) {
    test(`a phone that routes strictly, upstream ${state}: 112, an extension and an outside number are read from the last Route`, {
      timeout: LIMIT_MS,
    }, async () => {
      const { mirror, kamailio, gateway, branchline, phones } = await office([OUR_NAME]);
      if (state === "down") {
        const down = branchline.upstreamBecomes("down");
        kamailio.freeze();
        await down;
      }
      const phone = await SipAgent.open(net.at(20));
      for (const us of [OUR_NAME, proxy.host]) {
        const dial = (number: string) =>
          OutgoingCall.start(phone, { to: `sip:${us}`, through: proxy, routes: [`<sip:${number}@${DOMAIN}>`] });
        const emergency = await dial("112");
        await hangUp(await emergency.established(), phone);
        const [invite] = gateway.agent.all({ method: "INVITE", callId: emergency.callId });
        expect(invite?.requestUri).toBe(sipUri("112", gatewayAddress));

        const internal = await dial("201");
        await hangUp(await internal.established(), phone);
        await phones[0].next("CALL_CLOSED");

        const outside = await (await dial(OUTSIDE)).final();
        // Kamailio knows no such number.
        expect(outside.status).toBe(state === "up" ? 404 : 302);
        if (state === "down") expect(uriIn(outside.header("contact"))).toBe(sipUri(OUTSIDE, gatewayAddress));
      }
      if (state === "up") await until("four calls by Kamailio", () => mirror.requests("INVITE").length >= 4);
      expectNoRouteOfOurs(mirror.requests(), pbx);
    });
  }
});
