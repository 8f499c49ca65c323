/** The file's `gateways`, `gateway_choice`, `gateway_probe`, `carriers` and `max_call`. */
import { ipVersion } from "../../base/ip-range.ts";
import { hostText, type SipUri } from "../../message/uri.ts";
import { channelKey } from "../../policy/gateways/gateways.ts";
import type { Carrier, Gateway, GatewaySettings, NumberRule, ProbeSettings } from "../../policy/site.ts";
import { type Fields, fieldsOf, longFormOf } from "./fields.ts";
import { loadName, loadNumber } from "./load-extensions.ts";
import { loadOwnProbe, loadProbe } from "./load-probe.ts";
import { patternFault } from "./pattern-cost.ts";
import { readUri } from "./read-uri.ts";
import type { Place, Reader } from "./reader.ts";

/** @param probe how those are probed that have nothing of their own */
/** A fault needn't name thousands. */
const NAMES_TOLD_MAX = 20;

export function loadGateways(reader: Reader, place: Place, probe: ProbeSettings): Gateway[] {
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

/** The file's `gateway_probe`; no status of a gateway is dead. */
export function loadGatewayProbe(reader: Reader, fields: Fields<"">): ProbeSettings {
  return loadProbe(reader, fields.get("gateway_probe"), "gateway_probe", []);
}

/** What concerns all gateways together. */
export function loadGatewaySettings(
  reader: Reader,
  fields: Fields<"">,
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
  const fields = longFormOf(reader, item, "gateways");
  const where = fields.isThere ? fields.required("uri", "sip:10.10.1.3", (found) => found) : item;
  const uri = where === undefined ? undefined : readUri(reader, where, "sip:10.10.1.3");
  const gateway = {
    name: fields.optional("name", (found) => loadName(reader, found)),
    priority: fields.count("priority"),
    weight: fields.count("weight"),
    channels: fields.count("channels"),
    isTrusted: fields.flag("trusted"),
    probe: fields.optional("probe", (found) => loadOwnProbe(reader, found, "gateways.probe", common, [])) ?? common,
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
  const fields = fieldsOf(reader, place, "gateways.rewrite");
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
    const fields = fieldsOf(reader, item, branch);
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
    const fields = fieldsOf(reader, entry, "carriers.NAME");
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
