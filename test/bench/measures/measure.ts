/** What a measure is, and what several of them need. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadClient } from "../load-client.ts";
import type { Group, Profile } from "../options.ts";
import { RunningProxy } from "../proxy.ts";
import type { Sandbox } from "../sandbox.ts";
import type { System } from "../systems.ts";
import type { Row } from "../table.ts";

export interface Bench {
  readonly sandbox: Sandbox;
  readonly load: LoadClient;
  readonly profile: Profile;
  /** Says that a figure is not what it seems. */
  warn(text: string): void;
}

export interface Measure {
  readonly group: Group;
  readonly rows: readonly Row[];
  /** Whether it is too long, and too steady, to be repeated in each round. */
  readonly isOnce?: boolean;
  /** Whether a quick run does without it. */
  readonly isLeftOutOfQuick?: boolean;
  /** One sample of each row, by the row's key; NaN where there is none. */
  run(bench: Bench, system: System): Promise<Readonly<Record<string, number>>>;
}

/** The rate of a branch: so low that each datagram wakes the proxy up. */
export const BRANCH_RATE = 150;
/** What passes a proxy in a call: INVITE, 100, 180, 200, ACK, BYE and 200, each received and sent. */
export const MESSAGES_OF_A_CALL = 14;

/** Runs `body` with a proxy that has just been started, and ends it afterwards in any case. */
export async function withProxy<T>(
  bench: Bench,
  system: System,
  body: (proxy: RunningProxy) => Promise<T>,
): Promise<T> {
  const proxy = await RunningProxy.start(bench.sandbox, bench.load, system);
  try {
    const result = await body(proxy);
    if (proxy.hasEnded) throw new Error(`${system.name} ended by itself:\n${proxy.lastWords()}`);
    return result;
  } finally {
    await proxy.stop();
  }
}

/** Calls before a measure, at the rate of the measure: what is compiled at that rate has been by then, and nothing else. */
export interface WarmUp {
  readonly rate: number;
  readonly duration_ms: number;
}

/** The same after some seconds of calls. */
export function withWarmProxy<T>(
  bench: Bench,
  system: System,
  warmUp: WarmUp,
  body: (proxy: RunningProxy) => Promise<T>,
): Promise<T> {
  return withProxy(bench, system, async (proxy) => {
    if (proxy.hasMembers) await sleep(NEW_MEMBER_MS);
    await bench.load.ask({ kind: "calls", ...warmUp });
    await sleep(SETTLE_MS);
    return body(proxy);
  });
}

export const SETTLE_MS = 300;
/** For so long after a member's start the others offer it calls that it may know, and are offered some: they pass on more than later. */
const NEW_MEMBER_MS = 33_000;

/** For high rates. */
export function highWarmUp({ profile }: Bench): WarmUp {
  return { rate: 1000, duration_ms: profile.warmUp_ms };
}

/** CPU time that `proxy` uses while `work` lasts. */
export async function cpuDuring<T>(
  proxy: RunningProxy,
  work: () => Promise<T>,
): Promise<{ result: T; cpu_us: number }> {
  const before_us = proxy.cpuTime_us();
  const result = await work();
  return { result, cpu_us: proxy.cpuTime_us() - before_us };
}
