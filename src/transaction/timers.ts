/** RFC 3261 table 4: the timers of transactions, in milliseconds. */

/** Estimate of the round-trip time (§17.1.1.1). */
export const T1_ms = 500;
/** Longest interval between retransmissions of non-INVITE requests and INVITE responses. */
export const T2_ms = 4000;
/** When a client's timer E, which began with T1, is first set to T2: until then no 100 to a non-INVITE (RFC 4320 §4.1). */
export const TIMER_E_AT_T2_ms = T1_ms + 2 * T1_ms + 4 * T1_ms;
/** How long a message may stay in the network. */
const T4_ms = 5000;

/** How long a transaction waits for an answer: timers B, F, H; RFC 6026's L and M as long. */
export const PATIENCE_ms = 64 * T1_ms;

/** Timer C: how long an INVITE may ring (§16.6 item 11 wants more than three minutes). */
export const TIMER_C_ms = 181_000;

/** How long a transaction lingers: over a reliable transport only for 2xx, which others may still send (table 4). */
export function lingering_ms(action: "linger64T1" | "absorb64T1" | "absorbT4", isReliable: boolean): number {
  if (action === "linger64T1") return PATIENCE_ms;
  if (isReliable) return 0;
  return action === "absorbT4" ? T4_ms : PATIENCE_ms;
}
