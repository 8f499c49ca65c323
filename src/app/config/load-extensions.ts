/** The file's `extensions`: which numbers mean phones of this site. */
import type { ExtensionSettings, Forward } from "../../policy/site.ts";
import { EXTENSIONS } from "./config.ts";
import { type Place, type Reader, SECOND_ms } from "./reader.ts";

export function loadExtensions(reader: Reader, place: Place | undefined): ExtensionSettings {
  const keys = ["aliases", "prefixes", "suffix_digits", "forward", "ring"];
  const fields = place === undefined ? undefined : reader.fields(place, keys);
  const aliases = reader.optional(fields, "aliases", (found) => loadMap(reader, found, loadNumber));
  const prefixes = reader.optional(fields, "prefixes", (found) =>
    reader.items(found).flatMap((item) => loadNumber(reader, item) ?? []),
  );
  return {
    aliases: aliases ?? EXTENSIONS.aliases,
    prefixes: prefixes ?? EXTENSIONS.prefixes,
    suffix_digits:
      reader.optional(fields, "suffix_digits", (found) => reader.count(found, 2, 20)) ?? EXTENSIONS.suffix_digits,
    forwards: reader.optional(fields, "forward", (found) => loadMap(reader, found, loadForward)) ?? EXTENSIONS.forwards,
    ring_ms: reader.duration(fields, "ring", SECOND_ms, 180 * SECOND_ms) ?? EXTENSIONS.ring_ms,
  };
}

/** A number as a phone may dial it, or an extension. */
export function loadNumber(reader: Reader, place: Place): string | undefined {
  const text = reader.text(place, 'a number or an extension, such as "201"');
  if (text === undefined || /^[\w.+*#-]+$/.test(text)) return text;
  reader.fault(place, `"${text}" is no number or extension; write it like "201" or "+15550100"`);
  return undefined;
}

function loadForward(reader: Reader, place: Place): Forward {
  const fields = reader.fields(place, ["busy", "no_answer"]);
  return {
    busy: reader.optional(fields, "busy", (found) => loadNumber(reader, found)),
    noAnswer: reader.optional(fields, "no_answer", (found) => loadNumber(reader, found)),
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
    if (value !== undefined) map.set(entry.key, value);
  }
  return map;
}
