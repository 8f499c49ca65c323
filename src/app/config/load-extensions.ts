/** The file's `extensions`: which numbers mean phones of this site. */

import { plainNumber } from "../../policy/dialled-number.ts";
import type { ExtensionSettings, Forward } from "../../policy/site.ts";
import { fieldsOf } from "./fields.ts";
import { count, duration, list, names, number, type Rows } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  "extensions.aliases": names,
  "extensions.aliases.NAME": number,
  "extensions.prefixes": list(number),
  "extensions.suffix_digits": count(undefined, 2, 20),
  "extensions.forward": names,
  "extensions.forward.NAME.busy": number,
  "extensions.forward.NAME.no_answer": number,
  "extensions.ring": duration("60s", "1s", "180s"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    "extensions.aliases": { default: "none", words: "Other numbers of an extension: number, then extension." },
    "extensions.aliases.NAME": "The extension that the number NAME means.",
    "extensions.prefixes": {
      default: "none",
      words: "Digits that callers from outside dial before an extension. With `5550`, 5550201 means 201.",
    },
    "extensions.suffix_digits": {
      default: "off",
      words:
        "For a site whose phones are registered by long numbers, such as 5550201, and dial short numbers, such as 201. In an outage, a number that a phone dials also means a registered phone if one of the two numbers ends with the other. The shorter number must have at least `suffix_digits` digits. If phones are registered as 201, use `prefixes`: `suffix_digits: 3` would let every outside number that ends with 201 ring that phone. This key doesn't count for calls from a gateway; `aliases` and `prefixes` do.",
    },
    "extensions.forward": {
      default: "none",
      words: "Call forwards in an outage: extension, then a mapping with the keys below.",
    },
    "extensions.forward.NAME.busy": {
      default: "none",
      words:
        "Where a call for extension NAME goes when the extension is busy: another extension, a hunt group or an outside number.",
    },
    "extensions.forward.NAME.no_answer": {
      default: "none",
      words: "Where a call for extension NAME goes when the extension doesn't answer.",
    },
    "extensions.ring": "How long an extension rings in an outage.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    extensions: {
      about:
        "The numbers that mean phones of this site. They count for calls in an outage and, except `suffix_digits`, for calls from a gateway. Registered extensions need no entry.",
      example: `extensions:
  aliases: {"5550100": "201"}
  prefixes: ["5550"]
  forward:
    "201": {busy: "202", no_answer: "+15550199"}`,
    },
  };
}

export const EXTENSIONS = section(KEYS, (reader, top) => loadExtensions(reader, top.get("extensions")));

function loadExtensions(reader: Reader, place: Place | undefined): ExtensionSettings {
  const fields = fieldsOf(reader, place, KEYS, "extensions");
  const prefixes = fields.optional("prefixes", (found) =>
    reader.items(found).flatMap((item) => loadNumber(reader, item) ?? []),
  );
  return {
    aliases: fields.optional("aliases", (found) => loadMap(reader, found, loadNumber)) ?? new Map(),
    prefixes: prefixes ?? [],
    suffix_digits: fields.count("suffix_digits"),
    forwards: fields.optional("forward", (found) => loadMap(reader, found, loadForward)) ?? new Map(),
    ring_ms: fields.duration_ms("ring"),
  };
}

/** A number as a phone may dial it, or an extension: plain, as dialled numbers are compared. */
export function loadNumber(reader: Reader, place: Place): string | undefined {
  const text = loadName(reader, place);
  return text === undefined ? undefined : numberFrom(reader, place, text);
}

/** "11x", "_2XX.", "xx#": as other products write that any digit may stand there. */
const WILDCARD = /^(_[\dxzn.!]+|[\d+*#]*\d[*#]*x[\dx*]*[#.]?|x+#?)$/i;
const RANGE = /^(\d{2,5})-(\d{2,5})$/;
/** Numbers that a person would write so. */
const RANGE_MAX = 1_000;

/**
 * The plain number of a text of the file, a value or a key of the administrator's own. No number is a pattern here: what can only be
 * one is a fault, and what may be a number too, a hint.
 */
export function numberFrom(reader: Reader, place: Place, text: string): string {
  const number = plainNumber(text);
  if (WILDCARD.test(text)) {
    reader.fault(
      place,
      `"${text}" is a pattern, and x stands for no digit here; write each number, of a prefix its digits`,
    );
    return number;
  }
  const [, first = "", last = ""] = RANGE.exec(text) ?? [];
  const count = Number(last) - Number(first);
  if (first.length === last.length && count > 0 && count < RANGE_MAX)
    reader.fault(place, `"${text}" is the number ${number}, and no range; write each number`, reader.hints);
  if (/^\+?\d+[*#]$|^[*#]$/.test(text)) {
    const key = text.slice(-1);
    reader.fault(
      place,
      `"${key}" in "${text}" is the key that a phone dials, and no pattern; a prefix needs none`,
      reader.hints,
    );
  }
  return number;
}

/** The same as it stands there, for a name. */
export function loadName(reader: Reader, place: Place): string | undefined {
  const text = reader.text(place, 'a number or an extension, such as "201"');
  if (text === undefined || /^[\w.+*#-]+$/.test(text)) return text;
  reader.fault(place, `"${text}" is no number or extension; write it like "201" or "+15550100"`);
  return undefined;
}

function loadForward(reader: Reader, place: Place): Forward {
  const fields = fieldsOf(reader, place, KEYS, "extensions.forward.NAME");
  return {
    busy: fields.optional("busy", (found) => loadNumber(reader, found)),
    noAnswer: fields.optional("no_answer", (found) => loadNumber(reader, found)),
  };
}

function loadMap<T>(
  reader: Reader,
  place: Place,
  load: (reader: Reader, place: Place) => T | undefined,
): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const entry of reader.entries(place)) {
    const value = load(reader, entry.place);
    if (value !== undefined) map.set(numberFrom(reader, entry.place, entry.key), value);
  }
  return map;
}
