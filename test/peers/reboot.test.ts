/**
 * A phone is switched off and on again: it keeps its Call-ID, counts its REGISTERs from 1, and has another port. Calls
 * ring where it is now, whatever has answered its REGISTER with 200.
 *
 *   before: Call-ID a, CSeq 500, from port 5060          after: Call-ID a, CSeq 1, from port 5070
 */
import { describe, expect, test } from "vitest";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause } from "./support/clock.ts";
import { Extension } from "./support/extension.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { Switchboard } from "./support/switchboard.ts";

const net = new Subnet(75);
const proxy = net.at(1);
const pbx = net.at(2);
const gatewayAddress = net.at(3);
const CSEQ = 500;
/** How often a refused phone asks again. */
const RETRY_MS = 2_000;
const OUTAGE_LIMIT_MS = 180_000;

cleanUpAfterEach();

async function office() {
  const upstream = new Switchboard(await SipAgent.open(pbx));
  const gateway = await SipAgent.open(gatewayAddress);
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${hostPort(pbx)}`], probe: QUICK_PROBES, hold: "1s" },
    gateways: [`sip:${hostPort(gatewayAddress)}`],
    hunt_groups: { default: { members: ["201"] } },
  });
  await branchline.upstreamIs("up");
  const phone = new Extension(await SipAgent.open(net.at(17)), "201", proxy, { cseq: CSEQ });
  expect((await phone.register()).status).toBe(200);
  return { upstream, gateway, branchline, phone };
}

/** The PSTN calls, and the phone answers, wherever it is. */
async function callFromPstn(gateway: SipAgent, phone: Extension): Promise<void> {
  const call = await OutgoingCall.start(gateway, { to: sipUri("5550100", proxy), through: proxy });
  const incoming = await IncomingCall.at(phone.agent, call.callId);
  expect(incoming.invite.requestUri).toBe(phone.contact);
  const answered = incoming.answer();
  const dialog = await call.established();
  await answered;
  await dialog.ask("BYE", phone.agent);
}

describe("a phone that has been switched off and on", () => {
  test("reboot with CSeq from 1: upstream's 200 is the registrar's word, and calls ring at the new port", async () => {
    const { upstream, gateway, phone } = await office();
    await callFromPstn(gateway, phone);
    await phone.agent.close();
    const again = phone.rebooted(await SipAgent.open(net.at(17, 5070)));
    expect((await again.register()).status).toBe(200);
    expect(upstream.agent.all({ method: "REGISTER" }).map(({ cseq }) => cseq)).toEqual([CSEQ, 1]);
    await callFromPstn(gateway, again);
    expect((await again.register()).status).toBe(200);
    await callFromPstn(gateway, again);
  });

  test("reboot in an outage: 500 while its old REGISTERs may be under way; then a 200, and calls ring at the new port", {
    timeout: OUTAGE_LIMIT_MS,
  }, async () => {
    const { upstream, gateway, branchline, phone } = await office();
    const heard_ms = monotonic_ms();
    await upstream.die();
    await branchline.upstreamIs("down");
    await phone.agent.close();
    const again = phone.rebooted(await SipAgent.open(net.at(17, 5070)));
    let answer = await again.register();
    while (answer.status === 500) {
      expect(answer.header("retry-after")).not.toBe("");
      await pause(RETRY_MS);
      answer = await phone.rebooted(again.agent).register();
    }
    expect(answer.status).toBe(200);
    expect(answer.header("contact")).toContain(again.contact);
    console.log(
      `reboot in an outage: taken ${((monotonic_ms() - heard_ms) / 1_000).toFixed(1)} s after the last REGISTER`,
    );
    await callFromPstn(gateway, again);
    expect((await again.register()).status).toBe(200);
    await callFromPstn(gateway, again);
  });
});
