/** The file's `limits`: how much each source may ask. */
import type { LimitSettings } from "../../policy/site.ts";
import { NO_LIMIT, type Rate } from "../../policy/token-bucket.ts";
import { LIMITS } from "./config.ts";
import type { Place, Reader } from "./reader.ts";

const LIMIT_KEYS = ["per_source", "strangers"];
const RATE_KEYS = ["rate", "burst"];

/** "none", or a mapping of which each key can be "none" too. */
export function loadLimits(reader: Reader, place: Place | undefined): LimitSettings {
  if (place === undefined) return LIMITS;
  if (isNone(reader, place, LIMIT_KEYS)) return { perSource: NO_LIMIT, strangers: NO_LIMIT };
  const fields = reader.fields(place, LIMIT_KEYS);
  return {
    perSource: loadRate(reader, fields?.get("per_source"), LIMITS.perSource),
    strangers: loadRate(reader, fields?.get("strangers"), LIMITS.strangers),
  };
}

/** Who raises the rate alone means at least so many at once too. */
function loadRate(reader: Reader, place: Place | undefined, otherwise: Rate): Rate {
  if (place === undefined) return otherwise;
  if (isNone(reader, place, RATE_KEYS)) return NO_LIMIT;
  const fields = reader.fields(place, RATE_KEYS);
  const rate = reader.optional(fields, "rate", (found) => reader.count(found, 1, 100_000)) ?? otherwise.rate;
  const burst = reader.optional(fields, "burst", (found) => reader.count(found, 1, 1_000_000));
  return { rate, burst: burst ?? Math.max(rate, otherwise.burst) };
}

/** Whatever else is no mapping is a fault. */
function isNone(reader: Reader, place: Place, keys: readonly string[]): boolean {
  if (reader.isMapping(place)) return false;
  const expected = `none or a mapping with the keys ${keys.join(", ")}`;
  const text = reader.text(place, expected);
  if (text !== undefined && text !== "none") reader.fault(place, `must be ${expected}`);
  return true;
}
