/** The end of a request that another member of a cluster goes on with. */
import type { DecisionListener } from "./router.ts";

/**
 * Tells a listener; to one that knows no such end, a request without an answer was cancelled (487).
 * @param member its name; "": it isn't known
 * @param isAnswered the caller has had a final response
 */
export function tellGiven(
  listener: DecisionListener | undefined,
  member: string,
  isAnswered: boolean,
  now_ms: number,
): void {
  if (listener?.onGiven !== undefined) listener.onGiven(member, isAnswered, now_ms);
  else if (!isAnswered) listener?.onFailure?.(487, now_ms);
}
