/**
 * A call from the PSTN rings five phones at once: four on IPv4, one on IPv6.
 *
 *   gateway          branchline        201   202   203   204   205 [::1]
 *      │── INVITE ──────▶│── INVITE ────▶│     │     │     │     │   each with its own URI
 *      │◀─ 180 ──────────│◀─ 180 ────────┴─────┴─────┴─────┴─────│
 *      │◀─ 200 ──────────│◀─ 200 ──────────────────────│
 *      │                 │── CANCEL ────▶│     │     ┆     │     │   Reason: … "Call completed elsewhere"
 *      │── ACK ─────────▶│── ACK ─────────────────────▶│
 */
import { expect, test } from "vitest";
import { uriIn } from "../sip/message.ts";
import { Subnet, sipUri } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { takePrecedence } from "./support/priority.ts";
import { expectAt, expectAtOnce, FAR_MS } from "./support/promised-times.ts";
import { SipAgent } from "./support/sip-agent.ts";

const net = new Subnet(14);
const proxy = net.at(1);
const gatewayAddress = net.at(3);
/** ::1 is one address for all: the ports tell runs apart. */
const proxyPort6 = 10_000 + (process.pid % 10_000);
const memberAddresses = [...[17, 18, 19, 20].map((last) => net.at(last)), { host: "::1", port: proxyPort6 + 10_000 }];
const members = memberAddresses.map((address, index) => sipUri(String(201 + index), address));
/** Where nobody answers. */
const RING_MS = 5_000;

takePrecedence();
cleanUpAfterEach();

async function branch(ring_ms = FAR_MS): Promise<{ gateway: SipAgent; phones: SipAgent[] }> {
  const gateway = await SipAgent.open(gatewayAddress);
  const phones = await Promise.all(memberAddresses.map((address) => SipAgent.open(address)));
  await Branchline.start({
    listen: [`udp:${proxy.host}:${proxy.port}`, `udp:[::1]:${proxyPort6}`],
    localnet: [net.network(16), "::1/128"],
    upstream: sipUri("pbx", net.at(2)).replace("pbx@", ""),
    gateways: [`sip:${gatewayAddress.host}`],
    hunt_groups: { default: { members, ring: `${ring_ms}ms` } },
  });
  return { gateway, phones };
}

/** The PSTN calls, and all phones ring. */
async function ringAll({ gateway, phones }: { gateway: SipAgent; phones: SipAgent[] }) {
  const call = await OutgoingCall.start(gateway, { to: sipUri("5550100", proxy), through: proxy });
  const incoming = await Promise.all(phones.map((phone) => IncomingCall.at(phone, call.callId)));
  await Promise.all(incoming.map((one) => one.ring()));
  await call.response(180);
  return { call, incoming };
}

test("hunt group: all five members ring, each under its own URI, and one answers: four see CANCEL with the reason", async () => {
  const office = await branch();
  const { call, incoming } = await ringAll(office);
  expect(incoming.map(({ invite }) => invite.requestUri)).toEqual(members);

  const [winner, ...losers] = [incoming[2], incoming[0], incoming[1], incoming[3], incoming[4]];
  const answered = winner?.answer();
  const cancels = await Promise.all(losers.map((loser) => loser?.cancelled()));
  const dialog = await call.established();
  await answered;

  expect(cancels.map((cancel) => cancel?.header("reason"))).toEqual(
    Array(4).fill('SIP;cause=200;text="Call completed elsewhere"'),
  );
  expect(office.phones[2]?.all({ method: "CANCEL" })).toEqual([]);
  await dialog.ask("BYE", office.phones[2] ?? office.gateway);
});

test("hunt group: the IPv6 member answers, and the call's requests cross between the families", async () => {
  const office = await branch();
  const { call, incoming } = await ringAll(office);
  const [six, sixPhone] = [incoming[4], office.phones[4]];
  if (six === undefined || sixPhone === undefined) throw new Error("the fifth member is missing");

  const answered = six.answer();
  await Promise.all(incoming.slice(0, 4).map((loser) => loser.cancelled()));
  const caller = await call.established();
  const callee = await answered;

  // One Record-Route for each family, each leading to the address that its side can reach.
  expect(caller.routes.map((route) => uriIn(route).replace(/^.*@/, ""))).toEqual([
    `${proxy.host}:${proxy.port};lr`,
    `[::1]:${proxyPort6};lr`,
  ]);
  expect(callee.routes).toEqual([...caller.routes].reverse());
  await callee.ask("INVITE", office.gateway);
  await caller.ask("BYE", sixPhone);
});

test("hunt group: everybody is busy, and so the caller is told 486", async () => {
  const office = await branch();
  const { call, incoming } = await ringAll(office);
  await Promise.all(incoming.map((one) => one.refuse(486, "Busy Here")));
  const response = await call.response(486);
  expect(response.reason).toBe("Busy Here");
  expectAtOnce("hunt group: everybody is busy: 486", call.delay_ms(response));
});

test("hunt group: one busy phone doesn't end the call of the others", async () => {
  const office = await branch();
  const { call, incoming } = await ringAll(office);
  await incoming[0]?.refuse(486, "Busy Here");
  const answered = incoming[1]?.answer();
  const cancels = await Promise.all(incoming.slice(2).map((loser) => loser.cancelled()));
  await call.established();
  await answered;
  expect(cancels).toHaveLength(3);
  expect(office.phones[0]?.all({ method: "CANCEL" })).toEqual([]);
});

test("hunt group: busy everywhere (600) ends it at once for all", async () => {
  const office = await branch();
  const { call, incoming } = await ringAll(office);
  const refused = incoming[3]?.refuse(600, "Busy Everywhere");
  const cancels = await Promise.all(incoming.filter((one) => one !== incoming[3]).map((one) => one.cancelled()));
  const response = await call.response(600);
  await refused;
  expect(cancels).toHaveLength(4);
  expectAtOnce("hunt group: busy everywhere: 600", call.delay_ms(response));
});

test("hunt group: nobody answers, and the ring time ends it with 480", async () => {
  const office = await branch(RING_MS);
  const { call, incoming } = await ringAll(office);
  const cancels = Promise.all(incoming.map((one) => one.cancelled()));
  const response = await call.response(480);
  await cancels;
  expectAt("hunt group: nobody answered: 480", call.delay_ms(response), RING_MS);
});

test("hunt group: the caller hangs up while all ring, and all see CANCEL", async () => {
  const office = await branch();
  const { call, incoming } = await ringAll(office);
  await call.cancel();
  await Promise.all(incoming.map((one) => one.cancelled()));
  await office.gateway.next({ status: 200, method: "CANCEL", callId: call.callId });
  await call.response(487);
});
