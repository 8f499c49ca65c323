/** The file's `limits`: how much each source may ask. */
import type { LimitSettings } from "../../policy/site.ts";
import { NO_LIMIT, type Rate } from "../../policy/token-bucket.ts";
import { LIMITS } from "./config.ts";
import type { Place, Reader } from "./reader.ts";

/** "none", or a mapping of which each key can be "none" too. */
export function loadLimits(reader: Reader, place: Place | undefined): LimitSettings {
  if (place === undefined) return LIMITS;
  if (isNone(reader, place)) return { perSource: NO_LIMIT, strangers: NO_LIMIT };
  const fields = reader.fields(place, ["per_source", "strangers"]);
  return {
    perSource: loadRate(reader, fields?.get("per_source"), LIMITS.perSource),
    strangers: loadRate(reader, fields?.get("strangers"), LIMITS.strangers),
  };
}

/** Who raises the rate alone means at least so many at once too. */
function loadRate(reader: Reader, place: Place | undefined, otherwise: Rate): Rate {
  if (place === undefined) return otherwise;
  if (isNone(reader, place)) return NO_LIMIT;
  const fields = reader.fields(place, ["rate", "burst"]);
  const rate = reader.optional(fields, "rate", (found) => reader.count(found, 1, 100_000)) ?? otherwise.rate;
  const burst = reader.optional(fields, "burst", (found) => reader.count(found, 1, 1_000_000));
  return { rate, burst: burst ?? Math.max(rate, otherwise.burst) };
}

function isNone(reader: Reader, place: Place): boolean {
  if (reader.isMapping(place)) return false;
  reader.choice(place, ["none"]);
  return true;
}
