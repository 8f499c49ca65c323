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
  let repeated = 0;
  let isPlain = wire.indexOf("\r") === start - 2;
  let position = start;
  while (position < wire.length && places.length <= HEADER_FIELDS_MAX * PLACES_PER_FIELD) {
    const code = wire.charCodeAt(position);
    if (code === LF || (code === CR && wire.charCodeAt(position + 1) === LF)) break;
    const lineFeed = wire.indexOf("\n", position);
    const next = fieldEnd(wire, lineFeed);
    isPlain = isPlain && lineFeed === next - 1 && wire.indexOf("\r", position) === lineFeed - 1;
    const end = isPlain ? lineFeed - 1 : next;
    const colon = wire.indexOf(":", position);
    if (colon < 0 || colon >= next) {
      isPlain = false;
      places.push(-1, position, position, trimEnd(wire, position, end));
    } else {
      const id = placeField(wire, position, colon, end, places);
      if (firsts[id] !== -1) repeated |= 1 << id;
      else if (id !== OTHER) firsts[id] = places.length / PLACES_PER_FIELD - 1;
    }
    position = next;
  }
  isPlain = isPlain && wire.charCodeAt(position) !== LF;
  return { places, firsts, repeated, isPlain, start, end: position, bodyStart: afterEmptyLine(wire, position) };
}

/**
 * Puts a line with a colon behind the others. Most names and values have no white space around them but for one blank: they need no
 * call for each end.
 * @returns the identifier of the field
 */
function placeField(wire: string, start: number, colon: number, end: number, places: number[]): number {
  const nameEnd = wire.charCodeAt(colon - 1) > SPACE ? colon : trimEnd(wire, start, colon);
  const valueEnd = end > colon + 1 && wire.charCodeAt(end - 1) > SPACE ? end : trimEnd(wire, colon + 1, end);
  const second = colon + 2;
  const isUsual = second < valueEnd && wire.charCodeAt(colon + 1) === SPACE && wire.charCodeAt(second) > SPACE;
  const id = headerId(wire, start, nameEnd);
  places.push(id, start, isUsual ? second : skipSpace(wire, colon + 1, valueEnd), valueEnd);
  return id;
}

/** Where the body starts, behind the empty line at `position`; without one nowhere. */
function afterEmptyLine(wire: string, position: number): number {
  if (wire.charCodeAt(position) === LF) return position + 1;
  return wire.startsWith("\r\n", position) ? position + 2 : wire.length;
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

/** Where the next field begins, behind one whose first line ends at `lineFeed`: a line that begins with white space goes on with it. */
function fieldEnd(wire: string, lineFeed: number): number {
  let end = lineFeed;
  while (end >= 0) {
    const code = wire.charCodeAt(end + 1);
    if (code !== SPACE && code !== TAB) return end + 1;
    end = wire.indexOf("\n", end + 1);
  }
  return wire.length;
}
