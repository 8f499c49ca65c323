/** What else phones ask for goes upstream; in an outage they get an answer instead of a time-out. */
import { decision, replyStage, upstreamStage } from "../plan.ts";
import type { RoutingRule } from "../situation.ts";

const RETRY_AFTER_s = 60;

export const otherRequest: RoutingRule = (routed, { site, origin, upstreams, now_ms }) => {
  if (origin !== "localnet" && origin !== "gateway") return undefined;
  const unavailable = replyStage(480, undefined, `Retry-After: ${RETRY_AFTER_s}\r\n`);
  const targets = upstreams.targetsFor(routed, now_ms).filter((target) => target.takesRegisters);
  if (targets.length === 0) return decision("other-request", "upstream is down", unavailable);
  const stages = targets.map((target) => upstreamStage(target, site.upstream.fr_timer_ms));
  return decision("other-request", `to ${targets[0]?.name ?? ""}`, ...stages, unavailable);
};
