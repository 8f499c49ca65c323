/** The file's `upstream`: a URI, several, or a mapping. */
import type { ProbeSettings, UpstreamSettings } from "../../policy/site.ts";
import { type Fields, fieldsOf, longFormOf } from "./fields.ts";
import { readUris } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";

export function loadUpstream(reader: Reader, place: Place | undefined): UpstreamSettings {
  const fields = longFormOf(reader, place, "upstream");
  const targets = fields.isThere ? fields.get("targets") : place;
  const hold_ms = fields.duration_ms("hold");
  const hold_max_ms = fields.duration_ms("hold_max", Math.max(fields.standard("hold_max"), hold_ms));
  if (hold_max_ms < hold_ms) reader.fault(fields.get("hold_max") ?? fields.place, "must not be shorter than hold");
  return {
    targets: targets === undefined ? [] : readUris(reader, targets, "sip:pbx.example.com"),
    force: fields.choice("force"),
    fr_timer_ms: fields.duration_ms("fr_timer"),
    deadCodes: fields.counts("dead_codes"),
    probe: loadProbe(fieldsOf(reader, fields.get("probe"), "upstream.probe")),
    hold_ms,
    hold_max_ms,
  };
}

export function loadProbe(fields: Fields<"upstream.probe" | "gateway_probe">): ProbeSettings {
  return {
    interval_ms: fields.duration_ms("interval"),
    suspect_interval_ms: fields.duration_ms("suspect_interval"),
    down_interval_ms: fields.duration_ms("down_interval"),
    timeout_ms: fields.duration_ms("timeout"),
    failures: fields.count("failures"),
    successes: fields.count("successes"),
  };
}
