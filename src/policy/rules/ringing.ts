/** How extensions ring for a call, by where it comes from. */
import { ALL_KEPT, type Ringing } from "../numbers/forwarding.ts";
import { callingPhones } from "../phones/calling-phone.ts";
import type { RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";

/** How extensions ring for a call from there. A phone's own call rings others in an outage only. */
export function ringingOf(
  { origin, request, source }: RequestFacts,
  { upstreams, registrar, now_ms }: Situation,
): Ringing {
  if (origin === "gateway") {
    const keptSince_ms = upstreams.isDark ? ALL_KEPT : now_ms;
    return { keptSince_ms, extra: { touchesGateway: true }, caller: "", isFromGateway: true };
  }
  const [phone, ...others] = callingPhones(request, source, registrar.bindings);
  const caller = others.length > 0 ? "" : (phone?.name ?? "");
  return { keptSince_ms: ALL_KEPT, extra: {}, caller, isFromGateway: false };
}
