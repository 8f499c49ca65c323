/**
 * A pair of Debians is upgraded by the packages' own scripts, one router after the other, while phones call 20 times a second and refresh their
 * registrations: no call fails, no phone is ever unregistered, and for a time an old version and a new one are a pair.
 *
 *   phones ── INVITE, REGISTER ──▶ left  old │ dpkg -i │ new ........................ ──▶ pbx
 *                                  right old ........... old │ dpkg -i │ new
 *
 * The old one is another build: it says what the new one doesn't know.
 */
import { expect, test, vi } from "vitest";
import type { ClusterFacts } from "../../src/app/cluster-facts.ts";
import type { RunningStatus } from "../../src/app/status-facts.ts";
import { type AnsweredCall, AnsweringSide } from "../peers/support/answering-side.ts";
import { type CallEnd, CallingSide } from "../peers/support/calling-side.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { pause } from "../peers/support/clock.ts";
import { openPort } from "../peers/support/datagram-port.ts";
import type { Namespace } from "../peers/support/namespace.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { openUserAgent } from "../peers/support/user-agent.ts";
import { debOf } from "./support/deb.ts";
import { type DebianPair, type DebianRouter, debianPair, PBX, SHARED, whyNoDebianPair } from "./support/debian-pair.ts";
import { otherBuild } from "./support/other-build.ts";

const [OLD, NEW] = ["0.7.9", "0.8.0"] as const;
const PHONES = 10;
/** 20 calls a second, all phones together. */
const CALL_INTERVAL_MS = 50;
const TALK_MS = 1_000;
/** Each phone has two refreshes in what is left of its registration. */
const EXPIRES_S = 12;
const REFRESH_MS = 4_000;
const QUICK = { ringAfter_ms: 20, answerAfter_ms: 400 };
/** Longer than a router takes for its upgrade. */
const SLOW = { ringAfter_ms: 20, answerAfter_ms: 8_000 };
/** Each such call rings long. */
const SLOW_EACH = 8;

vi.setConfig({ testTimeout: 400_000 });
cleanUpAfterEach();

interface Outcome extends CallEnd {
  readonly isSlow: boolean;
  readonly atPbx: AnsweredCall | undefined;
}

/** Phones that call and stay registered, and a PBX that answers all of them. */
class Branch {
  readonly refusals: string[] = [];
  private readonly pbx: AnsweringSide;
  private readonly phones: readonly CallingSide[];
  private readonly calls: Promise<Outcome>[] = [];
  private isOver = false;
  private calling: Promise<void> | undefined;

  constructor(pbx: AnsweringSide, phones: readonly CallingSide[]) {
    this.pbx = pbx;
    this.phones = phones;
    defer(() => {
      this.isOver = true;
    });
  }

  async start(): Promise<void> {
    for (const phone of this.phones) await this.register(phone);
    for (const phone of this.phones) void this.stayRegistered(phone);
    this.calling = this.makeCalls();
  }

  /** @returns how all calls have ended */
  async stop(): Promise<readonly Outcome[]> {
    this.isOver = true;
    await this.calling;
    return Promise.all(this.calls);
  }

  private async makeCalls(): Promise<void> {
    for (let index = 0; !this.isOver; index++) {
      const phone = this.phones[index % this.phones.length];
      if (phone !== undefined) this.calls.push(this.call(phone, index % SLOW_EACH === 0 ? "slow" : "quick"));
      await pause(CALL_INTERVAL_MS);
    }
  }

  private async call(phone: CallingSide, user: string): Promise<Outcome> {
    const end = await phone.call(`sip:${user}@pbx.example.com`, TALK_MS);
    return { ...end, isSlow: user === "slow", atPbx: this.pbx.get(end.callId) };
  }

  private async stayRegistered(phone: CallingSide): Promise<void> {
    while (!this.isOver) {
      await pause(REFRESH_MS);
      await this.register(phone);
    }
  }

  private async register(phone: CallingSide): Promise<void> {
    const granted_s = await phone.register();
    if (granted_s !== EXPIRES_S) this.refusals.push(`${phone.agent.sentBy} got ${granted_s} s`);
  }
}

async function branchOf({ phones, ethernet }: DebianPair, pbx: AnsweringSide): Promise<Branch> {
  const sides = phones.map(async (at, index) => {
    const agent = await openUserAgent(at, (local, onText) => openPort(local, onText, ethernet.name));
    return new CallingSide(agent, SHARED, `phone-${index}`, EXPIRES_S);
  });
  return new Branch(pbx, await Promise.all(sides));
}

