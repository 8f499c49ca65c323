/** How long the stages of a plan wait for a first response: targets that are asked in turn share one fr_timer. */
import type { ForkStage } from "../router.ts";

/**
 * When fr_timer is over, for a stage that begins now; undefined: it has none.
 * @param before_ms the same of the fork stage before it, which may share it
 */
export function patienceEnd_ms(
  { fr_timer_ms, fr_least_ms }: ForkStage,
  before_ms: number | undefined,
  now_ms: number,
): number | undefined {
  if (fr_timer_ms === undefined) return undefined;
  const whole_ms = now_ms + fr_timer_ms;
  return fr_least_ms === undefined ? whole_ms : Math.max(before_ms ?? whole_ms, now_ms + fr_least_ms);
}
