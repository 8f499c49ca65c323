/** How extensions ring for a call, by where it comes from. */
import { ALL_KEPT, type Ringing } from "../numbers/forwarding.ts";
import { callerOf } from "../phones/address-of-record.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";

/** How extensions ring for a call from there. A phone's own call rings others in an outage only. */
export function ringingOf({ origin, request }: RequestFacts, { upstreams, now_ms }: Situation): Ringing {
  if (origin !== "gateway") return { keptSince_ms: ALL_KEPT, extra: {}, caller: callerOf(request) };
  return { keptSince_ms: upstreams.isDark ? ALL_KEPT : now_ms, extra: { touchesGateway: true }, caller: "" };
}
