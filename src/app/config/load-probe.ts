/** How a peer is probed: `upstream.probe`, `gateway_probe`, and `probe` of a single target or gateway. */
import { parseSipUri } from "../../message/uri.ts";
import type { ProbeSettings, StatusRange } from "../../policy/site.ts";
import type { OptionsForm } from "../../proxy/options-request.ts";
import { fieldsOf, type Places } from "./fields.ts";
import { count, duration, list, text, uri } from "./key-kinds.ts";
import type { Place, Reader } from "./reader.ts";

/** How peers are probed, unless one has a probe of its own. */
export const PROBE_KEYS = {
  // Ten seconds cost a router nothing and keep NAT and firewall mappings open.
  interval: duration<string>("10s", "100ms", "1h"),
  suspect_interval: duration("1s", "100ms", "1h"),
  down_interval: duration("5s", "100ms", "1h"),
  timeout: duration("2s", "100ms", "32s"),
  failures: count(3, 1, 100),
  successes: count(3, 1, 100),
  user: text(),
  from: uri,
  max_forwards: count(70, 0, 255),
  alive_codes: list(text()),
  // Below, no padding is needed; above, no INVITE is so long.
  octets: count(undefined, 500, 8_000),
};

/** The same keys for one peer; what it leaves out is as for the others. */
export const OWN_PROBE_KEYS = {
  ...PROBE_KEYS,
  interval: duration(undefined, "100ms", "1h"),
  suspect_interval: duration(undefined, "100ms", "1h"),
  down_interval: duration(undefined, "100ms", "1h"),
  timeout: duration(undefined, "100ms", "32s"),
  failures: count(undefined, 1, 100),
  successes: count(undefined, 1, 100),
  max_forwards: count(undefined, 0, 255),
};

