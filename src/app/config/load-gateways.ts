/** The file's `gateways`, `gateway_choice`, `gateway_probe`, `carriers` and `max_call`. */
import { ipVersion } from "../../base/ip-range.ts";
import { hostText, type SipUri } from "../../message/uri.ts";
import { CHOICES_ABOUT, GATEWAY_CHOICES } from "../../policy/gateway-strategies.ts";
import { channelKey } from "../../policy/gateways/gateways.ts";
import type { Carrier, Gateway, GatewaySettings, NumberRule, ProbeSettings } from "../../policy/site.ts";
import { type Fields, fieldsOf, longFormOf } from "./fields.ts";
import {
  choice,
  count,
  duration,
  entries,
  flag,
  list,
  mapping,
  names,
  number,
  type Rows,
  required,
  text,
  under,
  uri,
} from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { loadName, loadNumber } from "./load-extensions.ts";
import { loadOwnProbe, loadProbe, OWN_PROBE_KEYS, ownProbeWords, PROBE_KEYS, probeWords } from "./load-probe.ts";
import { patternFault } from "./pattern-cost.ts";
import { readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const GATEWAY_PROBE_KEYS = { ...PROBE_KEYS, interval: duration("30s", "100ms", "1h") };

const KEYS = {
  gateways: entries(uri),
  "gateways.uri": required(uri, "sip:10.10.1.3"),
  "gateways.name": number,
  "gateways.priority": count(1, 0, 1_000),
  "gateways.weight": count(1, 1, 1_000),
  "gateways.channels": count(undefined, 1, 10_000),
  "gateways.trusted": flag(false),
  "gateways.rewrite": mapping,
  "gateways.rewrite.called": entries(mapping),
  "gateways.rewrite.called.match": required(text(), '"^00"'),
  "gateways.rewrite.called.replace": required(text(), '"+"'),
  "gateways.rewrite.calling": entries(mapping),
  "gateways.rewrite.calling.match": required(text(), '"^00"'),
  "gateways.rewrite.calling.replace": required(text(), '"+"'),
  "gateways.probe": mapping,
  ...under("gateways.probe", OWN_PROBE_KEYS),
  gateway_choice: choice("weighted", GATEWAY_CHOICES),
  gateway_probe: mapping,
  ...under("gateway_probe", GATEWAY_PROBE_KEYS),
  carriers: names,
  "carriers.NAME.prefixes": required(list(number), '["00"]'),
  "carriers.NAME.gateways": required(list(text()), "[10.10.1.3]"),
  max_call: duration("4h", "1m", "24h"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  const rule = {
    match: { kind: "regular expression", words: "The numbers that the rule is for." },
    // Nothing may take its place.
    replace: {
      pattern: "^",
      words: "The text in place of the part that matches. `$1` is the first group.",
    },
  };
  return {
    gateways: {
      default: "none",
      words: "SIP URIs with IP addresses, or mappings with the keys below.",
    },
    "gateways.uri": "The gateway's URI, with its IP address.",
    "gateways.name": {
      kind: "name",
      default: "its address",
      words: "The name that `carriers`, commands and the log use for this gateway.",
    },
    "gateways.priority":
      "The order of the gateways: the lowest number comes first. When a gateway is silent, unreachable or full, the next gateway gets the call; likewise when a gateway answers 5xx, or 6xx other than 600 and 603.",
    "gateways.weight": "The gateway's share of the calls among gateways of the same priority.",
    "gateways.channels": { default: "no limit", words: "The number of calls that the gateway carries at once." },
    "gateways.trusted":
      "`true` sends messages to the gateway as they are. `false` removes what the gateway need not know: credentials for a realm that the gateway hasn't asked for, and the identity of a caller who wants privacy (`Privacy: id`, `user` or `header`). An emergency call keeps the identity.",
    "gateways.rewrite": {
      default: "none",
      words:
        "Rules that change numbers on their way to the gateway. Numbers of more than 32 characters stay as they are. A rule that would leave no number is skipped: the number stays.",
    },
    "gateways.rewrite.called": {
      default: "none",
      words:
        "Rules for the called number. The first rule that matches counts, and no other rule changes its result. Example for a site that dials 0 before outside numbers: the first rule, `^00([1-9].*)$` and `+49$1`, turns 00891234 into +49891234. The second rule, `^0` and an empty text, serves all other numbers.",
    },
    ...under("gateways.rewrite.called", rule),
    "gateways.rewrite.calling": {
      default: "none",
      words: "Rules for the caller's number, which goes to the gateway in P-Asserted-Identity.",
    },
    ...under("gateways.rewrite.calling", rule),
    "gateways.probe": {
      default: "`gateway_probe`",
      keysOf: "upstream.probe",
      words:
        "How this gateway is probed. The keys are those of `upstream.probe`. A key that is missing here has its value in `gateway_probe`.",
    },
    ...under("gateways.probe", ownProbeWords("gateway_probe")),
    gateway_choice: "How calls are shared among gateways of the same priority.",
    gateway_probe: {
      default: "`{interval: 30s}`",
      keysOf: "upstream.probe",
      words: "How gateways are probed. The keys are those of `upstream.probe`; only the default of `interval` differs.",
    },
    ...under("gateway_probe", probeWords()),
    carriers: { default: "none", words: "Name of the carrier, then a mapping with the keys below." },
    "carriers.NAME.prefixes": "How numbers for this carrier begin.",
    "carriers.NAME.gateways": {
      kind: "gateway's name, or list of them",
      words: "The names of the carrier's gateways, the first choice first.",
    },
    max_call:
      "The longest time that a call holds its channel when branchline doesn't see the end of the call: no BYE comes, and the call has no session timer (RFC 4028).",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    gateways: {
      about:
        "The PSTN gateways at the branch. Each has an IP address, because DNS may be gone in an outage. branchline refuses an expression in `rewrite` that could take long for one number, because all calls would wait for it.",
      example: `gateways:
  - uri: sip:10.10.1.3
    name: isdn
    channels: 4
    rewrite:
      called: [{match: "^\\\\+1", replace: ""}]
  - {uri: "sip:10.10.1.4:5080", name: gsm, priority: 2}`,
    },
    gateway_choice: {
      about: CHOICES_ABOUT,
      example: "gateway_choice: fewest-calls",
    },
    gateway_probe: {
      about: "How gateways are probed. branchline tries the gateways that are `down` after all other gateways.",
      example: "gateway_probe: {interval: 20s, failures: 2}",
    },
    carriers: {
      about:
        "Numbers that leave by certain gateways. A number that begins with a carrier's prefix, as it was dialled, leaves by that carrier's gateways and no others. The longest prefix counts. A carrier's gateways get other numbers and emergency calls too: give a gateway that is for few numbers, such as another branch, a high `priority`, so that it comes last.",
      example: `gateways: [{uri: sip:10.10.1.3, name: isdn}, {uri: sip:10.10.1.4, name: gsm}]
carriers:
  mobile: {prefixes: ["01"], gateways: [gsm, isdn]}`,
    },
    max_call: {
      about: "A time limit for calls whose end branchline doesn't see. Without it, their channels would stay taken.",
      example: "max_call: 2h",
    },
  };
}

export const GATEWAYS = section(KEYS, (reader, top) => {
  // No status of a gateway is dead.
  const probe = loadProbe(reader, top.get("gateway_probe"), GATEWAY_PROBE_KEYS, []);
  const gateways = top.optional("gateways", (place) => loadGateways(reader, place, probe)) ?? [];
  return { gateways, gatewaySettings: loadGatewaySettings(reader, top, gateways, probe) };
});

/** A fault needn't name thousands. */
const NAMES_TOLD_MAX = 20;

/** @param probe how those are probed that have nothing of their own */
function loadGateways(reader: Reader, place: Place, probe: ProbeSettings): Gateway[] {
  const gateways: Gateway[] = [];
  const places = new Set<string>();
  const names = new Set<string>();
  for (const item of reader.items(place)) {
    const gateway = loadGateway(reader, item, probe);
    if (gateway === undefined) continue;
    const { uri, name } = gateway;
    const place = channelKey(gateway);
    if (places.has(place)) {
      reader.fault(item, `${uri.text} is listed twice; remove one`);
    } else if (names.has(name)) {
      reader.fault(item, `is called ${name} like another; give each its own name`);
    } else {
      gateways.push(gateway);
      places.add(place);
      names.add(name);
    }
  }
  return gateways;
}

/** What concerns all gateways together. */
function loadGatewaySettings(
  reader: Reader,
  fields: Fields<typeof KEYS, "">,
  gateways: readonly Gateway[],
  probe: ProbeSettings,
): GatewaySettings {
  return {
    choice: fields.choice("gateway_choice"),
    carriers: fields.optional("carriers", (place) => loadCarriers(reader, place, gateways)) ?? [],
    probe,
    max_call_ms: fields.duration_ms("max_call"),
  };
}

function loadGateway(reader: Reader, item: Place, common: ProbeSettings): Gateway | undefined {
  const fields = longFormOf(reader, item, KEYS, "gateways");
  const where = fields.isThere ? fields.required("uri", (found) => found) : item;
  const uri = where === undefined ? undefined : readUri(reader, where, "sip:10.10.1.3");
  const gateway = {
    name: fields.optional("name", (found) => loadName(reader, found)),
    priority: fields.count("priority"),
    weight: fields.count("weight"),
    channels: fields.count("channels"),
    isTrusted: fields.flag("trusted"),
    probe: fields.optional("probe", (found) => loadOwnProbe(reader, found, common, [])) ?? common,
    ...loadRewrite(reader, fields.get("rewrite")),
  };
  if (uri === undefined || where === undefined) return undefined;
  if (ipVersion(uri.host) === 0) {
    reader.fault(where, `"${uri.text}" must name the gateway by its IP address: DNS is gone when it is needed`);
    return undefined;
  }
  return { ...gateway, uri, name: gateway.name ?? defaultName(uri) };
}

function defaultName({ host, port }: SipUri): string {
  return port === undefined ? host : `${hostText(host)}:${port}`;
}

function loadRewrite(reader: Reader, place: Place | undefined) {
  const fields = fieldsOf(reader, place, KEYS, "gateways.rewrite");
  const rules = (key: "called" | "calling") =>
    fields.optional(key, (found) => loadRules(reader, found, `gateways.rewrite.${key}`)) ?? [];
  return { called: rules("called"), calling: rules("calling") };
}

function loadRules(
  reader: Reader,
  place: Place,
  branch: "gateways.rewrite.called" | "gateways.rewrite.calling",
): NumberRule[] {
  return reader.items(place).flatMap((item) => {
    const fields = fieldsOf(reader, item, KEYS, branch);
    const match = fields.required("match", (found) => loadPattern(reader, found));
    const replace = fields.required("replace", (found) => reader.textOrEmpty(found));
    return match === undefined || replace === undefined ? [] : [{ match, replace }];
  });
}

function loadPattern(reader: Reader, place: Place): RegExp | undefined {
  const text = reader.text(place, 'a regular expression, such as "^00"');
  if (text === undefined) return undefined;
  let pattern: RegExp;
  try {
    pattern = new RegExp(text);
  } catch {
    reader.fault(place, `"${text}" is no regular expression; write it like "^00"`);
    return undefined;
  }
  const fault = patternFault(text);
  if (fault === undefined) return pattern;
  reader.fault(place, `"${text}" ${fault}`);
  return undefined;
}

function loadCarriers(reader: Reader, place: Place, gateways: readonly Gateway[]): Carrier[] {
  const known = new Set(gateways.map(({ name }) => name));
  return reader.entries(place).map(({ key, place: entry }) => {
    const fields = fieldsOf(reader, entry, KEYS, "carriers.NAME");
    const prefixes = fields.required("prefixes", (found) =>
      reader.items(found).flatMap((item) => loadNumber(reader, item) ?? []),
    );
    const names = fields.required(
      "gateways",
      (found) => reader.items(found).flatMap((item) => loadGatewayName(reader, item, known) ?? []),
      `[${gateways[0]?.name ?? "10.10.1.3"}]`,
    );
    return { name: key, prefixes: prefixes ?? [], gateways: names ?? [] };
  });
}

function loadGatewayName(reader: Reader, place: Place, known: ReadonlySet<string>): string | undefined {
  const name = reader.text(place, "the name of a gateway");
  if (name === undefined || known.has(name) || reader.isDamaged) return name;
  const some = [...known].slice(0, NAMES_TOLD_MAX).join(", ");
  const more = known.size > NAMES_TOLD_MAX ? " …" : "";
  reader.fault(place, `"${name}" is no gateway of this file; there are ${some === "" ? "none" : some}${more}`);
  return undefined;
}
