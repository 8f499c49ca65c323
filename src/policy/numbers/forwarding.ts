/** Where calls go on to an extension, or a number beyond the site, instead of the extension that they were for. */
import type { RoutedRequest, Stage, Target } from "../../proxy/router.ts";
import type { Gateways } from "../gateways/gateways.ts";
import type { Registrar } from "../phones/registrar.ts";
import type { Site } from "../site.ts";
import { findExtension, ringStages } from "./extensions.ts";
import { isOwnNumber } from "./own-numbers.ts";

/** In an outage a phone can't renew what upstream has let expire. */
export const ALL_KEPT = Number.NEGATIVE_INFINITY;

interface Helpers {
  readonly site: Site;
  readonly registrar: Registrar;
  readonly gateways: Gateways;
  readonly now_ms: number;
}

/**
 * The stages to the number of a forward; none when it is an extension that no phone has. A forwarded call rings one more
 * extension at the most: forwards don't chase each other.
 */
export function forwardStages(
  number: string,
  keptSince_ms: number,
  routed: RoutedRequest,
  { site, registrar, gateways, now_ms }: Helpers,
  extra: Partial<Target>,
  rung?: readonly string[],
): Stage[] {
  const extension = findExtension(number, site.extensions, registrar.bindings);
  if (extension === undefined) {
    if (isOwnNumber(number, site)) return [];
    return gateways.stages(gateways.order(number, routed, now_ms), number);
  }
  return ringStages(extension, keptSince_ms, { ...site.extensions, forwards: new Map() }, extra, rung);
}
