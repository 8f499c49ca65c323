/** Where each header field of a message stands (RFC 3261 §7.3): one pass, nothing is read yet. */
import { headerId, IDENTIFIERS, OTHER } from "./header-names.ts";
import { HEADER_FIELDS_MAX } from "./limits.ts";
import { type FieldTable, PLACES_PER_FIELD } from "./message.ts";
import { CR, LF, SPACE, skipSpace, TAB, trimEnd } from "./text.ts";

const NO_FIELDS: readonly number[] = new Array<number>(IDENTIFIERS).fill(-1);

/**
 * Finds every header field; a line without a colon gets identifier -1 and makes the message faulty. Behind the first
 * field too many it stops: such a message is refused, and must not cost more than others.
 */
export function locateFields(wire: string, start: number): FieldTable {
  const places: number[] = [];
  const firsts = NO_FIELDS.slice();
  let position = start;
  while (position < wire.length) {
    if (places.length > HEADER_FIELDS_MAX * PLACES_PER_FIELD) {
      return { places, firsts, start, end: position, bodyStart: wire.length };
    }
    const code = wire.charCodeAt(position);
    if (code === LF) return { places, firsts, start, end: position, bodyStart: position + 1 };
    if (code === CR && wire.charCodeAt(position + 1) === LF) {
      return { places, firsts, start, end: position, bodyStart: position + 2 };
    }
    const next = nextField(wire, position);
    const colon = wire.indexOf(":", position);
    if (colon < 0 || colon >= next) {
      places.push(-1, position, position, trimEnd(wire, position, next));
    } else {
      const nameEnd = trimEnd(wire, position, colon);
      const id = headerId(wire, position, nameEnd);
      const valueEnd = trimEnd(wire, colon + 1, next);
      if (id !== OTHER && firsts[id] === -1) firsts[id] = places.length / PLACES_PER_FIELD;
      places.push(id, position, skipSpace(wire, colon + 1, valueEnd), valueEnd);
    }
    position = next;
  }
  return { places, firsts, start, end: wire.length, bodyStart: wire.length };
}

/** Whether the empty line behind the header fields is missing. */
export function hasNoEnd(fields: FieldTable): boolean {
  return fields.end === fields.bodyStart;
}

/** The value of the first field with this identifier; "" without one. */
export function readValue(wire: string, fields: FieldTable, id: number): string {
  const place = (fields.firsts[id] ?? -1) * PLACES_PER_FIELD;
  return place < 0 ? "" : wire.slice(fields.places[place + 2], fields.places[place + 3]);
}

/** Where the field behind the one at `start` begins: a line that begins with white space goes on with the last. */
function nextField(wire: string, start: number): number {
  let position = start;
  for (;;) {
    const lineFeed = wire.indexOf("\n", position);
    if (lineFeed < 0) return wire.length;
    position = lineFeed + 1;
    const code = wire.charCodeAt(position);
    if (code !== SPACE && code !== TAB) return position;
  }
}
