/** Extensions: from a number to the phones that it means, and the stages that ring them. */
import type { Condition } from "../../proxy/plan/condition.ts";
import type { ForkStage, Sequel, Target } from "../../proxy/router.ts";
import { targetOf } from "../phones/binding.ts";
import type { AddressOfRecord, Bindings } from "../phones/bindings.ts";
import { later } from "../plan.ts";
import type { ExtensionSettings, Forward } from "../site.ts";

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
  return address.bindings.filter((binding) => binding.expires_ms > keptSince_ms).map(targetOf);
}

/** For calls from outside: no number is guessed by its end. */
export function withoutSuffix(settings: ExtensionSettings): ExtensionSettings {
  return { ...settings, suffix_digits: undefined };
}

/** Rings the phones that a call names by their own address. */
export function phoneStages(
  { name, targets }: { readonly name: string; readonly targets: readonly Target[] },
  { ring_ms }: ExtensionSettings,
  extra: Partial<Target> = {},
): ForkStage[] {
  return [{ kind: "fork", what: name, targets: targets.map((target) => ({ ...target, ...extra })), ring_ms }];
}

/**
 * Rings an extension's phones, then follows its forward.
 * @param extra what all targets have in common
 * @param rung for a caller that can't follow a phone's redirect itself: the extensions that the call has rung before
 */
export function ringStages(
  address: AddressOfRecord,
  keptSince_ms: number,
  settings: ExtensionSettings,
  extra: Partial<Target> = {},
  rung?: readonly string[],
): ForkStage[] {
  const ringing = rung === undefined ? undefined : [...rung, address.name];
  const on = sequelsOf(settings.forwards.get(address.user), ringing);
  const stage: ForkStage = {
    kind: "fork",
    what: `extension ${address.user}`,
    targets: contactTargets(address, keptSince_ms).map((target) => ({ ...target, ...extra })),
    ring_ms: settings.ring_ms,
  };
  return on.length === 0 ? [stage] : [{ ...stage, on }];
}

const BUSY: Condition = { codes: [486, 600] };
/** The call wasn't picked up, or no phone is there. */
const UNANSWERED: Condition = { silent: true, codes: [408, 480, 487, 503] };

const REDIRECTED: Condition = { classes: [3] };

function sequelsOf({ busy, noAnswer }: Partial<Forward> = {}, rung: readonly string[] | undefined): Sequel[] {
  const on: Sequel[] = [];
  if (rung !== undefined) on.push({ when: REDIRECTED, go: later("redirect", undefined, rung) });
  if (busy !== undefined) on.push({ when: BUSY, go: later("forward", busy, rung) });
  if (noAnswer !== undefined) on.push({ when: UNANSWERED, go: later("forward", noAnswer, rung) });
  return on;
}
