/** The file's `emergency`: a list of numbers, or a mapping; and what of the rest of the file stands in its way. */
import type { EmergencySettings, Site } from "../../policy/site.ts";
import { longFormOf, type Places } from "./fields.ts";
import { count, duration, flag, list, number, type Rows, required } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { loadNumber } from "./load-extensions.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  emergency: list(number),
  "emergency.numbers": required(list(number), '["112"]'),
  "emergency.prefixes": list(number, ["0", "9"]),
  "emergency.reserve": count(0, 0, 1_000),
  "emergency.preempt": flag(false),
  // An hour is what PSAPs and the products around take for a call back.
  "emergency.callback": duration("60m", "0s", "24h"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    emergency: {
      default: "none",
      words: "The numbers, or a mapping with the keys below. `[]` means that there are none.",
    },
    "emergency.numbers": "The numbers, as they are dialled. `urn:service:sos` (RFC 5031) dials the first of them.",
    "emergency.prefixes":
      "The digits that phones dial before an outside number. With `0`, 0112 is an emergency call too, and the gateway gets 112. A phone, an alias or a group of that number keeps its calls. `[]` means no prefix. A site that dials only 0 writes `[0]`, so that 9112 is no emergency call. For digits that the gateway needs before a number, use `gateways.rewrite`.",
    "emergency.reserve":
      "The number of channels, of all gateways together, that ordinary outgoing calls must leave free. Each gateway must have `channels`.",
    "emergency.preempt":
      "`true` ends the youngest ordinary call when the gateways have no channel left, by branchline's count or by their answer (486, 500, 503, 600). Both sides get BYE. branchline does this at most once in 30 s for each caller.",
    "emergency.callback":
      "For this time after an emergency call, calls from the gateway also ring the phone that called for help, and don't go to upstream first. branchline remembers this across a restart. `0s` switches this off, also for phones that have called already. Any other new value counts from the next emergency call.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    emergency: {
      about:
        "Emergency numbers. A call to an emergency number goes to the gateways in every state of upstream. When no gateway takes the call, it goes to upstream.",
      example: `emergency: ["112", "911"]`,
    },
  };
}

export const EMERGENCY = section(KEYS, (reader, top) => loadEmergency(reader, top.get("emergency")));

function loadEmergency(reader: Reader, place: Place | undefined): EmergencySettings {
  const fields = longFormOf(reader, place, KEYS, "emergency");
  const numbers = fields.required("numbers", (found) => loadNumbers(reader, found));
  const shortForm = place === undefined || fields.isThere ? undefined : loadNumbers(reader, place);
  return {
    numbers: numbers ?? shortForm ?? [],
    prefixes:
      fields.optional("prefixes", (found) => loadPrefixes(reader, found)) ??
      (KEYS["emergency.prefixes"].default ?? []).map(String),
    reserve: fields.count("reserve"),
    preempt: fields.flag("preempt"),
    callback_ms: fields.duration_ms("callback"),
  };
}

/** What would keep an emergency call from where it must go. */
export function checkEmergency(
  reader: Reader,
  fields: Places<"emergency" | "extensions" | "hunt_groups">,
  site: Site,
): void {
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

/** [] says that there are none on purpose. */
function loadNumbers(reader: Reader, place: Place): string[] {
  return reader.items(place).flatMap((item) => loadNumber(reader, item) ?? []);
}
