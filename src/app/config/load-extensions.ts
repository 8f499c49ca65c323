/** The file's `extensions`: which numbers mean phones of this site. */

import { plainNumber } from "../../policy/dialled-number.ts";
import type { ExtensionSettings, Forward } from "../../policy/site.ts";
import { fieldsOf } from "./fields.ts";
import { count, duration, list, names, number, type Rows } from "./key-kinds.ts";
import { ABOVE, type WordsOf } from "./key-words.ts";
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
    "extensions.aliases": { default: "none", words: 'number → extension: `{"5550100": "201"}`' },
    "extensions.aliases.NAME": ABOVE,
    "extensions.prefixes": {
      default: "none",
      words: 'what the outside dials before an extension: with `["5550"]`, 5550201 is 201',
    },
    "extensions.suffix_digits": {
      default: "off",
      words:
        "of two numbers of which one ends with the other, the shorter at least so long, both mean one phone; off, because 112 ends 4112 too",
    },
    "extensions.forward": {
      default: "none",
      words: "extension → `{busy: NUMBER, no_answer: NUMBER}`, another extension or an outside number",
    },
    "extensions.forward.NAME.busy": ABOVE,
    "extensions.forward.NAME.no_answer": ABOVE,
    "extensions.ring": "how long an extension rings in an outage",
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
  return text === undefined ? undefined : plainNumber(text);
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
    if (value !== undefined) map.set(plainNumber(entry.key), value);
  }
  return map;
}
