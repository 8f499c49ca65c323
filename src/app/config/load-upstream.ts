/** The file's `upstream`: a URI, several, or a mapping. */
import type { SipUri } from "../../message/uri.ts";
import type { ProbeSettings, Site, UpstreamSettings } from "../../policy/site.ts";
import { spell } from "./durations.ts";
import { longFormOf, type Places } from "./fields.ts";
import { choice, count, duration, entries, flag, list, mapping, type Rows, required, under, uri } from "./key-kinds.ts";
import type { KeyBelow } from "./key-paths.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { loadOwnProbe, loadProbe, OWN_PROBE_KEYS, ownProbeWords, PROBE_KEYS, probeWords } from "./load-probe.ts";
import { readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const EXAMPLE = "sip:pbx.example.com";

const KEYS = {
  upstream: list(uri),
  "upstream.targets": entries(uri),
  "upstream.targets.uri": required(uri, EXAMPLE),
  "upstream.targets.probe": mapping,
  ...under("upstream.targets.probe", OWN_PROBE_KEYS),
  "upstream.may_dial_out": flag(false),
  "upstream.force": choice("auto", ["auto", "up", "down"]),
  // Three retransmissions over UDP, and what Avaya's controllers wait too.
  "upstream.fr_timer": duration("4s", "100ms", "32s"),
  // A next hop that says 503 has lost what is behind it; 404, 486 or 500 mean that upstream answers.
  "upstream.dead_codes": list(count(undefined, 400, 699), [503]),
  ...under("upstream.probe", PROBE_KEYS),
  "upstream.hold": duration("60s", "0s", "1h"),
  "upstream.hold_max": duration("10m", "0s", "24h"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    upstream: {
      default: "the domain in each Request-URI",
      words:
        "The SIP URI of the PBX, or several in order of preference, or a mapping with the keys below. When one URI is silent, can't be reached or answers 503, branchline asks the next one.",
    },
    "upstream.targets": {
      default: "the domain in each Request-URI",
      words: "The URIs, written like `upstream` without a mapping. A target may be a mapping with the keys below.",
    },
    "upstream.targets.uri": "The target's URI.",
    "upstream.targets.probe": {
      default: "`upstream.probe`",
      keysOf: "upstream.probe",
      words:
        "How this target is probed. The keys are those of `upstream.probe`. A key that is missing here has its value in `upstream.probe`.",
    },
    ...under("upstream.targets.probe", ownProbeWords("upstream.probe")),
    "upstream.may_dial_out":
      "`true` lets upstream's calls go to a gateway, for a PBX that calls out through the branch's gateway. A call to a number of no phone at branchline's address, as a trunk sends it, goes to the gateways too. `false` answers calls to a gateway with 403, and others with 404. Emergency calls, OPTIONS and requests within a call always pass. UDP sources can be forged: see [security](security.md).",
    "upstream.force":
      "`up` or `down` sets upstream's state, whatever probes and calls show. `down` is for a site without upstream. Such a site needs `registration: {unknown: localnet}` too: otherwise a phone that has never been registered gets 503. With `down`, branchline sends upstream no calls and no registrations, and upstream can't call the phones. See also `branchline force`.",
    "upstream.fr_timer":
      "How long upstream may leave a call unanswered. Then the call goes to another phone of the site or to a gateway. Several targets are asked in turn and share this time: each further target has what is left of it, but at least 1 s. All addresses of one target share it too.",
    "upstream.dead_codes":
      "Final statuses that count as silence when the response has no body. They count for a call, for a known phone's REGISTER and for a probe. `[]` means no status.",
    ...under("upstream.probe", probeWords()),
    "upstream.hold":
      "After an outage, upstream must answer without a failure for this time. Then calls go to upstream again. There is no hold if this router itself caused the outage: an address of `listen` was missing, and upstream answers within 30 s after the router has that address again. The fourth such outage within `hold_max` has a hold.",
    "upstream.hold_max":
      "The longest hold. Each time upstream is down again soon after its return, the hold doubles, up to this time.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    upstream: {
      about:
        "The PBX or proxy at headquarters. Without this key, upstream is the domain of each Request-URI, as DNS resolves it. Probes (OPTIONS) and calls show whether upstream answers.",
      example: `upstream:
  targets: [sip:pbx1.example.com, sip:pbx2.example.com]
  may_dial_out: false
  fr_timer: 4s
  hold: 60s
  probe: {interval: 10s, user: ping}`,
    },
  };
}

export const UPSTREAM = section(KEYS, (reader, top) => loadUpstream(reader, top.get("upstream")));

const DIAL_OUT_KEY: KeyBelow<typeof KEYS, "upstream"> = "may_dial_out";

export function loadUpstream(reader: Reader, place: Place | undefined): UpstreamSettings {
  const fields = longFormOf(reader, place, KEYS, "upstream");
  const list = fields.isThere ? fields.get("targets") : place;
  const hold_ms = fields.duration_ms("hold");
  const hold_max_ms = fields.duration_ms("hold_max", Math.max(fields.standard("hold_max"), hold_ms));
  if (hold_max_ms < hold_ms) {
    const hold = spell(hold_ms);
    reader.fault(fields.get("hold_max") ?? fields.place, `must not be shorter than hold; did you mean ${hold}?`);
  }
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
  const cure = "write may_dial_out: true if the PBX calls out through it, else false";
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
    const where = fields.isThere ? fields.required("uri", (found) => found) : item;
    const own = fields.optional("probe", probeOf);
    const uri = where === undefined ? undefined : readUri(reader, where, EXAMPLE);
    return uri === undefined ? [] : [{ uri, own }];
  });
}
