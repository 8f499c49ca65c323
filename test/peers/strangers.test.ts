/**
 * Somebody outside localnet, who is neither gateway nor upstream, wants to telephone at the branch's expense.
 *
 *   stranger           branchline          gateway
 *     │── INVITE ─────────▶┆                  ┆     no answer, and nothing is forwarded,
 *     │── forged Route ───▶┆                  ┆     whatever the Route claims
 */
import { expect, test } from "vitest";
import { newToken, type RequestParts, requestText } from "../sip/build.ts";
import { uriIn } from "../sip/message.ts";
import { hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { converse } from "./support/both-ways.ts";
import { Branchline, type Settings } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { pause } from "./support/clock.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { register } from "./support/registration.ts";
import { SipAgent } from "./support/sip-agent.ts";

const net = new Subnet(16);
const proxy = net.at(1);
const METHODS = ["INVITE", "ACK", "BYE", "CANCEL", "MESSAGE", "REFER", "SUBSCRIBE", "UPDATE", "OPTIONS", "REGISTER"];
/** After a witness has been served, nothing that was asked before can still be answered; some time for the slow. */
const QUIET_MS = 300;

cleanUpAfterEach();

async function office(settings: Partial<Settings> = {}) {
  const upstream = await SipAgent.open(net.at(2));
  const gateway = await SipAgent.open(net.at(3));
  const phone = await SipAgent.open(net.at(17));
  const stranger = await SipAgent.open(net.at(200));
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: `sip:${upstream.sentBy}`,
    gateways: [`sip:${gateway.sentBy}`],
    hunt_groups: { default: { members: [sipUri("phone", phone.endpoint)] } },
    ...settings,
  });
  await branchline.upstreamIs("up");
  return { upstream, gateway, phone, stranger, branchline };
}

type Office = Awaited<ReturnType<typeof office>>;

async function ask(stranger: SipAgent, parts: Partial<RequestParts>): Promise<void> {
  const { method = "INVITE", uri = sipUri("0900", net.at(3)), ...rest } = parts;
  const [from, to] = [`<sip:mallory@${stranger.sentBy}>;tag=${newToken()}`, `<${uri}>`];
  const contact = `sip:mallory@${stranger.sentBy}`;
  const request = { method, uri, from, to, callId: newToken(), cseq: 1, contact, ...rest };
  await stranger.send(requestText(stranger.sentBy, request), proxy);
}

/** An honest phone calls the gateway last, and its INVITE is all that anybody has seen. */
async function expectNothing({ upstream, gateway, phone, stranger }: Office): Promise<void> {
  const seenBefore = upstream.received.length;
  const witness = await OutgoingCall.start(phone, { to: sipUri("112", gateway.endpoint), through: proxy });
  const invite = await gateway.next({ method: "INVITE", callId: witness.callId });
  await gateway.reply(invite, 486, "Busy Here", { toTag: "busy" });
  await witness.response(486);
  await gateway.next({ method: "ACK", callId: witness.callId });
  await pause(QUIET_MS);
  expect(stranger.received.map(String)).toEqual([]);
  expect(gateway.received.map(String)).toEqual([String(invite), `ACK ${invite.requestUri} SIP/2.0`]);
  expect(upstream.received).toHaveLength(seenBefore);
  expect(phone.received.filter((message) => message.isRequest).map(String)).toEqual([]);
}

test("stranger: no request of any method gets an answer or reaches the gateway", async () => {
  const all = await office();
  for (const method of METHODS) {
    await ask(all.stranger, { method });
    await ask(all.stranger, { method, uri: sipUri("0900", proxy) });
    await ask(all.stranger, { method, uri: "sip:0900@pbx.example.com" });
    await ask(all.stranger, { method, routes: [`<sip:${hostPort(proxy)};lr>`] });
    await ask(all.stranger, { method, to: `<${sipUri("0900", all.gateway.endpoint)}>;tag=in-a-dialog` });
  }
  await expectNothing(all);
});

