/** The channels of a gateway at members with one address, each of which takes calls: hardly more than there are, and none leaks. */
import { describe, expect, test } from "vitest";
import { header, type SipText, statusOf } from "../sip/message.ts";
import type { Actor, Habit } from "../support/actor.ts";
import type { AnycastGroup } from "./support/anycast.ts";
import { anycastScene, errors, finals } from "./support/anycast-scene.ts";

const CHANNELS = 10;
/** One too many at each but one of three. */
const MOST = CHANNELS + 2;
const CALLS = 30;
const SECOND_ms = 1_000;
const STEP_ms = 10;
const SEEDS = Array.from({ length: 8 }, (_, index) => 401 + index);
const NUMBER = "sip:5550123@10.10.1.3";
const KEY = "10.10.1.3 5060";

const YAML = `
listen: [udp:10.206.206.1:5060]
localnet: [10.204.204.0/24]
gateways: [{uri: "sip:10.10.1.3", channels: ${CHANNELS}}]
max_call: 2m
`;

const answersAfter = (after_ms: number): Habit => [
  { status: 180, after_ms: 50 },
  { status: 200, after_ms },
];

const idsOf = (actor: Actor, method: string) =>
  new Set(actor.requests(method).map(({ message }) => header(message, "call-id")));

/** How many calls the gateway has now. */
function occupied(gateway: Actor): number {
  const over = new Set([...idsOf(gateway, "BYE"), ...idsOf(gateway, "CANCEL")]);
  return [...idsOf(gateway, "INVITE")].filter((id) => !over.has(id)).length;
}

/** How many each member counts. */
const counted = (group: AnycastGroup) =>
  group.living.map(({ site }) => site.engine.calls.count(KEY, group.network.now_ms));

async function scene(seed: number, habit: Habit) {
  const made = await anycastScene(seed, 3, YAML);
  const { group, phone, gateway } = made;
  gateway.answers("INVITE", ...habit);
  let most = 0;
  const run = (duration_ms: number) => {
    for (let lived_ms = 0; lived_ms < duration_ms; lived_ms += STEP_ms) {
      group.run(STEP_ms);
      most = Math.max(most, occupied(gateway));
    }
  };
  const burst = () => Array.from({ length: CALLS }, () => phone.invite(NUMBER));
  /** Calls that have been answered end. */
  const endAll = () => {
    const answers = phone.responses(200, "INVITE").map(({ message }) => message);
    const ended = idsOf(gateway, "BYE");
    const callId = (message: SipText) => header(message, "call-id");
    const up = answers.filter((one, index) => {
      return !ended.has(callId(one)) && answers.findIndex((other) => callId(other) === callId(one)) === index;
    });
    for (const answer of up) phone.inDialog("BYE", answer, 2);
  };
  return { ...made, run, burst, endAll, most: () => most };
}

const accepted = (phone: Actor) => finals(phone).filter((status) => status === 200).length;

describe.each(SEEDS)("thirty calls at once for ten channels, seed %i:", (seed) => {
  test("as many as there are, a member dies, more calls come, all end: each channel is free", async () => {
    const { group, phone, gateway, run, burst, endAll, most } = await scene(seed, answersAfter(500));
    burst();
    run(2 * SECOND_ms);
    expect(accepted(phone)).toBeGreaterThanOrEqual(CHANNELS);
    expect(finals(phone)).toHaveLength(CALLS);
    group.kill("node2");
    run(2 * SECOND_ms);
    burst();
    run(2 * SECOND_ms);
    expect(finals(phone)).toHaveLength(2 * CALLS);
    expect(most()).toBeLessThanOrEqual(MOST);
    expect(new Set(counted(group))).toEqual(new Set([occupied(gateway)]));
    endAll();
    run(SECOND_ms);
    expect(occupied(gateway)).toBe(0);
    expect(counted(group)).toEqual([0, 0]);
    await group.boot("node2");
    run(3 * SECOND_ms);
    expect(counted(group)).toEqual([0, 0, 0]);
    expect(errors(group)).toEqual([]);
  });

  test("a member dies while they ring: those that are gone on with keep theirs, and all are free at the end", async () => {
    const { group, phone, run, burst, endAll, most } = await scene(seed, answersAfter(5_000));
    burst();
    run(SECOND_ms);
    group.kill("node1");
    run(2 * SECOND_ms);
    burst();
    run(6 * SECOND_ms);
    expect(most()).toBeLessThanOrEqual(MOST);
    expect(accepted(phone)).toBeGreaterThanOrEqual(CHANNELS - 2);
    endAll();
    run(SECOND_ms);
    expect(counted(group)).toEqual([0, 0]);
    expect(errors(group)).toEqual([]);
  });

  test("calls whose BYE never comes: their channels are free once their time is over", async () => {
    const { group, phone, run, burst } = await scene(seed, answersAfter(500));
    burst();
    run(2 * SECOND_ms);
    group.kill("node3");
    run(SECOND_ms);
    expect(counted(group).every((count) => count >= CHANNELS)).toBe(true);
    group.run(130 * SECOND_ms);
    expect(counted(group)).toEqual([0, 0]);
    expect(accepted(phone)).toBeGreaterThanOrEqual(CHANNELS);
  });

  test("two members are cut from each other: they don't fill it twice", async () => {
    const { group, run, burst, most } = await scene(seed, answersAfter(500));
    group.cut("node1", "node2");
    run(3 * SECOND_ms);
    burst();
    run(3 * SECOND_ms);
    expect(most()).toBeLessThanOrEqual(MOST);
    group.heal();
    run(40 * SECOND_ms);
    burst();
    run(2 * SECOND_ms);
    expect(most()).toBeLessThanOrEqual(MOST);
  });

  test("a member from which one is cut isn't dead: what rings there stays taken", async () => {
    const { group, gateway, run, burst } = await scene(seed, [{ status: 180, after_ms: 50 }]);
    burst();
    run(SECOND_ms);
    const before = occupied(gateway);
    group.cut("node1", "node2");
    run(20 * SECOND_ms);
    expect([occupied(gateway), ...counted(group)]).toEqual([before, before, before, before]);
  });
});

test("a call that finds no channel is told so", async () => {
  const { phone, run, burst } = await scene(1, answersAfter(500));
  burst();
  run(2 * SECOND_ms);
  const refused = phone.received.filter(({ message }) => statusOf(message) >= 400).length;
  expect(refused).toBeGreaterThanOrEqual(CALLS - MOST);
});
