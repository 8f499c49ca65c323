/** A phone's REGISTER goes upstream with a Path that leads back to the phone (RFC 3327). */
import { decision, type RoutingRule, replyStage, upstreamStage } from "../situation.ts";

/** Codes such as 403, 404 or 408 would make some phones wait for 20 minutes; this they repeat soon. */
const RETRY_AFTER_s = 20;

export const register: RoutingRule = (routed, { site, origin, upstreams, now_ms }) => {
  if ((origin !== "localnet" && origin !== "gateway") || routed.request.method !== "REGISTER") return undefined;
  const targets = upstreams.targetsFor(routed, now_ms).filter((target) => target.takesRegisters);
  const unavailable = replyStage(503, undefined, `Retry-After: ${RETRY_AFTER_s}\r\n`);
  if (targets.length === 0) return decision("register", "upstream is down", unavailable);
  const stages = targets.map((target) => upstreamStage(target, site.upstream.fr_timer_ms, { addPath: true }));
  return decision("register", `to ${targets[0]?.name ?? ""}`, ...stages, unavailable);
};
