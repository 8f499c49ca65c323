/** How extensions ring for a call, by where it comes from. */
import type { Target } from "../../proxy/router.ts";
import { ALL_KEPT } from "../numbers/forwarding.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";

/** How extensions ring. */
export interface Ringing {
  /** Bindings that expired before this are left out. */
  readonly keptSince_ms: number;
  /** What all targets have in common. */
  readonly extra: Partial<Target>;
}

/** How extensions ring for a call from there. A phone's own call rings others in an outage only. */
export function ringingOf({ origin }: RequestFacts, { upstreams, now_ms }: Situation): Ringing {
  if (origin !== "gateway") return { keptSince_ms: ALL_KEPT, extra: {} };
  return { keptSince_ms: upstreams.isDark ? ALL_KEPT : now_ms, extra: { touchesGateway: true } };
}
