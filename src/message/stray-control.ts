/**
 * Control characters that other implementations would read otherwise than we do.
 *
 * A line end that isn't CRLF, or a NUL, ends a line for some and not for others: what they would read from the copy that
 * we forward is not what we have judged (RFC 3261 §25.1 knows neither): least of all the empty line behind the header,
 * where a stream is cut. A backslash makes control characters legal in quoted strings, and nowhere else; even there not CR
 * and LF (§25.1, quoted-pair).
 */
import {
  CALL_ID,
  CONTENT_LENGTH,
  CSEQ,
  EXPIRES,
  MAX_BREADTH,
  MAX_FORWARDS,
  PROXY_REQUIRE,
  SUPPORTED,
  TIMESTAMP,
} from "./header-names.ts";
import { type FieldTable, PLACES_PER_FIELD } from "./message.ts";
import { BACKSLASH, CR, GREATER, LESS, LF, NUL, QUOTE, SPACE, TAB } from "./text.ts";

const DELETE = 0x7f;
/** Fields in whose values a quotation mark is a character like any other (§25.1: word), or has no place. */
const UNQUOTED = [
  CALL_ID,
  CSEQ,
  MAX_FORWARDS,
  CONTENT_LENGTH,
  SUPPORTED,
  PROXY_REQUIRE,
  TIMESTAMP,
  EXPIRES,
  MAX_BREADTH,
];

/** Whether the start line or a header field has one. A first header line that goes on from none counts as well. */
export function hasStrayControl(wire: string, fields: FieldTable): boolean {
  const first = wire.charCodeAt(fields.start);
  if (first === SPACE || first === TAB) return true;
  return (!fields.isPlain && hasBareLineEnd(wire, fields.end)) || hasStrayEscape(wire, fields);
}

/** Whether the first line ends with LF alone: so do all of them then, since their writer knows no CRLF. */
export function isWrittenWithLf(wire: string): boolean {
  const end = wire.indexOf("\n");
  return end > 0 && wire.charCodeAt(end - 1) !== CR;
}

/** @param end where the empty line starts, which belongs to it */
function hasBareLineEnd(wire: string, end: number): boolean {
  return /\r(?!\n)|(?:^|[^\r])\n/.test(wire.slice(0, end + 2));
}

/** Looks closely at those lines alone that have NUL, or a backslash before a control character: hardly any. */
function hasStrayEscape(wire: string, { places, start, end }: FieldTable): boolean {
  if (!hasBefore(wire, "\\", end) && !hasBefore(wire, "\0", end)) return false;
  let suspect = nextSuspect(wire, 0, end);
  if (suspect < start && isStrayBetween(wire, 0, start, start)) return true;
  for (let place = 0; place < places.length && suspect < end; place += PLACES_PER_FIELD) {
    const lineStart = places[place + 1] ?? end;
    const lineEnd = places[place + PLACES_PER_FIELD + 1] ?? end;
    if (suspect >= lineEnd) continue;
    const quotesFrom = UNQUOTED.includes(places[place] ?? 0) ? lineEnd : (places[place + 2] ?? lineEnd);
    if (isStrayBetween(wire, lineStart, lineEnd, quotesFrom)) return true;
    suspect = nextSuspect(wire, lineEnd, end);
  }
  return false;
}

function hasBefore(wire: string, character: string, end: number): boolean {
  const position = wire.indexOf(character);
  return position >= 0 && position < end;
}

/** Where the first NUL, or backslash before a control character, at or behind `from` stands; `end` when none does. */
function nextSuspect(wire: string, from: number, end: number): number {
  for (let position = from; position < end; position++) {
    const code = wire.charCodeAt(position);
    if (
      code === NUL ||
      (code === BACKSLASH && isControl(wire.charCodeAt(position + 1)) && !endsField(wire, position + 1))
    ) {
      return position;
    }
  }
  return end;
}

/** @param quotesFrom where quoted strings may begin; before it, and in angle brackets, there are none */
function isStrayBetween(wire: string, start: number, end: number, quotesFrom: number): boolean {
  let position = start;
  let isInBrackets = false;
  let mayQuote = true;
  while (position < end) {
    const code = wire.charCodeAt(position);
    if (code === NUL || (code === BACKSLASH && isSmuggled(wire.charCodeAt(position + 1)))) return true;
    const opens = code === QUOTE && mayQuote && position >= quotesFrom && !isInBrackets;
    const close = opens ? closingQuote(wire, position, end) : -1;
    if (close > 0 && hasBadPair(wire, position, close)) return true;
    if (opens && close < 0) mayQuote = false;
    if (code === LESS) isInBrackets = true;
    else if (code === GREATER) isInBrackets = false;
    position = close > 0 ? close + 1 : position + 1;
  }
  return false;
}

/** A control character that a backslash must not stand before outside quotes. Behind it, a line may end or be folded. */
function isSmuggled(code: number): boolean {
  return isControl(code) && code !== TAB && code !== CR && code !== LF;
}

/** Whether a line end stands here that isn't folded: no quoted string goes on behind it. */
function endsField(wire: string, position: number): boolean {
  const next = wire.charCodeAt(position + 2);
  return wire.charCodeAt(position) === CR && wire.charCodeAt(position + 1) === LF && next !== SPACE && next !== TAB;
}

function isControl(code: number): boolean {
  return code < SPACE || code === DELETE;
}

/** Where the quoted string that opens at `start` closes; -1 when it doesn't: then it is none. */
function closingQuote(wire: string, start: number, end: number): number {
  for (let position = start + 1; position < end; position++) {
    const code = wire.charCodeAt(position);
    if (code === QUOTE) return position;
    if (code === BACKSLASH) position += 1;
  }
  return -1;
}

/** Whether a quoted string has a NUL without a backslash, or a backslash before CR or LF. */
function hasBadPair(wire: string, open: number, close: number): boolean {
  for (let position = open + 1; position < close; position++) {
    const code = wire.charCodeAt(position);
    if (code === NUL) return true;
    if (code !== BACKSLASH) continue;
    position += 1;
    const escaped = wire.charCodeAt(position);
    if (escaped === CR || escaped === LF) return true;
  }
  return false;
}
