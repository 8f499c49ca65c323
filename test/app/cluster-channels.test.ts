/** The channels of a gateway while a call that rings goes from one router of a pair to the other. */
import { beforeEach, expect, test } from "vitest";
import { statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { GATEWAY, LAN, PHONE } from "../support/site.ts";
import { type Member, NodePair } from "./pair-of-nodes.ts";

const SECOND_MS = 1_000;

const yamlOf = (name: string) => `
listen: [udp:10.222.237.1:5060, udp:203.0.113.1:5060, udp:203.0.113.${name === "a" ? 2 : 3}:5060]
localnet: [10.222.237.0/24]
gateways: [{uri: "sip:10.10.1.3", channels: 1}]
cluster:
  name: ${name}
  members: {a: 10.222.237.2, b: 10.222.237.3}
  secret: cluster-secret
  shared: [10.222.237.1, 203.0.113.1]
  health_file: /run/healthy
`;

let a: Member;
let b: Member;
let phone: Actor;
let gateway: Actor;
let invite: ReturnType<Actor["invite"]>;

/** A call rings at the gateway, at A: the gateway's one channel is taken. */
beforeEach(async () => {
  const nodes = new NodePair(yamlOf);
  ({ a, b } = nodes);
  await nodes.start();
  phone = a.site.actor("201", PHONE);
  gateway = a.site.actor("gateway", GATEWAY, LAN);
  gateway.answers("OPTIONS", { status: 200 });
  gateway.answers("INVITE", { status: 180, after_ms: 20 });
  a.site.run(3 * SECOND_MS);
  invite = phone.invite("sip:5551234@10.10.1.3");
  a.site.run(SECOND_MS);
  expect(channels()).toEqual([1, 1]);
});

const channels = () => [a, b].map(({ site }) => site.engine.calls.count("10.10.1.3 5060", site.simulation.now_ms));
const calls = () => [a, b].map(({ site }) => site.core.transactions.pending.size);

test("the channel stays taken while the addresses are on their way, and as long as the call rings", () => {
  a.holds(false);
  a.site.run(200);
  expect(calls()).toEqual([0, 0]);
  expect(channels()).toEqual([1, 1]);
  b.holds(true);
  a.site.run(SECOND_MS);
  expect(calls()).toEqual([0, 1]);
  expect(channels()).toEqual([1, 1]);
  a.site.run(20 * SECOND_MS);
  expect(channels()).toEqual([1, 1]);
});

test("once the call has ended there, the channel is free at both", () => {
  a.holds(false);
  b.holds(true);
  a.site.run(SECOND_MS);
  phone.cancel(invite);
  gateway.answers("CANCEL", { status: 200 });
  a.site.run(60 * SECOND_MS);
  expect(phone.received.map(({ message }) => statusOf(message))).toContain(487);
  expect(channels()).toEqual([0, 0]);
});

test("the addresses come back: the call has its one channel here again", () => {
  a.holds(false);
  a.site.run(200);
  a.holds(true);
  a.site.run(20 * SECOND_MS);
  expect(calls()).toEqual([1, 0]);
  expect(channels()).toEqual([1, 1]);
});

test("no router goes on with the call: its channel is free after some seconds, at both", () => {
  a.holds(false);
  a.site.run(5 * SECOND_MS);
  expect(channels()).toEqual([1, 1]);
  a.site.run(10 * SECOND_MS);
  expect(channels()).toEqual([0, 0]);
});
