/** The file's `emergency`: a list of numbers, or a mapping; and what of the rest of the file stands in its way. */
import type { EmergencySettings, Site } from "../../policy/site.ts";
import { type Fields, longFormOf } from "./fields.ts";
import { KEYS } from "./keys.ts";
import { loadNumber } from "./load-extensions.ts";
import type { Place, Reader } from "./reader.ts";

const PREFIXES = (KEYS["emergency.prefixes"].default ?? []).map(String);

export function loadEmergency(reader: Reader, place: Place | undefined): EmergencySettings {
  const fields = longFormOf(reader, place, "emergency");
  const numbers = fields.required("numbers", '["112"]', (found) => loadNumbers(reader, found));
  const shortForm = place === undefined || fields.isThere ? undefined : loadNumbers(reader, place);
  return {
    numbers: numbers ?? shortForm ?? [],
    prefixes: fields.optional("prefixes", (found) => loadPrefixes(reader, found)) ?? PREFIXES,
    reserve: fields.count("reserve"),
    preempt: fields.flag("preempt"),
    callback_ms: fields.duration_ms("callback"),
  };
}

/** What would keep an emergency call from where it must go. */
export function checkEmergency(reader: Reader, fields: Fields<"">, site: Site): void {
  const { emergency, gateways, extensions, huntGroups } = site;
  const place = fields.get("emergency");
  if (place === undefined) return;
  const unlimited = gateways.find(({ channels }) => channels === undefined);
  const channels = gateways.reduce((sum, gateway) => sum + (gateway.channels ?? 0), 0);
  if (emergency.reserve > 0 && unlimited !== undefined) {
    reader.fault(place, `reserve needs channels at each gateway; ${unlimited.name} has none`);
  } else if (emergency.reserve > 0 && emergency.reserve >= channels) {
    reader.fault(place, `reserve leaves no channel for ordinary calls: the gateways have ${channels}`);
  }
  const takers = [
    ...[...extensions.aliases.keys()].map((number) => ({ key: "extensions" as const, number })),
    ...huntGroups.map(({ name }) => ({ key: "hunt_groups" as const, number: name })),
  ];
  for (const { key, number } of takers) {
    const taken = emergency.numbers.includes(number) ? fields.get(key) : undefined;
    if (taken !== undefined) reader.fault(taken, `${number} is an emergency number; take it out of one of the two`);
  }
}

/** [] for a site whose phones dial nothing before an outside number. */
function loadPrefixes(reader: Reader, place: Place): string[] {
  return reader.items(place).flatMap((item) => loadNumber(reader, item) ?? []);
}

function loadNumbers(reader: Reader, place: Place): string[] {
  const items = reader.items(place);
  if (items.length === 0) reader.fault(place, 'is empty; name the numbers, such as ["112"], or leave the key out');
  return items.flatMap((item) => loadNumber(reader, item) ?? []);
}
