/** Where the body ends (RFC 3261 §18.3, §20.14). */
import { CONTENT_LENGTH } from "./header-names.ts";
import { readValue } from "./locate-fields.ts";
import type { FieldTable } from "./message.ts";
import { isSpace, NUL, parseDecimal, SPACE } from "./text.ts";

/** What Content-Length says; -1: something malformed; undefined: there is none. */
export function announcedLength(wire: string, fields: FieldTable): number | undefined {
  if (fields.firsts[CONTENT_LENGTH] === -1) return undefined;
  return parseDecimal(readValue(wire, fields, CONTENT_LENGTH), Number.MAX_SAFE_INTEGER);
}

/**
 * The wire text as far as it is the message: octets behind the announced length are not part of it.
 * @param length see {@link announcedLength}
 */
export function withoutExcess(wire: string, fields: FieldTable, length: number | undefined): string {
  if (length === undefined) return withoutTrailingNul(wire, fields);
  return fields.bodyStart + length < wire.length ? wire.slice(0, fields.bodyStart + length) : wire;
}

/**
 * Without a Content-Length, NUL behind the body is taken for the end of a C string, unless the body has other octets that
 * no text has.
 */
function withoutTrailingNul(wire: string, { bodyStart }: FieldTable): string {
  let end = wire.length;
  while (end > bodyStart && wire.charCodeAt(end - 1) === NUL) end -= 1;
  if (end === wire.length) return wire;
  for (let position = bodyStart; position < end; position++) {
    const code = wire.charCodeAt(position);
    if (code < SPACE && !isSpace(code)) return wire;
  }
  return wire.slice(0, end);
}
