/**
 * A call from the PSTN rings a group, and one member's answer isn't everybody's: the reject key of a real phone (linphone,
 * 603), and a call forward that a phone does by itself (302).
 *
 *   gateway       branchline     201 baresip   202 linphone   203 scripted
 *      │── INVITE ────▶│── INVITE ───▶│─────────────▶│─────────────▶│
 *      │               │◀─────────────│──────── 603 ─│◀─────── 302 ─│
 *      │◀─ 200 ────────│◀─ 200 ───────│
 */
import { expect, test } from "vitest";
import { newToken } from "../sip/build.ts";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Baresip } from "./support/baresip.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { Linphone } from "./support/linphone.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { Switchboard } from "./support/switchboard.ts";

const net = new Subnet(72);
const proxy = net.at(1);
const pbx = net.at(2);
const gatewayAddress = net.at(3);
const DOMAIN = "pbx.example.com";
const forwarderAddress = net.at(19);
const FORWARDER = sipUri("203", forwarderAddress);
const MOBILE = "01795550100";

cleanUpAfterEach();

async function office(group: { members?: readonly string[]; decline?: "member" | "group" } = {}) {
  const upstream = new Switchboard(await SipAgent.open(pbx));
  const gateway = await SipAgent.open(gatewayAddress);
  const forwarder = await SipAgent.open(forwarderAddress);
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${hostPort(pbx)}`], probe: QUICK_PROBES },
    gateways: [`sip:${hostPort(gatewayAddress)}`],
    hunt_groups: { default: { members: ["201", "202", FORWARDER], ...group } },
  });
  await branchline.upstreamIs("up");
  const options = { domain: DOMAIN, outbound: proxy };
  const baresip = await Baresip.start({ ...options, user: "201", local: net.at(17) });
  const linphone = await Linphone.start({ ...options, user: "202", local: net.at(18) });
  return { upstream, gateway, baresip, linphone, forwarder };
}

/** The PSTN calls, and all three have it. */
async function ringAll({ gateway, baresip, linphone, forwarder }: Awaited<ReturnType<typeof office>>) {
  const call = await OutgoingCall.start(gateway, { to: sipUri("5550100", proxy), through: proxy });
  const forwarded = await IncomingCall.at(forwarder, call.callId);
  await forwarded.ring();
  await Promise.all([
    baresip.sip.next({ method: "INVITE" }),
    linphone.sip.next({ method: "INVITE" }),
    call.response(180),
  ]);
  return { call, forwarded };
}

/** The call forward of a phone: it asks nobody and says where to call instead. */
async function forward(forwarder: SipAgent, { invite }: IncomingCall): Promise<void> {
  const extra = [`Contact: <sip:${MOBILE}@${DOMAIN}>`];
  await forwarder.reply(invite, 302, "Moved Temporarily", { toTag: newToken(), extra });
  await forwarder.next({ method: "ACK", callId: invite.callId });
}

describeWith(["baresip", "linphone-daemon"], "what members of a group answer", () => {
  test("hunt group: linphone's reject key and a phone's call forward leave the others ringing, and the one that picks up has the call", async () => {
    const branch = await office();
    const { upstream, gateway, baresip, linphone, forwarder } = branch;
    const { call, forwarded } = await ringAll(branch);
    linphone.decline();
    // Its ACK: the 603 has arrived.
    await linphone.sip.next({ method: "ACK" });
    await forward(forwarder, forwarded);
    expect(baresip.sip.received.filter(({ method }) => method === "CANCEL")).toEqual([]);

    baresip.answer();
    const dialog = await call.established();
    await baresip.next("CALL_ESTABLISHED");
    const finals = gateway.all({ isFinal: true, method: "INVITE", callId: call.callId });
    expect(finals.map(({ status }) => status)).toEqual([200]);
    for (const agent of [upstream.agent, gateway]) expect(agent.all({ method: "INVITE" })).toEqual([]);
    await dialog.send("BYE");
    await baresip.next("CALL_CLOSED");
  });

  test("hunt group: all members refuse, forward or are busy: the gateway gets the 486, never an address of the house", async () => {
    const branch = await office();
    const { gateway, baresip, linphone, forwarder } = branch;
    const { call, forwarded } = await ringAll(branch);
    await forward(forwarder, forwarded);
    linphone.decline();
    await linphone.sip.next({ method: "ACK" });
    baresip.hangUp();
    const final = await call.final();
    expect(final.header("contact")).toBe("");
    expect(final.status).toBe(486);
    expect(gateway.all({ method: "INVITE" })).toEqual([]);
  });

  test("hunt group: nobody is left to ring after a reject key and a call forward: the gateway gets 480 at once", async () => {
    const branch = await office({ members: ["202", FORWARDER] });
    const { gateway, linphone, forwarder } = branch;
    const call = await OutgoingCall.start(gateway, { to: sipUri("5550100", proxy), through: proxy });
    const forwarded = await IncomingCall.at(forwarder, call.callId);
    await linphone.sip.next({ method: "INVITE" });
    await call.response(180);
    await forward(forwarder, forwarded);
    linphone.decline();
    const final = await call.final();
    expect(final.status).toBe(480);
    expect(final.header("contact")).toBe("");
  });

  test("hunt group with `decline: group`: linphone's reject key ends the call for all", async () => {
    const branch = await office({ decline: "group" });
    const { baresip, linphone, forwarder } = branch;
    const { call, forwarded } = await ringAll(branch);
    linphone.decline();
    await Promise.all([forwarded.cancelled(), baresip.next("CALL_CLOSED")]);
    await call.response(603);
    expect(forwarder.all({ method: "CANCEL" })).toHaveLength(1);
  });
});
