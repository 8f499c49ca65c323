/**
 * The bundle under Node 12, which is what routers have: a branch's day in short.
 *
 *   phones ── branchline (node@12) ──┬── upstream
 *                                    └── gateway
 */
import { execFileSync } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { converse, reinviteBothWays } from "./support/both-ways.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { installNode } from "./support/node-from-npm.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeUnless } from "./support/peers.ts";
import { register } from "./support/registration.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { uriOf } from "./support/sip-message.ts";

const net = new Subnet(18);
const proxy = net.at(1);
const outwards = { to: "sip:5551234@pbx.example.com", through: proxy };
const node = installNode(12);

cleanUpAfterEach();
afterAll(node.remove);

async function office() {
  const upstream = await SipAgent.open(net.at(2));
  const gateway = await SipAgent.open(net.at(3));
  const phone = await SipAgent.open(net.at(17));
  const other = await SipAgent.open(net.at(18));
  const branchline = await Branchline.start(
    {
      listen: [`udp:${hostPort(proxy)}`],
      localnet: [net.network(16)],
      upstream: { targets: [`sip:${upstream.sentBy}`], fr_timer: "1s", probe: QUICK_PROBES, hold: "500ms" },
      gateways: [`sip:${gateway.sentBy}`],
      survival: { notice_hold: "200ms" },
      hunt_groups: { default: { members: [phone, other].map(({ endpoint }) => sipUri("phone", endpoint)) } },
    },
    { node: node.path },
  );
  await branchline.upstreamIs("up");
  return { upstream, gateway, phone, other, branchline };
}

describeUnless(node.missing === undefined ? [] : [node.missing], "node 12", () => {
  test("node 12: it is the one that runs", () => {
    expect(execFileSync(node.path, ["--version"], { encoding: "utf8" })).toMatch(/^v12\./);
  });

  test("node 12: a phone registers, calls and is called, and a restart harms no call", async () => {
    const { upstream, phone, branchline } = await office();
    const { contact, path } = await register(phone, upstream, proxy);
    const out = await converse(phone, upstream, outwards);
    const back = await converse(upstream, phone, { to: contact, through: proxy, routes: path });
    await branchline.killAndRestart();
    await reinviteBothWays(out);
    await out.caller.ask("BYE", upstream);
    await back.callee.ask("BYE", upstream);
  });

  test("node 12: upstream falls silent, its port closes, it returns", async () => {
    const { upstream, gateway, phone, branchline } = await office();
    upstream.isAlive = false;
    const refused = await OutgoingCall.start(phone, outwards);
    await refused.response(181);
    const redirect = await refused.response(302);
    const to = uriOf(redirect.header("contact"));
    const local = await converse(phone, gateway, { to, through: proxy, after: refused });
    await local.caller.ask("BYE", gateway);
    await branchline.upstreamIs("down");

    const back = branchline.upstreamBecomes("up");
    upstream.isAlive = true;
    await back;
    await upstream.close();
    const closed = await OutgoingCall.start(phone, outwards);
    const notice = await closed.response(181);
    expect(closed.delay_ms(notice)).toBeLessThanOrEqual(50);
  });

  test("node 12: a call from the PSTN rings two phones, and one gets it", async () => {
    const { gateway, phone, other } = await office();
    const call = await OutgoingCall.start(gateway, { to: sipUri("5550100", proxy), through: proxy });
    const [first, second] = await Promise.all([IncomingCall.at(phone), IncomingCall.at(other)]);
    await Promise.all([first.ring(), second.ring()]);
    const answered = first.answer();
    const cancel = await second.cancelled();
    const caller = await call.established();
    await answered;
    expect(cancel.header("reason")).toBe('SIP;cause=200;text="Call completed elsewhere"');
    await caller.ask("BYE", phone);
  });
});
