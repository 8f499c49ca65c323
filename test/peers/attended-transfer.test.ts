/**
 * Attended transfers while upstream is away: 201 has 202 and 203 on the line and connects them. Refer-To names 203 as the
 * phone 203 named itself, in its Contact, with Replaces (RFC 3891); whoever follows it dials that.
 *
 *   201 ── call A ── 202      201 ── call B ── 203      201: REFER on A, Refer-To: <Contact of 203?Replaces=B>
 *                             202 ── INVITE, Replaces: B ──▶ 203 ── BYE on B ──▶ 201
 */
import { describe, expect, test } from "vitest";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import type { Dialog } from "./support/dialog.ts";
import { Extension } from "./support/extension.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { Switchboard } from "./support/switchboard.ts";

const net = new Subnet(74);
const proxy = net.at(1);
const pbx = net.at(2);
const gatewayAddress = net.at(3);
const DOMAIN = "pbx.example.com";

cleanUpAfterEach();

async function office(gateways: "302" | "relay" = "302") {
  const upstream = new Switchboard(await SipAgent.open(pbx));
  const gateway = await SipAgent.open(gatewayAddress);
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${hostPort(pbx)}`], probe: QUICK_PROBES, hold: "1s" },
    gateways: [`sip:${hostPort(gatewayAddress)}`],
    survival: { answer: gateways === "relay" ? "relay" : 302, notice_hold: "200ms" },
    hunt_groups: { default: { members: ["201", "202"] } },
  });
  await branchline.upstreamIs("up");
  const open = async (user: string, last: number) =>
    // Phones' Contacts have users of their own making.
    new Extension(await SipAgent.open(net.at(last)), user, proxy, { contactUser: `k${user}x` });
  const phones = [await open("201", 17), await open("202", 18), await open("203", 19)] as const;
  for (const phone of phones) expect((await phone.register()).status).toBe(200);
  await upstream.die();
  await branchline.upstreamIs("down");
  return { gateway, phones };
}

/** A call, up: both sides of its dialog. */
async function connect(caller: SipAgent, to: string, callee: SipAgent): Promise<{ caller: Dialog; callee: Dialog }> {
  const call = await OutgoingCall.start(caller, { to, through: proxy });
  const incoming = await IncomingCall.at(callee, call.callId);
  const answered = incoming.answer();
  const dialog = await call.established();
  return { caller: dialog, callee: await answered };
}

/** `follower` dials what it was referred to, and `target` takes the call over from 201. */
async function takeOver(
  follower: SipAgent,
  uri: string,
  replaced: { caller: Dialog; callee: Dialog },
  target: Extension,
) {
  const call = await OutgoingCall.start(follower, { to: uri, through: proxy, extra: [replaced.caller.replaces] });
  const incoming = await IncomingCall.at(target.agent, call.callId);
  expect(incoming.invite.requestUri).toBe(target.contact);
  expect(incoming.invite.header("replaces")).toContain(replaced.caller.callId);
  const answered = incoming.answer();
  const dialog = await call.established();
  await answered;
  await replaced.callee.ask("BYE", replaced.caller.agent);
  await dialog.ask("BYE", target.agent);
}

/** What they were dialled. */
const invitesOf = ({ agent }: Extension) => agent.all({ method: "INVITE" }).map(({ requestUri }) => requestUri);

describe("attended transfer in an outage", () => {
  for (const answer of ["302", "relay"] as const) {
    for (const shape of [
      "its Contact",
      "its Contact with parameters",
      "its extension at its address",
      "its address-of-record",
    ] as const) {
      test(`attended transfer, answer ${answer}: Refer-To with ${shape} leads to 203, and the gateway hears nothing`, async () => {
        const { gateway, phones } = await office(answer);
        const [first, second, third] = phones;
        const held = await connect(first.agent, `sip:202@${DOMAIN}`, second.agent);
        const consulted = await connect(first.agent, `sip:203@${DOMAIN}`, third.agent);
        const uri = {
          "its Contact": third.contact,
          "its Contact with parameters": `${third.contact};line=ab3`,
          "its extension at its address": sipUri("203", third.agent.endpoint),
          "its address-of-record": `sip:203@${DOMAIN}`,
        }[shape];
        const escaped = encodeURIComponent(consulted.caller.replaces.replace("Replaces: ", ""));
        await held.caller.send("REFER", [`Refer-To: <${uri}?Replaces=${escaped}>`]);
        const refer = await second.agent.next({ method: "REFER" });
        await second.agent.reply(refer, 202, "Accepted");
        await first.agent.next({ method: "REFER", status: 202 });

        await takeOver(second.agent, uri, consulted, third);
        await held.callee.ask("BYE", first.agent);
        expect(gateway.received).toEqual([]);
      });
    }
  }

  test("attended transfer of a call from the PSTN: the gateway follows it, and only 203 rings", async () => {
    const { gateway, phones } = await office();
    const [first, second, third] = phones;
    const call = await OutgoingCall.start(gateway, { to: sipUri("5550100", proxy), through: proxy });
    const [incoming, other] = [
      await IncomingCall.at(first.agent, call.callId),
      await IncomingCall.at(second.agent, call.callId),
    ];
    await other.ring();
    await call.response(180);
    const answered = incoming.answer();
    await Promise.all([other.cancelled(), call.established()]);
    const held = await answered;
    const consulted = await connect(first.agent, `sip:203@${DOMAIN}`, third.agent);
    const before = [first, second].map(invitesOf);

    await held.send("REFER", [`Refer-To: <${third.contact}?Replaces=x>`]);
    await gateway.reply(await gateway.next({ method: "REFER" }), 202, "Accepted");
    await takeOver(gateway, third.contact, consulted, third);
    expect([first, second].map(invitesOf)).toEqual(before);
    expect(gateway.all({ method: "INVITE" })).toEqual([]);
  });

  test("attended transfer to a phone that is gone: 404, and no number is dialled at the PSTN", async () => {
    const { gateway, phones } = await office("relay");
    const [first, second] = phones;
    const held = await connect(first.agent, `sip:202@${DOMAIN}`, second.agent);
    const to = sipUri("k999x", net.at(30));
    const call = await OutgoingCall.start(second.agent, { to, through: proxy, extra: [held.callee.replaces] });
    expect((await call.final()).status).toBe(404);
    expect(gateway.received).toEqual([]);
  });
});
