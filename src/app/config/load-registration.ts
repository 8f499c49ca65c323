/** The file's `registration`: "path" or "contact", or a mapping. */
import type { RegistrationSettings } from "../../policy/site.ts";
import { longFormOf, readChoice } from "./fields.ts";
import { choice, count, duration, flag, type Rows } from "./key-kinds.ts";
import type { WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const MODE = choice("path", ["path", "contact"]);

const KEYS = {
  registration: MODE,
  "registration.mode": MODE,
  "registration.expires_cap": duration("300s", "20s", "24h"),
  "registration.survival_expires": duration("60s", "10s", "1h"),
  "registration.local_after": duration("3s", "500ms", "32s"),
  "registration.unknown": choice("known", ["known", "localnet", "none"]),
  "registration.pace": count(5, 1, 1_000),
  "registration.throttle": flag(false),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    registration: "`path` or `contact`, or a mapping with the next keys",
    "registration.mode":
      "`contact` for a PBX that knows no Path: it gets our own address as the phone's Contact, and the phone gets its own back",
    "registration.expires_cap": "no phone is told a longer expiry, so that each comes back often enough",
    "registration.survival_expires":
      "what phones are told in an outage, less a random part of up to 15 %; while upstream recovers, 30 s at the most",
    "registration.local_after": "upstream silent for so long on a known phone's REGISTER: it is answered here",
    "registration.unknown":
      "who is answered in an outage: `known` phones (same source address or instance), all in `localnet`, or `none`",
    "registration.pace": "REGISTERs per second that go up after an outage",
    "registration.throttle": "`true`: refreshes that upstream doesn't need yet are answered here",
  };
}

export const REGISTRATION = section(KEYS, (reader, top) => loadRegistration(reader, top.get("registration")));

export function loadRegistration(reader: Reader, place: Place | undefined): RegistrationSettings {
  const fields = longFormOf(reader, place, KEYS, "registration");
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
