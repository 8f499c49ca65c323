/** Ringing extensions, and what follows when they are busy, silent or absent. */
import type { RoutedRequest, Stage, Target } from "../proxy/router.ts";
import type { AddressOfRecord } from "./bindings.ts";
import { findExtension, ringStages } from "./extensions.ts";
import type { Staff } from "./situation.ts";

/** In an outage nobody can renew what upstream has let expire. */
export const ALL_KEPT = Number.NEGATIVE_INFINITY;

type Helpers = Pick<Staff, "site" | "registrar" | "gateways">;

/**
 * Rings an extension, then follows its forward.
 * @param keptSince_ms bindings that expired before this are left out
 */
export function extensionStages(
  address: AddressOfRecord,
  keptSince_ms: number,
  routed: RoutedRequest,
  helpers: Helpers,
  extra: Partial<Target> = {},
): Stage[] {
  const forward = (number: string) => forwardStages(number, keptSince_ms, routed, helpers, extra);
  return ringStages(address, keptSince_ms, helpers.site.extensions, forward, extra);
}

/** Where calls go to an extension that no phone has registered: its forward for no answer, if it has one. */
export function absentStages(
  number: string,
  keptSince_ms: number,
  routed: RoutedRequest,
  helpers: Helpers,
  extra: Partial<Target> = {},
): Stage[] | undefined {
  const { aliases, forwards } = helpers.site.extensions;
  const forward = forwards.get(aliases.get(number) ?? number)?.noAnswer;
  return forward === undefined ? undefined : forwardStages(forward, keptSince_ms, routed, helpers, extra);
}

/** A forwarded call rings one more extension at the most: forwards don't chase each other. */
function forwardStages(
  number: string,
  keptSince_ms: number,
  routed: RoutedRequest,
  { site, registrar, gateways }: Helpers,
  extra: Partial<Target>,
): Stage[] {
  const extension = findExtension(number, site.extensions, registrar.bindings);
  if (extension === undefined) return gateways.stages(gateways.order(number, routed), number, routed);
  return ringStages(extension, keptSince_ms, { ...site.extensions, forwards: new Map() }, () => [], extra);
}
