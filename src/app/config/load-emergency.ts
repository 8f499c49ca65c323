/** The file's `emergency`: a list of numbers, or a mapping; and what of the rest of the file stands in its way. */
import type { EmergencySettings, Site } from "../../policy/site.ts";
import { EMERGENCY } from "./config.ts";
import { loadNumber } from "./load-extensions.ts";
import { type Fields, HOUR_ms, type Place, type Reader } from "./reader.ts";

export function loadEmergency(reader: Reader, place: Place | undefined): EmergencySettings {
  if (place === undefined) return EMERGENCY;
  if (!reader.isMapping(place)) return { ...EMERGENCY, numbers: loadNumbers(reader, place) };
  const fields = reader.fields(place, ["numbers", "reserve", "preempt", "callback"]);
  return {
    numbers: reader.required(fields, "numbers", '["112"]', (found) => loadNumbers(reader, found)) ?? [],
    reserve: reader.optional(fields, "reserve", (found) => reader.count(found, 0, 1_000)) ?? EMERGENCY.reserve,
    preempt: reader.flag(fields, "preempt") ?? EMERGENCY.preempt,
    callback_ms: reader.duration(fields, "callback", 0, 24 * HOUR_ms) ?? EMERGENCY.callback_ms,
  };
}

/** What would keep an emergency call from where it must go. */
export function checkEmergency(reader: Reader, fields: Fields, site: Site): void {
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
    ...[...extensions.aliases.keys()].map((number) => ({ key: "extensions", number })),
    ...huntGroups.map(({ name }) => ({ key: "hunt_groups", number: name })),
  ];
  for (const { key, number } of takers) {
    const taken = emergency.numbers.includes(number) ? fields.get(key) : undefined;
    if (taken !== undefined) reader.fault(taken, `${number} is an emergency number; take it out of one of the two`);
  }
}

function loadNumbers(reader: Reader, place: Place): string[] {
  const items = reader.items(place);
  if (items.length === 0) reader.fault(place, 'is empty; name the numbers, such as ["112"], or leave the key out');
  return items.flatMap((item) => loadNumber(reader, item) ?? []);
}
