/** The office whose WAN is about to be cut, with the times that its tests wait for. */
import { expect } from "vitest";
import type { AnsweredCall, DeskPhone } from "./desk-phone.ts";
import type { OutgoingCall } from "./outgoing-call.ts";
import { WanLab } from "./wan-lab.ts";

export const isLong = process.env["BRANCHLINE_LONG"] === "1";
export const NUMBER = "5551234";
const ONLY_100 = "5550100";

/** Defaults, as the tests wait for them. */
export const FR_TIMER_MS = 4_000;
export const PROBE_TIMEOUT_MS = 2_000;
/** Scaled down, unless there is time. */
export const DOWN_INTERVAL_MS = isLong ? 5_000 : 1_000;
export const HOLD_MS = isLong ? 60_000 : 1_000;
export const UPSTREAM = {
  probe: { interval: "10s", down_interval: `${DOWN_INTERVAL_MS}ms` },
  hold: `${HOLD_MS}ms`,
};
export const TEST_LIMIT_MS = 180_000;

/** Three phones, an upstream that only sends 100 to one number, and branchline, which knows that upstream lives. */
export async function officeBefore(
  answer: 302 | "relay",
  hold_ms: number,
  upstream: Readonly<Record<string, unknown>> = UPSTREAM,
) {
  const lab = await WanLab.build(3);
  lab.upstream.neverAnswered = ONLY_100;
  const branchline = await lab.start(upstream, { survival: { answer, notice_hold: `${hold_ms}ms` } });
  const [first, second, third] = lab.phones as readonly [DeskPhone, DeskPhone, DeskPhone];
  return { lab, branchline, first, second, third };
}

/** An INVITE of which branchline has had a 100 of upstream, and nothing else. */
export async function dialWithOnly100(lab: WanLab, waiting: DeskPhone, other: DeskPhone): Promise<OutgoingCall> {
  const call = await waiting.dial(ONLY_100);
  // What upstream sends later arrives later.
  const before = await other.call(NUMBER);
  expect(before.by).toBe(lab.upstream.agent.endpoint.host);
  expect(lab.upstream.hasCalled(call.callId)).toBe(true);
  return call;
}

export interface Completed extends AnsweredCall {
  /** When the gateway had the ACK. */
  readonly completeAt_ms: number;
}

/** Once the gateway, and nobody else, has answered. */
export async function completed(lab: WanLab, answered: Promise<AnsweredCall>): Promise<Completed> {
  const call = await answered;
  expect(call.by, "who answered").toBe(lab.gateway.agent.endpoint.host);
  return { ...call, completeAt_ms: await lab.gateway.acknowledged(call.callId) };
}

export const inSeconds = (...durations_ms: readonly number[]) =>
  durations_ms.map((duration_ms) => `${(duration_ms / 1_000).toFixed(3)} s`).join(", ");
