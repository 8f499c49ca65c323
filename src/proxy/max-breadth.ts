/** Max-Breadth: into how many branches at once a request may still be forked, here and behind us (RFC 5393 §5.3). */
import { MAX_BREADTH } from "../message/header-names.ts";
import type { Request } from "../message/message.ts";
import { parseDecimal } from "../message/text.ts";

/** What a request without the field gets at least, and the most that one with it is allowed. */
const BREADTH_MAX = 60;

/**
 * How many branches `request` may have at a time.
 * @param wanted how many we want: where nobody has set a limit yet, a hunt group may be larger than the usual one
 */
export function breadthOf(request: Request, wanted: number): number {
  const value = request.header(MAX_BREADTH);
  if (value === undefined) return Math.max(BREADTH_MAX, wanted);
  const breadth = parseDecimal(value, BREADTH_MAX);
  return breadth < 0 ? BREADTH_MAX : breadth;
}

/** The part of `breadth` for the branch at `index` of `count`: equal parts, the first ones take what is left over. */
export function shareOf(breadth: number, index: number, count: number): number {
  return Math.floor(breadth / count) + (index < breadth % count ? 1 : 0);
}
