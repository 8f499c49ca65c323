/**
 * A router with a LAN and a WAN side, in network namespaces:
 *
 *   phone   10.90.1.17 ─┐                 router                  upstream
 *   gateway 10.90.1.3  ─┴─ lan ── 10.90.1.1 │ 10.90.2.1 ── wan ── 10.90.2.2 │ 198.51.100.10
 */
import { expect, test } from "vitest";
import { uriIn } from "../sip/message.ts";
import type { SipMessage } from "../sip/sip-message.ts";
import { converse, reinviteBothWays } from "./support/both-ways.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { Namespace } from "./support/namespace.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import { takePrecedence } from "./support/priority.ts";
import { expectAtOnce, FAR_MS } from "./support/promised-times.ts";
import { register } from "./support/registration.ts";
import { SipAgent } from "./support/sip-agent.ts";

const SIP = 5060;
const LAN = { host: "10.90.1.1", port: SIP };
const WAN = { host: "10.90.2.1", port: SIP };
const PHONE = { host: "10.90.1.17", port: SIP };
const GATEWAY = { host: "10.90.1.3", port: SIP };
const UPSTREAM = { host: "198.51.100.10", port: SIP };
const NUMBER = "5551234";
const outwards = { to: `sip:${NUMBER}@pbx.example.com`, through: LAN };

takePrecedence();
cleanUpAfterEach();

async function network() {
  const lan = Namespace.create("lan");
  const router = Namespace.create("router");
  const wan = Namespace.create("wan");
  lan.connect(["eth0", `${PHONE.host}/24`], router, ["lan0", `${LAN.host}/24`]);
  lan.addAddress(`${GATEWAY.host}/24`, "eth0");
  router.connect(["wan0", `${WAN.host}/24`], wan, ["eth0", "10.90.2.2/24"]);
  wan.addAddress(`${UPSTREAM.host}/32`);
  router.ip("route", "add", "default", "via", "10.90.2.2");
  wan.ip("route", "add", "default", "via", WAN.host);
  const [phone, gateway, upstream] = await Promise.all([
    SipAgent.open(PHONE, lan.name),
    SipAgent.open(GATEWAY, lan.name),
    SipAgent.open(UPSTREAM, wan.name),
  ]);
  const branchline = await Branchline.start(
    {
      listen: [`udp:${LAN.host}:${SIP}`, `udp:${WAN.host}:${SIP}`],
      localnet: ["10.90.1.0/24"],
      upstream: {
        targets: [`sip:${UPSTREAM.host}`],
        fr_timer: `${FAR_MS}ms`,
        probe: QUICK_PROBES,
        hold: "1s",
      },
      gateways: [`sip:${GATEWAY.host}`],
    },
    { namespace: router.name },
  );
  await branchline.upstreamIs("up");
  return { router, phone, gateway, upstream, branchline };
}

/** "host:port" of each value's URI. */
function hostsOf(message: SipMessage, header: string): string[] {
  return message.list(header).map((value) =>
    uriIn(value)
      .replace(/^sip:([^@]*@)?/, "")
      .replace(/;.*/, ""),
  );
}

function topVia(message: SipMessage): string {
  return message.list("via")[0] ?? "";
}

describeWith(["namespaces"], "two sides", () => {
  test("two sides: REGISTER goes up with the WAN address in Via and Path", async () => {
    const { phone, upstream } = await network();
    const { request } = await register(phone, upstream, LAN);
    expect(topVia(request)).toMatch(/^SIP\/2\.0\/UDP 10\.90\.2\.1:5060;/);
    expect(request.from).toEqual(WAN);
    expect(hostsOf(request, "path")).toEqual(["10.90.2.1:5060"]);
    expect(request.list("supported")).toContain("path");
  });

  test("two sides: the phone's call records both addresses, and works both ways through", async () => {
    const { phone, upstream, branchline } = await network();
    const conversation = await converse(phone, upstream, outwards);
    const { invite, caller } = conversation;
    expect(topVia(invite)).toMatch(/^SIP\/2\.0\/UDP 10\.90\.2\.1:5060;/);
    expect(hostsOf(invite, "record-route")).toEqual(["10.90.2.1:5060", "10.90.1.1:5060"]);
    expect(invite.list("record-route").every((value) => uriIn(value).endsWith(";lr"))).toBe(true);
    await reinviteBothWays(conversation);
    const bye = await caller.ask("BYE", upstream);
    expect(bye.list("route")).toEqual([]);

    const interrupted = await converse(phone, upstream, outwards);
    await branchline.killAndRestart();
    await reinviteBothWays(interrupted);
    await interrupted.callee.ask("BYE", phone);
  });

  test("two sides: upstream's call down the Path shows the LAN address, and works both ways through", async () => {
    const { phone, upstream } = await network();
    const { contact, path } = await register(phone, upstream, LAN);
    const conversation = await converse(upstream, phone, { to: contact, through: WAN, routes: path });
    const { invite, caller } = conversation;
    expect(invite.from).toEqual(LAN);
    expect(invite.requestUri).toBe(contact);
    expect(topVia(invite)).toMatch(/^SIP\/2\.0\/UDP 10\.90\.1\.1:5060;/);
    expect(hostsOf(invite, "record-route")).toEqual(["10.90.1.1:5060", "10.90.2.1:5060"]);
    expect(invite.list("route")).toEqual([]);
    await reinviteBothWays(conversation);
    await caller.ask("BYE", phone);
  });

  test("two sides: the WAN goes down and calls are rescued at once; it comes back and calls go up again", async () => {
    const { router, phone, gateway, upstream, branchline } = await network();
    const before = await converse(phone, upstream, outwards);
    router.ip("link", "set", "wan0", "down");

    const call = await OutgoingCall.start(phone, outwards);
    const notice = await call.response(181);
    expectAtOnce("two sides: WAN down: 181", call.delay_ms(notice));
    const redirect = await call.response(302);
    const uri = uriIn(redirect.header("contact"));
    expect(uri).toBe(`sip:${NUMBER}@${GATEWAY.host}`);
    const local = await converse(phone, gateway, { to: uri, through: LAN, after: call });
    expect(hostsOf(local.invite, "record-route")).toEqual(["10.90.1.1:5060"]);

    const back = branchline.upstreamBecomes("up");
    router.ip("link", "set", "wan0", "up");
    router.ip("route", "add", "default", "via", "10.90.2.2");
    await back;
    await converse(phone, upstream, outwards);
    await local.caller.ask("BYE", gateway);
    await before.caller.ask("BYE", upstream);
  });
});
