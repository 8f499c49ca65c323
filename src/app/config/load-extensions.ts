/** The file's `extensions`: which numbers mean phones of this site. */

import { plainNumber } from "../../policy/dialled-number.ts";
import type { ExtensionSettings, Forward } from "../../policy/site.ts";
import { fieldsOf } from "./fields.ts";
import type { Place, Reader } from "./reader.ts";

export function loadExtensions(reader: Reader, place: Place | undefined): ExtensionSettings {
  const fields = fieldsOf(reader, place, "extensions");
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
  const fields = fieldsOf(reader, place, "extensions.forward.NAME");
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
