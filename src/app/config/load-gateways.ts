/** The file's `gateways`, `gateway_choice`, `gateway_probe`, `carriers` and `max_call`. */
import { ipVersion } from "../../base/ip-range.ts";
import { hostText, type SipUri } from "../../message/uri.ts";
import { GATEWAY_CHOICES } from "../../policy/gateway-strategies.ts";
import { channelKey } from "../../policy/gateways/gateways.ts";
import type { Carrier, Gateway, GatewaySettings, NumberRule, ProbeSettings } from "../../policy/site.ts";
import { type Fields, fieldsOf, longFormOf } from "./fields.ts";
import {
  choice,
  count,
  duration,
  flag,
  list,
  mapping,
  names,
  number,
  type Rows,
  text,
  under,
  uri,
} from "./key-kinds.ts";
import { ABOVE, type WordsOf } from "./key-words.ts";
import { loadName, loadNumber } from "./load-extensions.ts";
import { loadOwnProbe, loadProbe, OWN_PROBE_KEYS, PROBE_KEYS, probeToldAbove } from "./load-probe.ts";
import { patternFault } from "./pattern-cost.ts";
import { readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const GATEWAY_PROBE_KEYS = { ...PROBE_KEYS, interval: duration("30s", "100ms", "1h") };

const KEYS = {
  gateways: list(uri),
  "gateways.uri": uri,
  "gateways.name": number,
  "gateways.priority": count(1, 0, 1_000),
  "gateways.weight": count(1, 1, 1_000),
  "gateways.channels": count(undefined, 1, 10_000),
  "gateways.trusted": flag(false),
  "gateways.rewrite": mapping,
  "gateways.rewrite.called": list(mapping),
  "gateways.rewrite.called.match": text(),
  "gateways.rewrite.called.replace": text(),
  "gateways.rewrite.calling": list(mapping),
  "gateways.rewrite.calling.match": text(),
  "gateways.rewrite.calling.replace": text(),
  "gateways.probe": mapping,
  ...under("gateways.probe", OWN_PROBE_KEYS),
  gateway_choice: choice("weighted", GATEWAY_CHOICES),
  gateway_probe: mapping,
  ...under("gateway_probe", GATEWAY_PROBE_KEYS),
  carriers: names,
  "carriers.NAME.prefixes": list(number),
  "carriers.NAME.gateways": list(text()),
  max_call: duration("4h", "1m", "24h"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    gateways: { default: "none", words: "SIP URIs with IP addresses, or mappings with the next keys" },
    "gateways.uri": "as above",
    "gateways.name": { default: "its address", words: "what carriers and logs call it" },
    "gateways.priority":
      "lower goes first; the next one gets the call when a gateway is silent, unreachable, full, or says 5xx or 6xx other than 600 and 603",
    "gateways.weight": "its share among gateways of the same priority",
    "gateways.channels": { default: "no limit", words: "calls that it carries at once, counted by dialog" },
    "gateways.trusted":
      "`true`: it gets messages whole. Else it gets no credentials but those for a realm that it has asked for itself, and no P-Asserted-Identity, P-Preferred-Identity, Remote-Party-ID or Identity of somebody who wants privacy (`Privacy: id`, `user`, `header`); in an emergency call it gets the identity all the same",
    "gateways.rewrite": {
      default: "none",
      words:
        "`{called: […], calling: […]}`, lists of `{match: REGEX, replace: TEXT}`, of which the first that matches rewrites the number; the caller's goes there in P-Asserted-Identity. Numbers of more than 32 characters leave as they are; an expression that could take long for a number (nested quantifiers as in `([1-9][0-9]*)+`, alternatives that begin alike) is a fault, since calls would stand still meanwhile",
    },
    "gateways.rewrite.called": ABOVE,
    "gateways.rewrite.called.match": ABOVE,
    "gateways.rewrite.called.replace": ABOVE,
    "gateways.rewrite.calling": ABOVE,
    "gateways.rewrite.calling.match": ABOVE,
    "gateways.rewrite.calling.replace": ABOVE,
    "gateways.probe": {
      default: "`gateway_probe`",
      words: "as `gateway_probe`, for this gateway; what it leaves out is as there",
    },
    ...under("gateways.probe", probeToldAbove()),
    gateway_choice: `among equals: ${GATEWAY_CHOICES.map((one) => `\`${one}\``).join(", ")}`,
    gateway_probe: {
      default: "`{interval: 30s}`",
      words: "as `upstream.probe`; a gateway that seems dead is tried last",
    },
    ...under("gateway_probe", probeToldAbove()),
    carriers: {
      default: "none",
      words: "name → `{prefixes: […], gateways: […]}`: numbers that begin so go to these gateways, in this order",
    },
    "carriers.NAME.prefixes": ABOVE,
    "carriers.NAME.gateways": ABOVE,
    max_call: "a call of which no BYE has been seen (nor a session timer, RFC 4028) holds its channel for so long",
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
  const where = fields.isThere ? fields.required("uri", "sip:10.10.1.3", (found) => found) : item;
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
    const match = fields.required("match", '"^00"', (found) => loadPattern(reader, found));
    const replace = fields.required("replace", '"+"', (found) => reader.textOrEmpty(found));
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
    const prefixes = fields.required("prefixes", '["00"]', (found) =>
      reader.items(found).flatMap((item) => loadNumber(reader, item) ?? []),
    );
    const names = fields.required("gateways", `[${gateways[0]?.name ?? "10.10.1.3"}]`, (found) =>
      reader.items(found).flatMap((item) => loadGatewayName(reader, item, known) ?? []),
    );
    return { name: key, prefixes: prefixes ?? [], gateways: names ?? [] };
  });
}

function loadGatewayName(reader: Reader, place: Place, known: ReadonlySet<string>): string | undefined {
  const name = reader.text(place, "the name of a gateway");
  if (name === undefined || known.has(name)) return name;
  const some = [...known].slice(0, NAMES_TOLD_MAX).join(", ");
  const more = known.size > NAMES_TOLD_MAX ? " …" : "";
  reader.fault(place, `"${name}" is no gateway of this file; there are ${some === "" ? "none" : some}${more}`);
  return undefined;
}
