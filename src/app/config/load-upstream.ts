/** The file's `upstream`: a URI, several, or a mapping. */
import type { SipUri } from "../../message/uri.ts";
import type { ProbeSettings, UpstreamSettings } from "../../policy/site.ts";
import { longFormOf } from "./fields.ts";
import { loadOwnProbe, loadProbe } from "./load-probe.ts";
import { readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";

const EXAMPLE = "sip:pbx.example.com";

export function loadUpstream(reader: Reader, place: Place | undefined): UpstreamSettings {
  const fields = longFormOf(reader, place, "upstream");
  const list = fields.isThere ? fields.get("targets") : place;
  const hold_ms = fields.duration_ms("hold");
  const hold_max_ms = fields.duration_ms("hold_max", Math.max(fields.standard("hold_max"), hold_ms));
  if (hold_max_ms < hold_ms) reader.fault(fields.get("hold_max") ?? fields.place, "must not be shorter than hold");
  const deadCodes = fields.counts("dead_codes");
  const probe = loadProbe(reader, fields.get("probe"), "upstream.probe", deadCodes);
  const probeOf = (found: Place) => loadOwnProbe(reader, found, "upstream.targets.probe", probe, deadCodes);
  const targets = list === undefined ? [] : loadTargets(reader, list, probeOf);
  return {
    targets: targets.map(({ uri }) => uri),
    ownProbes: new Map(targets.flatMap(({ uri, own }) => (own === undefined ? [] : [[uri.text, own]]))),
    mayDialOut: fields.flag("may_dial_out"),
    force: fields.choice("force"),
    fr_timer_ms: fields.duration_ms("fr_timer"),
    deadCodes,
    probe,
    hold_ms,
    hold_max_ms,
  };
}

interface LoadedTarget {
  readonly uri: SipUri;
  /** How it is probed, where that differs from the others. */
  readonly own: ProbeSettings | undefined;
}

/** URIs, or mappings of a URI and its probe. */
function loadTargets(reader: Reader, place: Place, probeOf: (place: Place) => ProbeSettings): LoadedTarget[] {
  return reader.items(place).flatMap((item) => {
    const fields = longFormOf(reader, item, "upstream.targets");
    const where = fields.isThere ? fields.required("uri", EXAMPLE, (found) => found) : item;
    const own = fields.optional("probe", probeOf);
    const uri = where === undefined ? undefined : readUri(reader, where, EXAMPLE);
    return uri === undefined ? [] : [{ uri, own }];
  });
}
