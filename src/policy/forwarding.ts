/** How extensions ring, and where their calls go on when they are busy, silent or absent. */
import type { RoutedRequest, Stage, Target } from "../proxy/router.ts";
import { findExtension, ringStages } from "./extensions.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { Situation, Staff } from "./situation.ts";

/** In an outage nobody can renew what upstream has let expire. */
export const ALL_KEPT = Number.NEGATIVE_INFINITY;

type Helpers = Pick<Staff, "site" | "registrar" | "gateways">;

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

/** The stages to the number of a forward. A forwarded call rings one more extension at the most: forwards don't chase each other. */
export function forwardStages(
  number: string,
  keptSince_ms: number,
  routed: RoutedRequest,
  { site, registrar, gateways }: Helpers,
  extra: Partial<Target>,
  rung?: readonly string[],
): Stage[] {
  const extension = findExtension(number, site.extensions, registrar.bindings);
  if (extension === undefined) return gateways.stages(gateways.order(number, routed), number, routed);
  return ringStages(extension, keptSince_ms, { ...site.extensions, forwards: new Map() }, extra, rung);
}
