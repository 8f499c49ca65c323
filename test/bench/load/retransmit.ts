/** Repetition over UDP: after T1, 2·T1, 4·T1, … (RFC 3261 §17.1). */
import type { DelayQueues } from "./delay-queues.ts";

const T1_MS = 500;
export const T2_MS = 4000;

/** Calls `send` again and again while `isUnanswered`; the interval doubles up to `longest_ms`. */
export function retransmit(
  clock: DelayQueues,
  isUnanswered: () => boolean,
  send: () => void,
  longest_ms = Number.POSITIVE_INFINITY,
): void {
  const again = (delay_ms: number): void =>
    clock.after(delay_ms, () => {
      if (!isUnanswered()) return;
      send();
      again(Math.min(2 * delay_ms, longest_ms));
    });
  again(T1_MS);
}
