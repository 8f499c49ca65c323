/** The file's `registration`: "path" or "contact", or a mapping. */
import type { RegistrationSettings } from "../../policy/site.ts";
import { longFormOf, readChoice } from "./fields.ts";
import { choice, count, duration, flag, type Rows } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
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
    registration: "The mode, `path` or `contact`, or a mapping with the keys below.",
    "registration.mode":
      "How upstream finds the phones. `path`: by a Path header (RFC 3327). `contact`: upstream gets our own address as each phone's Contact, for a PBX that doesn't know Path; the phone gets its own Contact back.",
    "registration.expires_cap":
      "The longest expiry that a phone is told, so that each phone registers often enough to be known to branchline.",
    "registration.survival_expires":
      "The expiry that phones are told in an outage, less a random part of up to 15 %. While upstream is recovering, the expiry is 30 s at most.",
    "registration.local_after":
      "How long upstream may stay silent on a known phone's REGISTER. Then branchline answers it.",
    "registration.unknown":
      "The phones whose REGISTER is answered in an outage. `known`: phones seen before, by source address or instance. `localnet`: all phones in `localnet`. branchline doesn't ask them for a password, because only upstream could check it. `none`: no phone.",
    "registration.pace": "The number of REGISTERs a second that branchline forwards to upstream after an outage.",
    "registration.throttle": "`true` lets branchline answer refreshes that upstream doesn't need yet.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    registration: {
      about: "How phones are registered at upstream, and what happens to their registrations in an outage.",
      example: "registration: {mode: contact, expires_cap: 120s}",
    },
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
