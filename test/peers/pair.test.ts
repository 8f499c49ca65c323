/** Two routers with keepalived, in namespaces: one of them loses its power, or both lose each other. */
import { expect, test } from "vitest";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause, until } from "./support/clock.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { PairLab, Pings, SHARED_LAN, SHARED_WAN } from "./support/pair-lab.ts";
import { answersAll, grantsAll, register } from "./support/pair-phones.ts";
import { describeWith } from "./support/peers.ts";
import type { SipAgent } from "./support/sip-agent.ts";

const PHONES = 500;
/** Calls at once. */
const BATCH = 25;

/** 20 calls a second; each rings for a while. */
const CALL_INTERVAL_MS = 50;
const RING_MS = 300;
/** What the members promise. */
const HEAL_MOST_MS = 35_000;

cleanUpAfterEach();

/** A call that is repeated as phones do, until it is answered. */
async function oneCall(phone: SipAgent): Promise<string> {
  const call = await OutgoingCall.start(phone, { to: "sip:300@pbx.example.com", through: SHARED_LAN });
  try {
    const insisting = call.insist();
    await Promise.all([insisting, call.established()]);
    return "established";
  } catch {
    return `${call.callId} was never answered`;
  }
}

describeWith(["namespaces", "keepalived", "sysctl"], "the power of the router that has the addresses is cut", () => {
  test("phones find the other one, which knows all of them, and the first is complete again when it is back", async () => {
    const lab = await PairLab.build();
    const { left, right, phones, upstream } = lab;
    const ways = grantsAll(upstream);
    const users = Array.from({ length: PHONES }, (_, index) => `1${String(index).padStart(3, "0")}`);
    await register(phones.left, users, SHARED_LAN);
    const registered_ms = monotonic_ms();
    while ((await right.phoneCount()) < PHONES) await pause(5);
    const lag_ms = monotonic_ms() - registered_ms;

    const pings = new Pings(phones.left);
    await pause(300);
    const cut_ms = await left.cutPower();
    await until("the other router has the addresses", () => right.hasAddresses);
    await pause(1_000);
    const gap_ms = await pings.longestGap_ms(cut_ms - 100);
    expect(gap_ms).toBeLessThan(MACHINE_TOLERANCE_MS);

    answersAll(phones.left);
    let established = 0;
    for (let first = 0; first < users.length; first += BATCH) {
      const calls = users.slice(first, first + BATCH).map(async (user) => {
        const way = ways.get(user);
        const call = await OutgoingCall.start(upstream, {
          to: way?.contact ?? "",
          through: SHARED_WAN,
          routes: [way?.path ?? ""],
        });
        await call.established();
        established += 1;
      });
      await Promise.all(calls);
    }
    expect(established).toBe(PHONES);

    const up_ms = await left.powerUp();
    while ((await left.phoneCount()) < PHONES) await pause(5);
    const complete_ms = monotonic_ms() - up_ms;
    expect(left.hasAddresses).toBe(false);
    console.log(
      `${PHONES} phones: on the other router ${Math.round(lag_ms)} ms after the last REGISTER was answered; ` +
        `power cut at adverts of 0.1 s: a phone was without an answer for ${Math.round(gap_ms)} ms; ` +
        `${established} of ${PHONES} calls afterwards; started again: complete after ${Math.round(complete_ms)} ms`,
    );
  });
});

describeWith(["namespaces", "keepalived", "sysctl"], "a router of a pair is drained, stopped and started again", () => {
  test("20 calls a second go on: none fails, and the phones stay registered", async () => {
    const lab = await PairLab.build();
    const { left, right, phones, upstream } = lab;
    grantsAll(upstream);
    await register(phones.left, ["301", "302"], SHARED_LAN);
    answersAll(upstream, RING_MS);
    let isOver = false;
    const calls: Promise<string>[] = [];
    const calling = (async () => {
      while (!isOver) {
        calls.push(oneCall(phones.left));
        await pause(CALL_INTERVAL_MS);
      }
    })();
    const drained = JSON.parse(await left.branchline.command("drain", "--json")) as { state: string };
    expect(drained.state).toBe("drained");
    expect([left.hasAddresses, right.hasAddresses]).toEqual([false, true]);
    await left.branchline.terminate();
    await left.branchline.restart();
    await left.isActive();
    await right.branchline.command("drain", "--json");
    expect([left.hasAddresses, right.hasAddresses]).toEqual([true, false]);
    await right.branchline.command("join");
    isOver = true;
    await calling;
    const ends = await Promise.all(calls);
    expect(ends.filter((end) => end !== "established")).toEqual([]);
    expect((await left.contacts()).length).toBe(2);
    console.log(`${ends.length} calls while each of both routers was drained: all established`);
  });
});

describeWith(["namespaces", "keepalived", "sysctl"], "both routers lose each other", () => {
  test("each serves its side; once they hear each other again both know what has happened at either", async () => {
    const lab = await PairLab.build();
    const { left, right, phones, upstream, otherUpstream } = lab;
    for (const agent of [upstream, otherUpstream]) grantsAll(agent);
    await register(phones.left, ["301", "302", "303"], SHARED_LAN);
    await until("both know the phones", async () => (await right.contacts()).length === 3);
    lab.split();
    await until("the right one has the addresses, too", () => right.hasAddresses);
    expect(left.hasAddresses).toBe(true);
    await right.branchline.logs(/shared_address .*is_here=yes/);
    await register(phones.left, ["311", "312"], SHARED_LAN);
    await register(phones.left, ["301"], SHARED_LAN, 0);
    await register(phones.right, ["321", "302"], SHARED_LAN);
    lab.heal();
    const healed_ms = monotonic_ms();
    let both: readonly (readonly string[])[] = [[], ["different"]];
    await until(
      "both know the same",
      async () => {
        both = await Promise.all([left.contacts(), right.contacts()]);
        return both[0]?.length === 5 && both[0].join() === both[1]?.join();
      },
      HEAL_MOST_MS,
    ).catch(() => expect(both[0]).toEqual(both[1]));
    console.log(`healed: equal after ${Math.round(monotonic_ms() - healed_ms)} ms`);
    const of = (agent: SipAgent, user: string) => `${user}@pbx.example.com sip:${user}@${agent.sentBy}`;
    expect(both[0]).toEqual(
      [
        // It has moved to the other side.
        of(phones.right, "302"),
        ...["303", "311", "312"].map((user) => of(phones.left, user)),
        of(phones.right, "321"),
      ].sort(),
    );
    await until("one has the addresses", () => left.hasAddresses !== right.hasAddresses);
  });
});
