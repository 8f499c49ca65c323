/** What a rule looks at, besides the request: the site, who asks, and how upstream is. */
import type { OwnAddresses } from "../proxy/own-addresses.ts";
import type { NextOn, RoutedRequest, RoutingDecision, Stage, Target } from "../proxy/router.ts";
import type { Tokens } from "../proxy/tokens.ts";
import type { Origin } from "./access.ts";
import type { Registrar } from "./registrar.ts";
import type { Site } from "./site.ts";
import type { UpstreamTarget } from "./upstream-target.ts";
import type { Upstreams } from "./upstreams.ts";

export interface Situation {
  readonly site: Site;
  readonly origin: Origin;
  readonly own: OwnAddresses;
  readonly tokens: Tokens;
  readonly upstreams: Upstreams;
  readonly registrar: Registrar;
  readonly now_ms: number;
}

/** A rule decides, or leaves the request to the next. It never acts. */
export type RoutingRule = (routed: RoutedRequest, situation: Situation) => RoutingDecision | undefined;

export function decision(rule: string, why: string, ...plan: Stage[]): RoutingDecision {
  return { rule, why, plan };
}

export function replyStage(status: number, reason?: string, headers?: string): Stage {
  return {
    kind: "reply",
    reply: { status, ...(reason === undefined ? {} : { reason }), ...(headers === undefined ? {} : { headers }) },
  };
}

/** A stage that asks one upstream target and goes on when it says nothing. */
export function upstreamStage(target: UpstreamTarget, fr_timer_ms: number, extra: Partial<Target> = {}): Stage {
  return {
    kind: "fork",
    targets: [{ nextHop: target.hop, observer: target, ...extra }],
    fr_timer_ms,
    nextOn: onSilence,
  };
}

/** Somebody who has said anything at all has decided. */
export const onSilence: NextOn = ({ isSilent }) => isSilent;
