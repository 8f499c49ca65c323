/** The file's `upstream`: a URI, several, or a mapping. */
import type { SipUri } from "../../message/uri.ts";
import type { ProbeSettings, Site, UpstreamSettings } from "../../policy/site.ts";
import { longFormOf, type Places } from "./fields.ts";
import { choice, count, duration, flag, list, mapping, type Rows, under, uri } from "./key-kinds.ts";
import type { KeyBelow } from "./key-paths.ts";
import { ABOVE, type WordsOf } from "./key-words.ts";
import { loadOwnProbe, loadProbe, OWN_PROBE_KEYS, PROBE_KEYS, probeToldAbove, probeWords } from "./load-probe.ts";
import { readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  upstream: list(uri),
  "upstream.targets": list(uri),
  "upstream.targets.uri": uri,
  "upstream.targets.probe": mapping,
  ...under("upstream.targets.probe", OWN_PROBE_KEYS),
  "upstream.may_dial_out": flag(false),
  "upstream.force": choice("auto", ["auto", "up", "down"]),
  // Three retransmissions over UDP, and what Avaya's controllers wait too.
  "upstream.fr_timer": duration("4s", "100ms", "32s"),
  // A next hop that says 503 has lost what is behind it; 404, 486 or 500 mean that somebody lives up there.
  "upstream.dead_codes": list(count(undefined, 400, 699), [503]),
  ...under("upstream.probe", PROBE_KEYS),
  "upstream.hold": duration("60s", "0s", "1h"),
  "upstream.hold_max": duration("10m", "0s", "24h"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    upstream: {
      default: "the Request-URI's domain",
      words:
        "a URI, a list of URIs in order of preference (the next one is asked when one is silent, unreachable or says 503), or a mapping with the next keys",
    },
    "upstream.targets": "as above; a target may be a mapping too: `{uri: sip:pbx.example.com, probe: {…}}`",
    "upstream.targets.uri": ABOVE,
    "upstream.targets.probe": {
      default: "`upstream.probe`",
      words: "as `upstream.probe`, for this target; what it leaves out is as there",
    },
    ...under("upstream.targets.probe", probeToldAbove()),
    "upstream.may_dial_out":
      "`true`: what upstream sends to a gateway goes there, for a headquarters that breaks out at the branch; else it gets 403, but for emergency numbers, OPTIONS and what belongs to a call. UDP sources can be forged: see `deploy/security.md`",
    "upstream.force":
      "`down` or `up` pins upstream's state, whatever is seen: a site that lives on its own; see also `branchline force`",
    "upstream.fr_timer": "silence after which a request is given up",
    "upstream.dead_codes":
      "final codes without a body that count as silence: of a call, of a known phone's REGISTER, of a probe; `[]`: none",
    ...under("upstream.probe", probeWords()),
    "upstream.hold": "recovering lasts so long without a miss, then calls go up again",
    "upstream.hold_max": "the hold doubles at each flap, up to this",
  };
}

export const UPSTREAM = section(KEYS, (reader, top) => loadUpstream(reader, top.get("upstream")));

const DIAL_OUT_KEY: KeyBelow<typeof KEYS, "upstream"> = "may_dial_out";
const EXAMPLE = "sip:pbx.example.com";

export function loadUpstream(reader: Reader, place: Place | undefined): UpstreamSettings {
  const fields = longFormOf(reader, place, KEYS, "upstream");
  const list = fields.isThere ? fields.get("targets") : place;
  const hold_ms = fields.duration_ms("hold");
  const hold_max_ms = fields.duration_ms("hold_max", Math.max(fields.standard("hold_max"), hold_ms));
  if (hold_max_ms < hold_ms) reader.fault(fields.get("hold_max") ?? fields.place, "must not be shorter than hold");
  const deadCodes = fields.counts("dead_codes");
  const probe = loadProbe(reader, fields.get("probe"), PROBE_KEYS, deadCodes);
  const probeOf = (found: Place) => loadOwnProbe(reader, found, probe, deadCodes);
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

/** Whether upstream may dial out is for the file to say: it could, before there was a key for it. */
export function hintAtDialOut(reader: Reader, fields: Places<"upstream">, { gateways, upstream }: Site): void {
  const place = fields.get("upstream");
  if (place === undefined || gateways.length === 0 || upstream.targets.length === 0) return;
  if (reader.hasKey(place, DIAL_OUT_KEY)) return;
  const cure = "add may_dial_out: true where headquarters calls out through it, else false";
  const message = `doesn't say whether upstream may use the gateway: its calls there get 403 now; ${cure} (upstream: {targets: […], may_dial_out: …})`;
  reader.fault(place, message, reader.hints);
}

interface LoadedTarget {
  readonly uri: SipUri;
  /** How it is probed, where that differs from the others. */
  readonly own: ProbeSettings | undefined;
}

/** URIs, or mappings of a URI and its probe. */
function loadTargets(reader: Reader, place: Place, probeOf: (place: Place) => ProbeSettings): LoadedTarget[] {
  return reader.items(place).flatMap((item) => {
    const fields = longFormOf(reader, item, KEYS, "upstream.targets");
    const where = fields.isThere ? fields.required("uri", EXAMPLE, (found) => found) : item;
    const own = fields.optional("probe", probeOf);
    const uri = where === undefined ? undefined : readUri(reader, where, EXAMPLE);
    return uri === undefined ? [] : [{ uri, own }];
  });
}