async function pbxIn({ name }: Namespace): Promise<AnsweringSide> {
  return new AnsweringSide(await openUserAgent(PBX, (local, onText) => openPort(local, onText, name)), (user) =>
    user === "slow" ? SLOW : QUICK,
  );
}

/** The phones that a router knows, by its own word. */
async function registeredAt(router: DebianRouter): Promise<number> {
  const { contacts } = JSON.parse(await router.sh("branchline registered --json")) as { contacts: readonly unknown[] };
  return contacts.length;
}

/** It hears the other one, and drops nothing of what that says. */
async function expectHarmony(router: DebianRouter): Promise<void> {
  const status = JSON.parse(await router.sh("branchline status --json")) as RunningStatus;
  const cluster = status.cluster as ClusterFacts;
  // Of the life before, which the other one still spoke to.
  const { other_boot: _, ...unread } = cluster.dropped;
  const dropped = Object.entries({ ...unread, ...status.dropped }).filter(([, count]) => count > 0);
  expect({ name: router.name, state: cluster.state, dropped, differs: cluster.members[0]?.differs }).toEqual({
    name: router.name,
    state: "active",
    dropped: [],
    differs: [],
  });
}

/** What is wrong with a call. */
function faultOf({ status, byeStatus, dialogs, atPbx }: Outcome): string | undefined {
  if (status !== 200) return `ended with ${status}`;
  if (byeStatus !== 200) return `its BYE got ${byeStatus}`;
  if (dialogs !== 1 || atPbx?.invites !== 1) return `${dialogs} dialogs, ${atPbx?.invites} at the PBX`;
  return undefined;
}

describeUnless(whyNoDebianPair(), "an upgrade of a pair by the packages' own scripts", () => {
  test("with 20 calls a second: none fails, no phone is unregistered, and old and new are a pair meanwhile", async () => {
    let pbx: AnsweringSide | undefined;
    const old = await debOf(OLD, await otherBuild(OLD));
    const pair = await debianPair(old, PHONES, async (ethernet) => {
      pbx = await pbxIn(ethernet);
    });
    if (pbx === undefined) throw new Error("no PBX");
    const { left, right } = pair;
    await left.says(/it holds 10\.223\.42\.1$/m);
    const branch = await branchOf(pair, pbx);
    await branch.start();
    const known: number[] = [];
    const expectAll = async () => known.push(await registeredAt(left), await registeredAt(right));
    await pause(1_000);
    await expectAll();

    const next = await debOf(NEW);
    const said = [await left.install(next)];
    await left.says(new RegExp(`branchline ${NEW}[\\s\\S]*Member right .*; version ${OLD}`));
    await right.says(new RegExp(`branchline ${OLD}[\\s\\S]*Member left .*; version ${NEW}`));
    await right.says(/it holds 10\.223\.42\.1$/m);
    await pause(3_000);
    for (const router of [left, right]) await expectHarmony(router);
    await expectAll();

    said.push(await right.install(next));
    await right.says(new RegExp(`branchline ${NEW}[\\s\\S]*Member left .*; version ${NEW}`));
    await left.says(/it holds 10\.223\.42\.1$/m);
    await expectAll();
    const ends = await branch.stop();

    const faults = ends.flatMap((end) => faultOf(end) ?? []);
    const late_ms = ends.map(({ isSlow, setUp_ms }) => setUp_ms - (isSlow ? SLOW : QUICK).answerAfter_ms);
    const later = late_ms.filter((late) => late > 400).length;
    console.log(
      `${ends.length} calls, ${faults.length} failed; ${later} were set up later by 0.4 s or more, the last by ` +
        `${Math.round(Math.max(...late_ms))} ms; ${branch.refusals.length} refreshes failed`,
    );
    expect(faults).toEqual([]);
    expect(branch.refusals).toEqual([]);
    expect(known).toEqual(Array(6).fill(PHONES));
    for (const [index, router] of [left, right].entries()) {
      expect(said[index]).toMatch(new RegExp(`${router.name} is drained: [\\s\\S]*${router.name} is active `));
      const log = await router.sh("journalctl --no-pager -o cat -u branchline");
      expect(log).not.toMatch(/event_failed|call_not_carried_on|cluster_part_too_long/);
      expect(log).toMatch(/state=drained [\s\S]*state=stopped [\s\S]*state=active /);
    }
  });
});
