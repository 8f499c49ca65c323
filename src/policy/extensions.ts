/** Extensions: from a number to the phones that it means, and the stages that ring them. */
import type { ForkStage, NextOn, Stage, Target } from "../proxy/router.ts";
import type { AddressOfRecord, Bindings } from "./bindings.ts";
import type { ExtensionSettings } from "./site.ts";

/** The phone that `number` means: by user, alias, prefix, or as the only one whose number ends so. */
export function findExtension(
  number: string,
  settings: ExtensionSettings,
  bindings: Bindings,
): AddressOfRecord | undefined {
  const exact = bindings.findUser(settings.aliases.get(number) ?? number);
  if (exact !== undefined) return exact;
  for (const prefix of settings.prefixes) {
    const isBehind = number.startsWith(prefix) && number.length > prefix.length;
    const address = isBehind ? bindings.findUser(number.slice(prefix.length)) : undefined;
    if (address !== undefined) return address;
  }
  return settings.suffix_digits === undefined ? undefined : bindings.findSuffix(number, settings.suffix_digits);
}

/**
 * One target for each contact, by the way that its REGISTER came: behind NAT no other leads there.
 * @param keptSince_ms bindings that expired before this are left out: now, or in an outage long ago
 */
export function contactTargets(address: AddressOfRecord, keptSince_ms: number): Target[] {
  return address.bindings
    .filter((binding) => binding.expires_ms > keptSince_ms)
    .map((binding) => ({ requestUri: binding.contact, nextHop: binding.flow }));
}

/**
 * Rings an extension's phones, then follows its forward.
 * @param stagesFor the stages to another number
 * @param extra what all targets have in common
 */
export function ringStages(
  address: AddressOfRecord,
  keptSince_ms: number,
  settings: ExtensionSettings,
  stagesFor: (number: string) => readonly Stage[],
  extra: Partial<Target> = {},
): Stage[] {
  const forward = settings.forwards.get(address.user);
  const stage: ForkStage = {
    kind: "fork",
    what: `extension ${address.user}`,
    targets: contactTargets(address, keptSince_ms).map((target) => ({ ...target, ...extra })),
    ring_ms: settings.ring_ms,
  };
  if (forward === undefined) return [stage];
  const nextOn: NextOn = ({ best }) => {
    const isBusy = best.status === 486 || best.status === 600;
    const number = isBusy ? forward.busy : isUnanswered(best.status) ? forward.noAnswer : undefined;
    return number === undefined ? false : stagesFor(number);
  };
  return [{ ...stage, nextOn }];
}

/** Nobody picked up, or no phone is there. */
function isUnanswered(status: number): boolean {
  return status === 408 || status === 480 || status === 503 || status === 487;
}
