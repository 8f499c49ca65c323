/**
 * Scanning of wire text.
 *
 * Wire text is a string with one character per octet (0 to 255), so that it can be cut and joined without decoding:
 * what we don't change leaves as it came, in whichever encoding.
 */

export const NUL = 0x00;
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const BACKSLASH = 0x5c;

/** True for the characters of LWS, line folding included (RFC 3261 §25.1). */
export function isSpace(code: number): boolean {
  return code === SPACE || code === TAB || code === CR || code === LF;
}

export function skipSpace(wire: string, start: number, end: number): number {
  let position = start;
  while (position < end) {
    const code = wire.charCodeAt(position);
    // Most characters are none: without a call for each.
    if (code > SPACE || !isSpace(code)) break;
    position += 1;
  }
  return position;
}

/** A header field's value with its line folding undone (RFC 3261 §7.3.1). */
export function unfolded(value: string): string {
  return value.includes("\n") ? value.replace(/\r?\n[ \t]+/g, " ") : value;
}

/** The end of `start`…`end` without the white space before it. */
export function trimEnd(wire: string, start: number, end: number): number {
  let position = end;
  while (position > start) {
    const code = wire.charCodeAt(position - 1);
    if (code > SPACE || !isSpace(code)) break;
    position -= 1;
  }
  return position;
}

/** The position behind the quoted string that opens at `start`; `end` when it never closes. */
export function skipQuoted(wire: string, start: number, end: number): number {
  let position = start + 1;
  while (position < end) {
    const code = wire.charCodeAt(position);
    if (code === QUOTE) return position + 1;
    position += code === BACKSLASH ? 2 : 1;
  }
  return end;
}

/** Where the first `stop` outside quotes and angle brackets stands; `end` when there is none. */
export function findOutside(wire: string, start: number, end: number, stop: number): number {
  let position = start;
  while (position < end) {
    const code = wire.charCodeAt(position);
    if (code === stop) return position;
    if (code === QUOTE) {
      position = skipQuoted(wire, position, end);
    } else if (code === LESS && stop !== LESS) {
      const close = wire.indexOf(">", position);
      position = close < 0 || close >= end ? end : close + 1;
    } else {
      position += 1;
    }
  }
  return end;
}

/** The values of a list, trimmed; separated by commas if nothing else is said (RFC 3261 §7.3.1). */
export function splitList(value: string, separator = COMMA): string[] {
  const values: string[] = [];
  // Most lists have one value: without a look at each character.
  const isAlone = separator === COMMA && !value.includes(",");
  let start = 0;
  while (start <= value.length) {
    const end = isAlone ? value.length : findOutside(value, start, value.length, separator);
    const from = skipSpace(value, start, end);
    if (from < end) values.push(value.slice(from, trimEnd(value, from, end)));
    start = end + 1;
  }
  return values;
}

/** A decimal number of at most `limit`; -1 when the text isn't one. Leading zeros are legal. */
export function parseDecimal(text: string, limit: number): number {
  if (text.length === 0) return -1;
  let number = 0;
  for (let position = 0; position < text.length; position++) {
    const digit = text.charCodeAt(position) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
    if (number > limit) return -1;
  }
  return number;
}

/** Text of ours as wire text: UTF-8, one character per octet. */
export function toWire(text: string): string {
  let ascii = true;
  for (let position = 0; position < text.length && ascii; position++) ascii = text.charCodeAt(position) < 0x80;
  if (ascii) return text;
  const whole = text.replace(/[\uD800-\uDFFF]/gu, "\uFFFD"); // halves of surrogate pairs have no UTF-8
  return encodeURIComponent(whole).replace(/%([0-9A-F]{2})/g, (_, octet: string) =>
    String.fromCharCode(Number.parseInt(octet, 16)),
  );
}
