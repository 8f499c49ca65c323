/** The file's `registration`: "path" or "contact", or a mapping. */
import type { RegistrationSettings } from "../../policy/site.ts";
import { longFormOf, readChoice } from "./fields.ts";
import { KEYS } from "./keys.ts";
import type { Place, Reader } from "./reader.ts";

export function loadRegistration(reader: Reader, place: Place | undefined): RegistrationSettings {
  const fields = longFormOf(reader, place, "registration");
  return {
    mode: fields.isThere ? fields.choice("mode") : readChoice(reader, place, KEYS.registration),
    expires_cap_ms: fields.duration_ms("expires_cap"),
    survival_expires_ms: fields.duration_ms("survival_expires"),
    local_after_ms: fields.duration_ms("local_after"),
    unknown: fields.choice("unknown"),
    pace: fields.count("pace"),
    throttle: fields.flag("throttle"),
  };
}
