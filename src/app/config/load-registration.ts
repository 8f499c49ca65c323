/** The file's `registration`: "path" or "contact", or a mapping. */
import type { RegistrationSettings } from "../../policy/site.ts";
import { REGISTRATION } from "./config.ts";
import { type Place, type Reader, SECOND_ms } from "./reader.ts";

const DAY_ms = 86_400_000;
const MODES = ["path", "contact"] as const;

export function loadRegistration(reader: Reader, place: Place | undefined): RegistrationSettings {
  if (place === undefined) return REGISTRATION;
  if (!reader.isMapping(place)) return { ...REGISTRATION, mode: reader.choice(place, MODES) ?? REGISTRATION.mode };
  const keys = ["mode", "expires_cap", "survival_expires", "local_after", "unknown", "pace", "throttle"];
  const fields = reader.fields(place, keys);
  const duration = (key: string, least_ms: number, most_ms: number) => reader.duration(fields, key, least_ms, most_ms);
  const choice = <T extends string>(key: string, choices: readonly T[]) =>
    reader.optional(fields, key, (found) => reader.choice(found, choices));
  return {
    mode: choice("mode", MODES) ?? REGISTRATION.mode,
    expires_cap_ms: duration("expires_cap", 20 * SECOND_ms, DAY_ms) ?? REGISTRATION.expires_cap_ms,
    survival_expires_ms:
      duration("survival_expires", 10 * SECOND_ms, 3_600 * SECOND_ms) ?? REGISTRATION.survival_expires_ms,
    local_after_ms: duration("local_after", 500, 32 * SECOND_ms) ?? REGISTRATION.local_after_ms,
    unknown: choice("unknown", ["known", "localnet", "none"] as const) ?? REGISTRATION.unknown,
    pace: reader.optional(fields, "pace", (found) => reader.count(found, 1, 1_000)) ?? REGISTRATION.pace,
    throttle: reader.flag(fields, "throttle") ?? REGISTRATION.throttle,
  };
}
