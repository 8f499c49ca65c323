/** Where calls go on to an extension, or a number beyond the site, instead of the extension that they were for. */
import type { RoutedRequest, Stage, Target } from "../../proxy/router.ts";
import type { Gateways } from "../gateways/gateways.ts";
import type { Registrar } from "../phones/registrar.ts";
import type { Site } from "../site.ts";
import { findExtension, ringStages } from "./extensions.ts";
import { isOwnNumber } from "./own-numbers.ts";

/** How phones ring for a call, by where it comes from. */
export interface Ringing {
  /** Bindings that expired before this are left out. */
  readonly keptSince_ms: number;
  /** What all targets have in common. */
  readonly extra: Partial<Target>;
  /** The address-of-record of the phone that calls: a group doesn't ring its own caller. "": no phone of this site, or nobody knows which. */
  readonly caller: string;
  /** A gateway can't follow a phone's redirect itself. */
  readonly isFromGateway: boolean;
}

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
  { keptSince_ms, extra }: Ringing,
  routed: RoutedRequest,
  { site, registrar, gateways, now_ms }: Helpers,
  rung?: readonly string[],
): Stage[] {
  const extension = findExtension(number, site.extensions, registrar.bindings);
  if (extension === undefined) {
    if (isOwnNumber(number, site)) return [];
    return gateways.stages(gateways.order(number, routed, now_ms), number);
  }
  return ringStages(extension, keptSince_ms, { ...site.extensions, forwards: new Map() }, extra, rung);
}
