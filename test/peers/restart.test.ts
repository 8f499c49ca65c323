/**
 * branchline dies in the middle of a call and starts again: the call goes on, since its requests need no state.
 *
 *   phone            branchline            upstream
 *     │── INVITE … ACK ───▶│── INVITE … ACK ───▶│
 *     │                 SIGKILL                 │
 *     │                  start                  │
 *     │── re-INVITE ──────▶│── re-INVITE ──────▶│
 *     │◀── re-INVITE ──────│◀── re-INVITE ──────│
 *     │── BYE ────────────▶│── BYE ────────────▶│   or the other way round
 */
import { expect, test } from "vitest";
import { Subnet, sipUri } from "./support/addresses.ts";
import { converse, reinviteBothWays } from "./support/both-ways.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { Dialog } from "./support/dialog.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { openOffice } from "./support/office.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { register } from "./support/registration.ts";

const net = new Subnet(15);
const proxy = net.at(1);

cleanUpAfterEach();

const office = () =>
  openOffice(net, ({ phone }) => ({ hunt_groups: { default: { members: [sipUri("phone", phone.endpoint)] } } }));

const outwards = { to: "sip:5551234@pbx.example.com", through: proxy };

test("restart: the phone's re-INVITE and BYE still reach upstream after SIGKILL", async () => {
  const { upstream, phone, branchline } = await office();
  const conversation = await converse(phone, upstream, outwards);
  await branchline.killAndRestart();
  await reinviteBothWays(conversation);
  await conversation.caller.ask("BYE", upstream);
});

test("restart: upstream's re-INVITE and BYE still reach the phone after SIGKILL", async () => {
  const { upstream, phone, branchline } = await office();
  const { contact, path } = await register(phone, upstream, proxy);
  const conversation = await converse(upstream, phone, { to: contact, through: proxy, routes: path });
  await branchline.killAndRestart();
  await reinviteBothWays(conversation);
  await conversation.caller.ask("BYE", phone);
});

test("restart: the Path of a phone that registered before still leads to it", async () => {
  const { upstream, phone, branchline } = await office();
  const { contact, path } = await register(phone, upstream, proxy);
  await branchline.killAndRestart();
  const { invite } = await converse(upstream, phone, { to: contact, through: proxy, routes: path });
  expect(invite.requestUri).toBe(contact);
});

test("restart: a call from the PSTN goes on, and either side can end it", async () => {
  const { gateway, phone, branchline } = await office();
  const toNumber = { to: sipUri("5550100", proxy), through: proxy };
  const first = await converse(gateway, phone, toNumber);
  const second = await converse(gateway, phone, toNumber);
  await branchline.killAndRestart();
  await reinviteBothWays(first);
  await first.caller.ask("BYE", phone);
  await second.callee.ask("BYE", gateway);
});

test("restart: a call that still rings is answered after SIGKILL", async () => {
  const { upstream, phone, branchline } = await office();
  const call = await OutgoingCall.start(phone, outwards);
  const incoming = await IncomingCall.at(upstream, call.callId);
  await incoming.ring();
  await call.response(180);
  await branchline.killAndRestart();
  const answered = incoming.answer();
  const caller = await call.established();
  expect(await answered).toBeInstanceOf(Dialog);
  await caller.ask("BYE", upstream);
});
