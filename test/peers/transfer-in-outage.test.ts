/**
 * A transfer while upstream is away: one phone (baresip) sends the other side of its call (linphone) to a third
 * (baresip), or connects two that it has on the line. The new call stays in the house, as it was meant.
 *
 *   201 ── call ──▶ 202      201: REFER to 202, Refer-To: <sip:203@pbx…>      202 ── INVITE ──▶ 203
 */
import { expect, test } from "vitest";
import { uriIn } from "../sip/message.ts";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Baresip } from "./support/baresip.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { Linphone } from "./support/linphone.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { Switchboard } from "./support/switchboard.ts";

const net = new Subnet(71);
const proxy = net.at(1);
const pbx = net.at(2);
const gatewayAddress = net.at(3);
const DOMAIN = "pbx.example.com";

cleanUpAfterEach();

/** Phones that upstream has registered, and upstream away since. */
async function officeInOutage(answer: 302 | "relay") {
  const upstream = new Switchboard(await SipAgent.open(pbx));
  const agent = await SipAgent.open(gatewayAddress);
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${hostPort(pbx)}`], probe: QUICK_PROBES, hold: "1s" },
    gateways: [`sip:${hostPort(gatewayAddress)}`],
    hunt_groups: { default: { members: ["201"] } },
    survival: { answer, notice_hold: "300ms" },
  });
  await branchline.upstreamIs("up");
  const options = { domain: DOMAIN, outbound: proxy };
  const phones = await Promise.all([
    Baresip.start({ ...options, user: "201", local: net.at(17) }),
    Linphone.start({ ...options, user: "202", local: net.at(18), answers: true }),
    Baresip.start({ ...options, user: "203", local: net.at(19), answers: true }),
    Linphone.start({ ...options, user: "204", local: net.at(20) }),
  ] as const);
  await upstream.die();
  await branchline.upstreamIs("down");
  return { agent, phones };
}

describeWith(["baresip", "linphone-daemon"], "transfer", () => {
  for (const answer of [302, "relay"] as const) {
    test(`blind transfer in an outage, answer ${answer}: the third phone rings, and the gateway hears nothing`, async () => {
      const { agent, phones } = await officeInOutage(answer);
      const [baresip, linphone, third] = phones;
      baresip.dial(`sip:202@${DOMAIN}`);
      await Promise.all([baresip.next("CALL_ESTABLISHED"), linphone.next("CALL_ESTABLISHED")]);

      baresip.transfer(`sip:203@${DOMAIN}`);
      const refer = await linphone.sip.next({ method: "REFER" });
      expect(refer.header("refer-to")).toContain(`203@${DOMAIN}`);
      await Promise.all([third.next("CALL_ESTABLISHED"), linphone.next("CALL_ESTABLISHED")]);
      await baresip.sip.next({ method: "NOTIFY" });
      await third.sip.next({ method: "ACK" });

      third.hangUp();
      await linphone.sip.next({ method: "BYE" });
      expect(agent.received).toEqual([]);
    });
  }

  // baresip can't follow such a REFER: its Request-URI would be "<sip:203@pbx.example.com?Replaces=…".
  test("attended transfer in an outage: linphone connects linphone with baresip, by Replaces, and the gateway hears nothing", async () => {
    const { agent, phones } = await officeInOutage(302);
    const [, linphone, third, middle] = phones;
    for (const callee of [linphone, third]) {
      middle.dial(`sip:${callee.user}@${DOMAIN}`);
      await Promise.all([middle.next("CALL_ESTABLISHED"), callee.next("CALL_ESTABLISHED")]);
      await callee.sip.next({ method: "INVITE" });
    }
    await middle.next("CALL_HELD");
    middle.connectCalls();
    const refer = await linphone.sip.next({ method: "REFER" });
    expect(refer.header("refer-to")).toContain("?Replaces=");
    const invite = await third.sip.next({ method: "INVITE" });
    expect(invite.header("replaces")).toContain("from-tag=");
    await Promise.all([third.next("CALL_ESTABLISHED"), linphone.next("CALL_ESTABLISHED")]);
    expect(agent.received).toEqual([]);
  });

  test("blind transfer of a call from the PSTN in an outage: the gateway follows it, the third phone rings, and nobody dials out", async () => {
    const { agent, phones } = await officeInOutage(302);
    const [baresip, linphone, third] = phones;
    const call = await OutgoingCall.start(agent, { to: sipUri("5550100", proxy), through: proxy });
    await baresip.sip.next({ method: "INVITE" });
    await call.response(180);
    baresip.answer();
    const dialog = await call.established();
    await baresip.next("CALL_ESTABLISHED");
    baresip.transfer(`sip:203@${DOMAIN}`);
    const refer = await agent.next({ method: "REFER" });
    await agent.reply(refer, 202, "Accepted");
    const to = uriIn(refer.header("refer-to"));
    const follows = await OutgoingCall.start(agent, {
      to,
      through: proxy,
      extra: [`Referred-By: <sip:201@${DOMAIN}>`],
    });
    const second = await follows.established();
    await third.next("CALL_ESTABLISHED");
    await second.send("BYE");
    await third.next("CALL_CLOSED");
    await dialog.send("BYE");
    await baresip.next("CALL_CLOSED");
    expect(agent.all({ method: "INVITE" })).toEqual([]);
    expect(linphone.sip.received.filter(({ method }) => method === "INVITE")).toEqual([]);
  });
});
