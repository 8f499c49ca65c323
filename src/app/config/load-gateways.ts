/** The file's `gateways`, `gateway_choice`, `gateway_probe`, `carriers` and `max_call`. */
import { ipVersion } from "../../base/ip-range.ts";
import { hostText, type SipUri, uriPort } from "../../message/uri.ts";
import type { Carrier, Gateway, GatewayChoice, GatewaySettings, NumberRule } from "../../policy/site.ts";
import { GATEWAYS } from "./config.ts";
import { loadNumber } from "./load-extensions.ts";
import { loadProbe } from "./load-upstream.ts";
import { patternFault } from "./pattern-cost.ts";
import { readUri } from "./read-uri.ts";
import { type Fields, HOUR_ms, type Place, type Reader } from "./reader.ts";

const CHOICES: readonly GatewayChoice[] = ["weighted", "round-robin", "hash-call-id", "hash-from"];
const KEYS = ["uri", "name", "priority", "weight", "channels", "rewrite"];

export function loadGateways(reader: Reader, place: Place): Gateway[] {
  const gateways: Gateway[] = [];
  for (const item of reader.items(place)) {
    const gateway = loadGateway(reader, item);
    if (gateway === undefined) continue;
    const { uri, name } = gateway;
    if (gateways.some((one) => one.uri.host === uri.host && uriPort(one.uri) === uriPort(uri))) {
      reader.fault(item, `${uri.text} is listed twice; remove one`);
    } else if (gateways.some((one) => one.name === name)) {
      reader.fault(item, `is called ${name} like another; give each its own name`);
    } else {
      gateways.push(gateway);
    }
  }
  return gateways;
}

/** What concerns all gateways together. */
export function loadGatewaySettings(
  reader: Reader,
  fields: Fields | undefined,
  gateways: readonly Gateway[],
): GatewaySettings {
  const carriers = reader.optional(fields, "carriers", (place) => loadCarriers(reader, place, gateways));
  const probe = fields?.get("gateway_probe");
  return {
    choice: reader.optional(fields, "gateway_choice", (place) => reader.choice(place, CHOICES)) ?? GATEWAYS.choice,
    carriers: carriers ?? GATEWAYS.carriers,
    probe: loadProbe(reader, probe, GATEWAYS.probe),
    max_call_ms: reader.duration(fields, "max_call", 60_000, 24 * HOUR_ms) ?? GATEWAYS.max_call_ms,
  };
}

function loadGateway(reader: Reader, item: Place): Gateway | undefined {
  const isLong = reader.isMapping(item);
  const fields = isLong ? reader.fields(item, KEYS) : undefined;
  const where = isLong ? reader.required(fields, "uri", "sip:10.10.1.3", (found) => found) : item;
  const uri = where === undefined ? undefined : readUri(reader, where, "sip:10.10.1.3");
  const count = (key: string, least: number, most: number) =>
    reader.optional(fields, key, (found) => reader.count(found, least, most));
  const gateway = {
    name: reader.optional(fields, "name", (found) => loadNumber(reader, found)),
    priority: count("priority", 0, 1_000) ?? 1,
    weight: count("weight", 1, 1_000) ?? 1,
    channels: count("channels", 1, 10_000),
    ...loadRewrite(reader, fields?.get("rewrite")),
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
  const fields = place === undefined ? undefined : reader.fields(place, ["called", "calling"]);
  const rules = (key: string) => reader.optional(fields, key, (found) => loadRules(reader, found)) ?? [];
  return { called: rules("called"), calling: rules("calling") };
}

function loadRules(reader: Reader, place: Place): NumberRule[] {
  return reader.items(place).flatMap((item) => {
    const fields = reader.fields(item, ["match", "replace"]);
    const match = reader.required(fields, "match", '"^00"', (found) => loadPattern(reader, found));
    const replace = reader.required(fields, "replace", '"+"', (found) => reader.textOrEmpty(found));
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
  return reader.entries(place).map(({ key, place: entry }) => {
    const fields = reader.fields(entry, ["prefixes", "gateways"]);
    const prefixes = reader.required(fields, "prefixes", '["00"]', (found) =>
      reader.items(found).flatMap((item) => loadNumber(reader, item) ?? []),
    );
    const names = reader.required(fields, "gateways", `[${gateways[0]?.name ?? "10.10.1.3"}]`, (found) =>
      reader.items(found).flatMap((item) => loadGatewayName(reader, item, gateways) ?? []),
    );
    return { name: key, prefixes: prefixes ?? [], gateways: names ?? [] };
  });
}

function loadGatewayName(reader: Reader, place: Place, gateways: readonly Gateway[]): string | undefined {
  const name = reader.text(place, "the name of a gateway");
  if (name === undefined || gateways.some((gateway) => gateway.name === name)) return name;
  const known = gateways.map((gateway) => gateway.name).join(", ");
  reader.fault(place, `"${name}" is no gateway of this file; there are ${known === "" ? "none" : known}`);
  return undefined;
}
