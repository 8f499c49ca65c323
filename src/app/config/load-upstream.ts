/** The file's `upstream`: a URI, several, or a mapping. */
import type { ProbeSettings, UpstreamSettings } from "../../policy/site.ts";
import { DEAD_CODES, FR_TIMER_ms, HOLD_MAX_ms, HOLD_ms, PROBE } from "./config.ts";
import { readUris } from "./read-uri.ts";
import { HOUR_ms, type Place, type Reader, SECOND_ms } from "./reader.ts";

const PINS = ["auto", "up", "down"] as const;

export function loadUpstream(reader: Reader, place: Place | undefined): UpstreamSettings {
  const isLong = place !== undefined && reader.isMapping(place);
  const fields = isLong
    ? reader.fields(place, ["targets", "force", "fr_timer", "dead_codes", "probe", "hold", "hold_max"])
    : undefined;
  const targets = isLong ? fields?.get("targets") : place;
  const hold_ms = reader.duration(fields, "hold", 0, HOUR_ms) ?? HOLD_ms;
  const hold_max_ms = reader.duration(fields, "hold_max", 0, 24 * HOUR_ms) ?? Math.max(HOLD_MAX_ms, hold_ms);
  if (hold_max_ms < hold_ms && fields !== undefined) {
    reader.fault(fields.get("hold_max") ?? fields.place, "must not be shorter than hold");
  }
  return {
    targets: targets === undefined ? [] : readUris(reader, targets, "sip:pbx.example.com"),
    force: reader.optional(fields, "force", (found) => reader.choice(found, PINS)) ?? "auto",
    fr_timer_ms: reader.duration(fields, "fr_timer", 100, 32 * SECOND_ms) ?? FR_TIMER_ms,
    deadCodes:
      reader.optional(fields, "dead_codes", (found) =>
        reader.items(found).flatMap((item) => reader.count(item, 400, 699) ?? []),
      ) ?? DEAD_CODES,
    probe: loadProbe(reader, fields?.get("probe")),
    hold_ms,
    hold_max_ms,
  };
}

/** @param defaults what the file may leave out */
export function loadProbe(reader: Reader, place: Place | undefined, defaults: ProbeSettings = PROBE): ProbeSettings {
  const keys = ["interval", "suspect_interval", "down_interval", "timeout", "failures", "successes"];
  const fields = place === undefined ? undefined : reader.fields(place, keys);
  const count = (key: string) => reader.optional(fields, key, (found) => reader.count(found, 1, 100));
  return {
    interval_ms: reader.duration(fields, "interval", 100, HOUR_ms) ?? defaults.interval_ms,
    suspect_interval_ms: reader.duration(fields, "suspect_interval", 100, HOUR_ms) ?? defaults.suspect_interval_ms,
    down_interval_ms: reader.duration(fields, "down_interval", 100, HOUR_ms) ?? defaults.down_interval_ms,
    timeout_ms: reader.duration(fields, "timeout", 100, 32 * SECOND_ms) ?? defaults.timeout_ms,
    failures: count("failures") ?? defaults.failures,
    successes: count("successes") ?? defaults.successes,
  };
}