/** The characters of a user part (RFC 3261 §25.1). */
const USER = /^(?:[\w\-.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+$/;
const STATUS_CLASS = /^([2-6])xx$/i;

/**
 * How all peers of a kind are probed.
 * @param keys {@link PROBE_KEYS}, or with other defaults
 * @param deadCodes what can't be life
 */
export function loadProbe(
  reader: Reader,
  place: Place | undefined,
  keys: typeof PROBE_KEYS,
  deadCodes: readonly number[],
): ProbeSettings {
  const fields = fieldsOf(reader, place, keys, "");
  return {
    interval_ms: fields.duration_ms("interval"),
    suspect_interval_ms: fields.duration_ms("suspect_interval"),
    down_interval_ms: fields.duration_ms("down_interval"),
    timeout_ms: fields.duration_ms("timeout"),
    failures: fields.count("failures"),
    successes: fields.count("successes"),
    options: {
      ...loadAddressee(reader, fields),
      maxForwards: fields.count("max_forwards"),
      octets: fields.count("octets"),
    },
    aliveCodes: fields.optional("alive_codes", (found) => loadAliveCodes(reader, found, deadCodes)),
  };
}

/** The probe of a single peer: a key that is missing has its value in `common`. */
export function loadOwnProbe(
  reader: Reader,
  place: Place,
  common: ProbeSettings,
  deadCodes: readonly number[],
): ProbeSettings {
  const fields = fieldsOf(reader, place, OWN_PROBE_KEYS, "");
  const { from, user } = loadAddressee(reader, fields);
  const aliveCodes = fields.optional("alive_codes", (found) => loadAliveCodes(reader, found, deadCodes));
  return {
    interval_ms: fields.duration_ms("interval") ?? common.interval_ms,
    suspect_interval_ms: fields.duration_ms("suspect_interval") ?? common.suspect_interval_ms,
    down_interval_ms: fields.duration_ms("down_interval") ?? common.down_interval_ms,
    timeout_ms: fields.duration_ms("timeout") ?? common.timeout_ms,
    failures: fields.count("failures") ?? common.failures,
    successes: fields.count("successes") ?? common.successes,
    options: {
      from: from ?? common.options.from,
      user: user ?? common.options.user,
      maxForwards: fields.count("max_forwards") ?? common.options.maxForwards,
      octets: fields.count("octets") ?? common.options.octets,
    },
    aliveCodes: aliveCodes ?? common.aliveCodes,
  };
}

function loadAddressee(reader: Reader, fields: Places<"from" | "user">): Pick<OptionsForm, "from" | "user"> {
  const [from, user] = [fields.get("from"), fields.get("user")];
  return { from: from && loadFrom(reader, from), user: user && loadUser(reader, user) };
}

/** A URI that may stand in From: without header fields (RFC 3261 §19.1.1, table 1). */
function loadFrom(reader: Reader, place: Place): string | undefined {
  const example = "sip:branchline@pbx.example.com";
  const text = reader.text(place, `a SIP URI, such as ${example}`);
  if (text === undefined) return undefined;
  const uri = parseSipUri(text);
  if (uri !== undefined && uri.headers === "" && (uri.user === undefined || USER.test(uri.user.replace(":", "")))) {
    return text;
  }
  reader.fault(place, `"${text}" is not a SIP URI for From; write it like ${example}`);
  return undefined;
}

function loadUser(reader: Reader, place: Place): string | undefined {
  const text = reader.text(place, "the user part of a SIP URI, such as ping");
  if (text === undefined || USER.test(text)) return text;
  const uri = parseSipUri(text) ?? parseSipUri(`sip:${text}`);
  const hint = uri?.user !== undefined && USER.test(uri.user) ? `write only ${uri.user}` : "write it like ping";
  reader.fault(place, `"${text}" is not the user part of a SIP URI; ${hint}`);
  return undefined;
}

/** Single statuses and classes. A class leaves the dead codes out; a status that is dead as well is a fault. */
function loadAliveCodes(
  reader: Reader,
  place: Place,
  deadCodes: readonly number[],
): readonly StatusRange[] | undefined {
  const items = reader.items(place);
  if (items.length === 0) {
    reader.fault(place, "must name a status that is a sign of life, such as 200, or a class of them, such as 2xx");
    return undefined;
  }
  return items.flatMap((item) => {
    const text = reader.text(item, "a final status, such as 200, or a class of them, such as 2xx") ?? "";
    const digit = STATUS_CLASS.exec(text)?.[1];
    if (digit !== undefined) return [{ first: Number(digit) * 100, last: Number(digit) * 100 + 99 }];
    const status = /^[2-6]\d\d$/.test(text) ? Number(text) : undefined;
    if (status !== undefined && deadCodes.includes(status)) {
      reader.fault(
        item,
        `${status} is one of upstream.dead_codes, so it can't be a sign of life; take it out of one of them`,
      );
      return [];
    }
    if (status !== undefined) return [{ first: status, last: status }];
    if (text !== "")
      reader.fault(item, `"${text}" is no final status; write one from 200 to 699, or a class such as 2xx`);
    return [];
  });
}

/** What the reference says of the keys of {@link PROBE_KEYS}. */
export function probeWords() {
  return {
    interval: "The time between two OPTIONS while the peer answers.",
    suspect_interval: "The time between two OPTIONS while the peer is suspect, and while the peer proves its return.",
    down_interval: "The time between two OPTIONS while the peer is down.",
    timeout: "How long a probe waits for an answer.",
    failures:
      "After this number of failed probes in a row, the peer is `down`. One failed probe is enough if a call has failed too.",
    successes: "After this number of answered probes in a row, a peer that was `down` is `recovering`.",
    user: {
      default: "none",
      kind: "user part of a URI",
      words: "The user in the Request-URI and To of the OPTIONS, such as `ping`. Some PBXs answer known users only.",
    },
    from: { default: "`sip:branchline@ADDRESS`, branchline's address", words: "The URI in From of the OPTIONS." },
    max_forwards: "Max-Forwards of the OPTIONS. With `0`, a proxy answers itself, and asks no server behind it.",
    alive_codes: {
      default: "all but `dead_codes`",
      kind: "status or class, or list of them",
      pattern: "^\\s*[2-6](\\d\\d|[xX][xX])\\s*$",
      words:
        "The final statuses that count as an answer: single ones, `[200, 404]`, or whole classes, `[2xx, 4xx]`. A class doesn't include the `dead_codes`. With this key, a provisional response doesn't count as an answer.",
    },
    octets: {
      default: "no padding",
      words:
        "The length in octets to which header lines `Branchline-Padding` fill up the OPTIONS. If long datagrams don't reach a peer, the peer is then down. Without the padding the peer would be up, and each long INVITE would stay unanswered. See [`mtu`](doctor.md#mtu).",
    },
  };
}

/** The same for one peer, which falls back to what is said of all. */
export function ownProbeWords(common: string) {
  const fallback = (words: string) => ({ words, default: `\`${common}\`` });
  const { interval, suspect_interval, down_interval, timeout, failures, successes, max_forwards, ...others } =
    probeWords();
  return {
    ...others,
    interval: fallback(interval),
    suspect_interval: fallback(suspect_interval),
    down_interval: fallback(down_interval),
    timeout: fallback(timeout),
    failures: fallback(failures),
    successes: fallback(successes),
    max_forwards: fallback(max_forwards),
  };
}
