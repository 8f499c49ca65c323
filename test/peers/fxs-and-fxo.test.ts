/**
 * The usual small gateway: one box, one address, two roles. Its FXO side is the gateway of the file; its FXS port, a plain
 * telephone, registers as an extension from another port.
 *
 *   PSTN ── FXO 192.0.2.3:5061 ─┐
 *   205 ─── FXS 192.0.2.3:5060 ─┴── branchline ── upstream
 *   202 ──────────────────────────────┘
 */
import { describe, expect, test } from "vitest";
import { uriIn } from "../sip/message.ts";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { Extension } from "./support/extension.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { Switchboard } from "./support/switchboard.ts";

const net = new Subnet(73);
const proxy = net.at(1);
const pbx = net.at(2);
const fxoAddress = net.at(3, 5061);
const fxsAddress = net.at(3);
const DOMAIN = "pbx.example.com";
const OUTSIDE = "5551234";

cleanUpAfterEach();

async function office() {
  const upstream = new Switchboard(await SipAgent.open(pbx));
  const gateway = await SipAgent.open(fxoAddress);
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(0), net.network(16)],
    upstream: { targets: [`sip:${hostPort(pbx)}`], probe: QUICK_PROBES, hold: "1s" },
    gateways: [`sip:${hostPort(fxoAddress)}`],
    emergency: ["112"],
    survival: { notice_hold: "200ms" },
    hunt_groups: { default: { members: ["202"] } },
  });
  await branchline.upstreamIs("up");
  const fxs = new Extension(await SipAgent.open(fxsAddress), "205", proxy);
  const phone = new Extension(await SipAgent.open(net.at(18)), "202", proxy);
  for (const one of [fxs, phone]) expect((await one.register()).status).toBe(200);
  const fallSilent = async () => {
    await upstream.die();
    await branchline.upstreamIs("down");
  };
  return { upstream, gateway, fxs, phone, fallSilent };
}

const dial = (agent: SipAgent, number: string, after?: OutgoingCall) =>
  OutgoingCall.start(agent, {
    to: `sip:${number}@${DOMAIN}`,
    through: proxy,
    ...(after === undefined ? {} : { after }),
  });

/** `caller` dials `number`, it rings at `callee`'s, which answers; they hang up. */
async function talk(caller: SipAgent, number: string, callee: SipAgent): Promise<IncomingCall> {
  const call = await dial(caller, number);
  const incoming = await IncomingCall.at(callee, call.callId);
  const answered = incoming.answer();
  const dialog = await call.established();
  await answered;
  await dialog.ask("BYE", callee);
  return incoming;
}

describe("FXS and FXO on one address", () => {
  test("FXS and FXO: while upstream lives the FXS port calls as any phone, and its 112 leaves by its own box", async () => {
    const { upstream, gateway, fxs, phone } = await office();
    for (const number of [OUTSIDE, "202"]) {
      const call = await dial(fxs.agent, number);
      const dialog = await call.established();
      expect(upstream.hasCalled(call.callId)).toBe(true);
      await dialog.send("BYE");
      await fxs.agent.next({ method: "BYE", status: 200, callId: call.callId });
    }
    const { invite } = await talk(fxs.agent, "112", gateway);
    expect(invite.requestUri).toBe(sipUri("112", fxoAddress));
    expect(phone.agent.all({ method: "INVITE" })).toEqual([]);
  });

  test("FXS and FXO: in an outage the FXS port calls 202, the PSTN and 112, and 202 calls it", async () => {
    const { gateway, fxs, phone, fallSilent } = await office();
    await fallSilent();
    await talk(fxs.agent, "202", phone.agent);
    await talk(fxs.agent, "112", gateway);

    const call = await dial(fxs.agent, OUTSIDE);
    const redirect = await call.response(302);
    const to = uriIn(redirect.header("contact"));
    expect(to).toBe(sipUri(OUTSIDE, fxoAddress));
    const second = await OutgoingCall.start(fxs.agent, { to, through: proxy, after: call });
    const incoming = await IncomingCall.at(gateway, call.callId);
    const answered = incoming.answer();
    const dialog = await second.established();
    await answered;
    await dialog.ask("BYE", gateway);

    const { invite } = await talk(phone.agent, "205", fxs.agent);
    expect(invite.requestUri).toBe(fxs.contact);
    expect(gateway.all({ method: "INVITE" })).toHaveLength(2);
    expect(phone.agent.all({ method: "INVITE" })).toHaveLength(1);
  });

  for (const state of ["up", "down"] as const) {
    test(`FXS and FXO: upstream ${state}, a call from the PSTN comes from the box's other port and rings the group`, async () => {
      const { upstream, gateway, fxs, phone, fallSilent } = await office();
      if (state === "down") await fallSilent();
      const call = await OutgoingCall.start(gateway, { to: sipUri("5550100", proxy), through: proxy });
      const incoming = await IncomingCall.at(phone.agent, call.callId);
      const answered = incoming.answer();
      const dialog = await call.established();
      await answered;
      await dialog.ask("BYE", phone.agent);
      expect(fxs.agent.all({ method: "INVITE" })).toEqual([]);
      expect(upstream.agent.all({ method: "INVITE" })).toEqual([]);
    });
  }
});
