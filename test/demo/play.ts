/** What the demo's plays have in common: a stage with the real branchline on it, and steps that check what they show. */
import type { LogLine } from "./branchline-process.ts";
import type { Ladder, Layout } from "./screen/ladder.ts";
import type { OutgoingCall } from "./sip/outgoing-call.ts";
import { PATIENCE, pause, within } from "./wait.ts";

export interface Step<S> {
  readonly title: string;
  /** For somebody who knows nothing of SIP. */
  readonly story: string;
  readonly expected: string;
  /**
   * @returns what happened
   * @throws when something else happened than should
   */
  play(stage: S): Promise<string>;
}

/** The addresses, the actors, and branchline. */
export interface Stage {
  /** What branchline has said since its start, by what it is called. */
  readonly logs: ReadonlyMap<string, readonly LogLine[]>;
  /** Where branchline's status page is. */
  readonly page?: string | undefined;
  /** @throws when a branchline ends that shouldn't */
  failure(): Promise<never>;
  close(): Promise<void>;
}

export interface Play<S extends Stage> {
  readonly title: string;
  readonly layout: Layout;
  readonly steps: readonly Step<S>[];
  /** All actors are there and listen; what they see and do is drawn on `ladder`. */
  open(ladder: Ladder): Promise<S>;
  /** The actors, where they are, and what is real. */
  introduction(stage: S): string;
  /** What branchline has been given to read. */
  config(stage: S): string;
}

/** Reserved for stories. */
export const OUTSIDE_NUMBER = "5550123";
/** Until a phone on the same floor rings, or an answer comes that nobody has to be waited for. */
export const SOON_ms = 10_000;
export const TALK_ms = 500;
/** How much later a busy machine may do something: less than the next thing lasts that is waited for. */
const TOLERANCE_ms = PATIENCE * 900;
/** How much earlier, by the clocks of two processes. */
const EARLY_ms = 50;

export async function talkAndHangUp(call: OutgoingCall): Promise<void> {
  await pause(TALK_ms);
  const status = await within(SOON_ms, "the BYE is answered", call.hangUp());
  check(status === 200, `the BYE was answered ${status}`);
}

export function checkTime(what: string, found_ms: number, expected_ms: number): void {
  const late_ms = found_ms - expected_ms;
  const isInTime = late_ms >= -EARLY_ms && late_ms <= TOLERANCE_ms;
  check(isInTime, `${what} came after ${seconds(found_ms)}, not after ${seconds(expected_ms)}`);
}

export function check(isAsExpected: boolean, otherwise: string): void {
  if (!isAsExpected) throw new Error(otherwise);
}

export function seconds(time_ms: number): string {
  return `${(time_ms / 1_000).toFixed(time_ms % 1_000 === 0 ? 0 : 2)} s`;
}
