/** The file's `emergency`: a list of numbers, or a mapping; and what of the rest of the file stands in its way. */
import type { EmergencySettings, Site } from "../../policy/site.ts";
import { longFormOf, type Places } from "./fields.ts";
import { count, duration, flag, list, number, type Rows } from "./key-kinds.ts";
import type { WordsOf } from "./key-words.ts";
import { loadNumber } from "./load-extensions.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  emergency: list(number),
  "emergency.numbers": list(number),
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
      words:
        'numbers, `["112", "911"]`, that go to the gateways in every state, and upstream when no gateway takes them; or a mapping with the next keys',
    },
    "emergency.prefixes":
      "what phones dial before an outside number: `0112` and `9911` are emergency calls too, unless that is the number of a phone, an alias or a group here, and the gateway gets 112 and 911; `[]`: nothing",
    "emergency.numbers": "as above, as they are dialled; `urn:service:sos` (RFC 5031) dials the first of them",
    "emergency.reserve":
      "so many channels of all gateways together are kept free of ordinary calls from here; needs `channels`",
    "emergency.preempt":
      "`true`: when the gateways have no channel left, by our count or by their word (486, 500, 503, 600), the youngest ordinary call is ended, both sides get BYE; at most one in 30 s for each caller",
    "emergency.callback":
      "so long after an emergency call has reached somebody, calls from that gateway ring the phone too that made it, and don't go to upstream first; kept over a restart; `0s`: off",
  };
}

export const EMERGENCY = section(KEYS, (reader, top) => loadEmergency(reader, top.get("emergency")));

function loadEmergency(reader: Reader, place: Place | undefined): EmergencySettings {
  const fields = longFormOf(reader, place, KEYS, "emergency");
  const numbers = fields.required("numbers", '["112"]', (found) => loadNumbers(reader, found));
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

function loadNumbers(reader: Reader, place: Place): string[] {
  const items = reader.items(place);
  if (items.length === 0) reader.fault(place, 'is empty; name the numbers, such as ["112"], or leave the key out');
  return items.flatMap((item) => loadNumber(reader, item) ?? []);
}
