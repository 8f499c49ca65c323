/** The file's `drill`: phones that are treated as in an outage now and then, on a schedule. */
import type { DrillPhones } from "../../policy/drilling.ts";
import { type DrillPlan, type DrillTime, WEEKDAYS } from "../drill-schedule.ts";
import { DRILL_MAX_ms } from "../drills.ts";
import { spell, spoken } from "./durations.ts";
import { fieldsOf } from "./fields.ts";
import { duration, list, mapping, number, type Rows, required, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import { loadName, numberFrom } from "./load-extensions.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  drill: mapping,
  "drill.phones": required(list(number), "[201, 202]"),
  "drill.for": duration("10m", "1s", spell(DRILL_MAX_ms)),
  "drill.at": required(list(text()), "Sun 05:00"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    drill: "A drill on a schedule.",
    "drill.phones": {
      kind: "list of extensions, or `all`",
      words:
        "The phones of the drill, by the extensions under which they register. `all` means every phone of `localnet`.",
    },
    "drill.for": "How long a drill lasts. It ends earlier by itself when there is trouble.",
    "drill.at": {
      kind: "time, or list of them",
      pattern: "^\\s*(?:[A-Za-z]{3}|\\d{1,2})?\\s*\\d\\d:\\d\\d\\s*$",
      words:
        "When a drill begins, by the router's clock and time zone: `05:00` each day, `Sun 05:00` each week, `15 05:00` on a day of the month from 1 to 28. If a drill can't begin, branchline skips it, and the log says why.",
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    drill: {
      about:
        "A schedule of [drills](drill.md): branchline treats chosen phones as in an outage, while upstream works. Both files of a pair may have the same one: the router that has the shared addresses begins the drill. With `cluster.mode: anycast` there are no drills.",
      example: "emergency: [112]\ndrill: {phones: [201, 202], at: Sun 05:00}",
    },
  };
}

export const DRILL = section(KEYS, (reader, top) => loadDrill(reader, top.get("drill")), says);

/** Undefined: there is no schedule. */
function loadDrill(reader: Reader, place: Place | undefined): DrillPlan | undefined {
  if (place === undefined) return undefined;
  const fields = fieldsOf(reader, place, KEYS, "drill");
  const phones = fields.required("phones", (found) => loadPhones(reader, found)) ?? [];
  const at = fields.required("at", (found) => loadTimes(reader, found)) ?? [];
  return { phones, for_ms: fields.duration_ms("for"), at };
}

function loadPhones(reader: Reader, place: Place): DrillPhones {
  const items = reader.items(place);
  if (items.length === 0) reader.fault(place, "is empty; name a phone, or write all");
  const names = items.flatMap((item) => {
    const name = loadName(reader, item);
    if (name !== undefined) numberFrom(reader, item, name);
    return name ?? [];
  });
  return names.length === 1 && names[0] === "all" ? "all" : names;
}

function loadTimes(reader: Reader, place: Place): DrillTime[] {
  const items = reader.items(place);
  if (items.length === 0) reader.fault(place, "is empty; name a time, such as Sun 05:00");
  return items.flatMap((item) => loadTime(reader, item) ?? []);
}

const TIME = /^(?:([A-Za-z]{3}|\d{1,2}) +)?((?:[01]\d|2[0-3]):[0-5]\d)$/;
/** Each month has it. */
const MONTH_DAYS = 28;

function loadTime(reader: Reader, place: Place): DrillTime | undefined {
  const example = "a time of day, such as 05:00, Sun 05:00 or 15 05:00";
  const written = reader.text(place, example)?.trim();
  if (written === undefined) return undefined;
  const [, day, time] = TIME.exec(written) ?? [];
  const weekday = WEEKDAYS.find((one) => one.toLowerCase() === day?.toLowerCase());
  const date = Number(day);
  if (time !== undefined && day === undefined) return { time, day };
  if (time !== undefined && weekday !== undefined) return { time, day: weekday };
  if (time !== undefined && date >= 1 && date <= MONTH_DAYS) return { time, day: date };
  reader.fault(place, `"${written}" must be ${example}, on a day from 1 to ${MONTH_DAYS}`);
  return undefined;
}

function says(plan: DrillPlan | undefined): readonly string[] {
  if (plan === undefined) return [];
  const { phones, at, for_ms } = plan;
  const who = phones === "all" ? "all phones" : phones.join(", ");
  const times = at.map(({ day, time }) => (day === undefined ? time : `${day} ${time}`));
  return [`On a schedule (${times.join(", ")}), a drill of ${who} for ${spoken(for_ms)}.`];
}