test("stranger: a forged Path token gets nothing", async () => {
  const all = await office();
  const mac = "A".repeat(16);
  const tokenFor = (agent: SipAgent) => `p~u~${proxy.host}~${proxy.port}~${agent.endpoint.host}~${agent.endpoint.port}`;
  for (const agent of [all.gateway, all.phone]) {
    for (const token of [`${tokenFor(agent)}~${mac}`, `${tokenFor(agent)}~`, tokenFor(agent)]) {
      await ask(all.stranger, { routes: [`<sip:${token}@${hostPort(proxy)};lr>`] });
      await ask(all.stranger, { uri: `sip:${token}@${hostPort(proxy)}` });
    }
  }
  await expectNothing(all);
});

test("stranger: a real Path token turned towards the gateway gets nothing", async () => {
  const all = await office();
  const { path } = await register(all.phone, all.upstream, proxy);
  const real = path[0] ?? "";
  expect(real).toContain(`~${all.phone.endpoint.host}~`);
  await ask(all.stranger, { routes: [real.replace(all.phone.endpoint.host, all.gateway.endpoint.host)] });
  await ask(all.stranger, { routes: [real.replace(/.(@)/, "$1")] });
  await expectNothing(all);
});

test("stranger: forged dialog tokens, and those of other dialogs, get nothing", async () => {
  const all = await office();
  const { gateway, stranger, upstream, phone } = all;
  const { invite } = await converse(phone, upstream, { to: "sip:5551234@pbx.example.com", through: proxy });
  const route = invite.list("record-route")[0] ?? "";
  const token = /sip:([^@]+)@/.exec(route)?.[1] ?? "";
  expect(token).toMatch(/^d~/);
  const inDialog = { to: `<${sipUri("0900", gateway.endpoint)}>;tag=in-a-dialog` };
  for (const method of ["INVITE", "BYE", "ACK", "REFER", "MESSAGE"]) {
    for (const forged of [`g~${"A".repeat(16)}`, `d~${"A".repeat(16)}`, token, token.replace("d~", "g~"), "g~", "d~"]) {
      await ask(stranger, { ...inDialog, method, routes: [`<sip:${forged}@${hostPort(proxy)};lr>`] });
    }
  }
  await expectNothing(all);
});

test.each(["INVITE", "REFER", "BYE", "ACK"])(
  "stranger: who overhears a call with upstream can't turn it to the gateway by %s",
  async (method) => {
    const all = await office();
    const { gateway, stranger, upstream, phone } = all;
    const { invite } = await converse(phone, upstream, { to: "sip:5551234@pbx.example.com", through: proxy });
    const routes = invite.list("record-route");
    const to = `<${sipUri("0900", gateway.endpoint)}>;tag=in-a-dialog`;
    await ask(stranger, { method, to, callId: invite.callId, routes });
    if (method !== "ACK") await stranger.next({ status: 403, method });
    await pause(QUIET_MS);
    expect(gateway.received.map(String)).toEqual([]);
  },
);

test("stranger: on an address of the phones' own network the answer is 403, and still nothing is forwarded", async () => {
  const all = await office({ localnet: [`${net.host(0)}/28`, net.network(16)] });
  const { stranger, gateway } = all;
  const call = await OutgoingCall.start(stranger, { to: sipUri("0900", gateway.endpoint), through: proxy });
  await call.response(403);
  await pause(QUIET_MS);
  expect(gateway.received.map(String)).toEqual([]);
});

test("stranger: one with a private address is in the log once, with what helps", async () => {
  const all = await office();
  for (const method of ["REGISTER", "OPTIONS"]) await ask(all.stranger, { method });
  await expectNothing(all);
  const lines = all.branchline.lines.filter((line) => line.includes("outside_localnet"));
  expect(lines).toEqual([
    `<4>outside_localnet from=${net.host(200)} method=REGISTER answer=none ` +
      `cure="if it is a phone, add this one address to localnet, since upstream ${all.upstream.sentBy} is in its network; ` +
      'if it is upstream too, name it there"',
  ]);
});

test("stranger: with its real Path, upstream's new address still reaches the phone, and only the phone", async () => {
  const all = await office();
  const { path, contact } = await register(all.phone, all.upstream, proxy);
  const { invite } = await converse(all.stranger, all.phone, { to: contact, through: proxy, routes: path });
  expect(invite.requestUri).toBe(contact);
  expect(uriIn(invite.list("record-route")[0] ?? "")).toContain(hostPort(proxy));
});
