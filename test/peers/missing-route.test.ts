/**
 * The router has no route to upstream, as when its WAN interface is down: the kernel refuses to send, and nobody waits.
 *
 *   phone 10.90.1.17 ── branchline 10.90.1.1 [10.90.2.1] ──╳   upstream 198.51.100.10
 */
import { expect, test } from "vitest";
import { newToken, requestText } from "../sip/build.ts";
import { Branchline } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { until } from "./support/clock.ts";
import { Namespace } from "./support/namespace.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import { takePrecedence } from "./support/priority.ts";
import { expectAtOnce, FAR_MS } from "./support/promised-times.ts";
import { SipAgent } from "./support/sip-agent.ts";

const LAN = "10.90.1.1";
const WAN = "10.90.2.1";
const PHONE = { host: "10.90.1.17", port: 5060 };
const UPSTREAM = { host: "198.51.100.10", port: 5060 };
/** A flood could be lost in the kernel: so many requests at the most wait for their answer. */
const WINDOW = 32;

takePrecedence();
cleanUpAfterEach();

function router(): Namespace {
  const space = Namespace.create("router");
  for (const address of [LAN, WAN, PHONE.host]) space.addAddress(`${address}/32`);
  return space;
}

async function start(
  space: Namespace,
  listen: readonly string[],
  probe: Readonly<Record<string, string>> = {},
): Promise<Branchline> {
  return Branchline.start(
    {
      listen: listen.map((address) => `udp:${address}:5060`),
      localnet: ["10.90.1.0/24"],
      upstream: { targets: [`sip:${UPSTREAM.host}`], fr_timer: `${FAR_MS}ms`, probe },
      gateways: ["sip:10.90.1.3"],
      limits: "none",
    },
    { namespace: space.name },
  );
}

async function expectSurvivalAtOnce(phone: SipAgent, what: string): Promise<void> {
  const call = await OutgoingCall.start(phone, {
    to: "sip:5551234@pbx.example.com",
    through: { host: LAN, port: 5060 },
  });
  const notice = await call.response(181);
  expectAtOnce(`missing route: ${what}: 181`, call.delay_ms(notice));
  await call.response(302);
}

describeWith(["namespaces"], "missing route", () => {
  for (const { what, listen } of [
    { what: "one address", listen: [LAN] },
    { what: "a LAN and a WAN address", listen: [LAN, WAN] },
  ]) {
    test(`missing route: with ${what}, calls are rescued at once`, async () => {
      const space = router();
      const phone = await SipAgent.open(PHONE, space.name);
      await start(space, listen);
      await expectSurvivalAtOnce(phone, `${what}, first call`);
      await expectSurvivalAtOnce(phone, `${what}, second call`);
    });

    test(`missing route: with ${what}, a route that goes away while upstream is up: at once too`, async () => {
      const space = router();
      const far = Namespace.create("upstream");
      space.connect(["wan0", "10.90.3.1/24"], far, ["wan1", "10.90.3.2/24"]);
      far.addAddress(`${UPSTREAM.host}/32`);
      far.ip("route", "add", "default", "via", "10.90.3.1");
      space.ip("route", "add", "default", "via", "10.90.3.2");
      const upstream = await SipAgent.open(UPSTREAM, far.name);
      const phone = await SipAgent.open(PHONE, space.name);
      const branchline = await start(space, listen);
      await branchline.upstreamIs("up");

      space.ip("route", "delete", "default");
      await expectSurvivalAtOnce(phone, `${what}, route lost`);
      expect(upstream.all({ method: "INVITE" })).toEqual([]);
    });
  }

  // Each probe that meets no route leaves branchline's sockets as they were: what arrives meanwhile must not go with it.
  test("missing route: no phone's request is lost while upstream is probed in vain", async () => {
    const space = router();
    const phone = await SipAgent.open(PHONE, space.name);
    const probe = { suspect_interval: "100ms", down_interval: "100ms", timeout: "100ms" };
    await start(space, [LAN], probe);
    let answered = 0;
    phone.always({ status: 200, method: "OPTIONS" }, async () => {
      answered += 1;
    });
    const sent = 6_000;
    for (let cseq = 1; cseq <= sent; cseq++) {
      const uri = `sip:${LAN}`;
      const parts = { method: "OPTIONS", uri, from: `<${uri}>;tag=${cseq}`, to: `<${uri}>`, callId: newToken(), cseq };
      await phone.send(requestText(phone.sentBy, parts), { host: LAN, port: 5060 });
      if (cseq - answered >= WINDOW) await until(`answers to ${cseq} OPTIONS`, () => cseq - answered < WINDOW);
    }
    await until("the last answers", () => answered >= sent);
    console.log(`missing route: ${answered} of ${sent} OPTIONS answered`);
    expect(answered).toBe(sent);
  });
});
