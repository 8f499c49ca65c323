/** Wire text → Request or Response in one pass; no input makes it throw (RFC 3261 §7, §16.3 item 1, §18.3). */

import { announcedLength, withoutExcess } from "./content-length.ts";
import {
  CALL_ID,
  CONTACT,
  CONTENT_LENGTH,
  CSEQ,
  FROM,
  MAX_FORWARDS,
  OTHER,
  P_ASSERTED_IDENTITY,
  PATH,
  PROXY_AUTHORIZATION,
  PROXY_REQUIRE,
  RECORD_ROUTE,
  ROUTE,
  SUPPORTED,
  TO,
  VIA,
} from "./header-names.ts";
import {
  CSEQ_MAX,
  HEADER_FIELDS_MAX,
  HEADER_MAX_CHARACTERS,
  LIST_VALUES_MAX,
  MESSAGE_MAX_CHARACTERS,
} from "./limits.ts";
import { hasNoEnd, locateFields, readValue } from "./locate-fields.ts";
import {
  type Essentials,
  type Fault,
  type FieldTable,
  PLACES_PER_FIELD,
  Request,
  type RequestLine,
  Response,
} from "./message.ts";
import { parseNameAddr } from "./name-addr.ts";
import { hasStrayControl } from "./stray-control.ts";
import { COMMA, CR, isSpace, parseDecimal, SPACE, skipSpace, unfolded } from "./text.ts";
import { MAGIC_COOKIE, parseVia, type Via } from "./via.ts";

/** Not a message, and nothing that could be answered. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly why: string;
}

/** Nothing but line ends: RFC 5626 §3.5.1, and what NAT-minded phones send. */
export interface KeepAlive {
  readonly kind: "keep-alive";
}

export type Parsed = Request | Response | Unreadable | KeepAlive;

const KEEP_ALIVE: KeepAlive = { kind: "keep-alive" };
const VERSION = "SIP/2.0";
/** White space and NUL before the start line are nothing (§7.5). */
const GAP = /^[ \t\r\n\0]+/;
const NOT_IN_URI = /[ \t\r\n<>]/;
/** Fields of which a message has at most one (§7.3.1). */
const SINGLE = [CALL_ID, CSEQ, FROM, TO, MAX_FORWARDS, CONTENT_LENGTH];
/** Those of them that it must have (§8.1.1), besides Via and Max-Forwards. */
const NEEDED = SINGLE.slice(0, 4);
const SINGLE_NAMES = ["Call-ID", "CSeq", "From", "To", "Max-Forwards", "Content-Length"];
/** The same with a bit for each identifier, which some of 32 and more share: every field of every message is looked up. */
const SINGLE_BITS = bitsOf(SINGLE);
/** Fields that we read value by value. */
const LIST_BITS = bitsOf([
  VIA,
  CONTACT,
  ROUTE,
  RECORD_ROUTE,
  PATH,
  SUPPORTED,
  PROXY_REQUIRE,
  PROXY_AUTHORIZATION,
  P_ASSERTED_IDENTITY,
]);

/** Reads one datagram, or one message that a stream was cut into. */
export function parse(wire: string): Parsed {
  if (wire.charCodeAt(0) <= SPACE && GAP.test(wire)) return parse(wire.replace(GAP, ""));
  if (wire === "") return KEEP_ALIVE;
  if (wire.length > MESSAGE_MAX_CHARACTERS) return unreadable("longer than a datagram");
  const lineFeed = wire.indexOf("\n");
  if (lineFeed < 0) return unreadable("no line end");
  const lineEnd = wire.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed;
  return wire.startsWith("SIP/")
    ? parseResponse(wire, lineEnd, lineFeed + 1)
    : parseRequest(wire, lineEnd, lineFeed + 1);
}

function parseResponse(wire: string, lineEnd: number, fieldsStart: number): Parsed {
  const statusStart = VERSION.length + 1;
  const status = parseDecimal(wire.slice(statusStart, statusStart + 3), 699);
  const behind = wire.charCodeAt(statusStart + 3);
  if (!wire.startsWith(`${VERSION} `) || status < 100) return unreadable("malformed status line");
  if (statusStart + 3 !== lineEnd && behind !== SPACE) return unreadable("malformed status line");
  const fields = locateFields(wire, fieldsStart);
  const essentials = readEssentials(wire, fields);
  const length = announcedLength(wire, fields);
  const fault = fieldFault(wire, fields, essentials, length);
  if (fault !== undefined) return unreadable(fault.reason);
  const topVia = readTopVia(wire, fields);
  if (topVia === undefined) return unreadable("malformed Via");
  return new Response(withoutExcess(wire, fields, length), fields, topVia, essentials, status);
}

function parseRequest(wire: string, lineEnd: number, fieldsStart: number): Parsed {
  const methodEnd = wire.indexOf(" ");
  if (methodEnd <= 0 || methodEnd > lineEnd) return unreadable("neither a request nor a response");
  const versionStart = wire.lastIndexOf(" ", lineEnd - 1) + 1;
  const method = wire.slice(0, methodEnd);
  if (!isToken(method) || versionStart < methodEnd + 1) return unreadable("malformed request line");
  const line = { method, uriStart: methodEnd + 1, uriEnd: Math.max(versionStart - 1, methodEnd + 1) };
  const fields = locateFields(wire, fieldsStart);
  if (hasNoEnd(fields) && !wire.endsWith("\n")) return unreadable("cut off within a header field");
  const topVia = readTopVia(wire, fields);
  if (topVia === undefined) return unreadable("missing or malformed Via");
  const essentials = readEssentials(wire, fields);
  const length = announcedLength(wire, fields);
  const fault =
    requestLineFault(wire, line, wire.slice(versionStart, lineEnd)) ??
    fieldFault(wire, fields, essentials, length) ??
    viaFault(wire, fields, topVia) ??
    (essentials.cseqMethod === method ? undefined : badRequest("CSeq names another method"));
  const whole = fault === undefined ? withoutExcess(wire, fields, length) : wire;
  return new Request(whole, fields, topVia, essentials, line, fault);
}

function requestLineFault(wire: string, line: RequestLine, version: string): Fault | undefined {
  const versionIsKnown = version.toUpperCase() === VERSION;
  if (!versionIsKnown && /^SIP\/\d+\.\d+$/i.test(version)) return { status: 505, reason: "Version Not Supported" };
  if (!versionIsKnown || line.uriEnd <= line.uriStart) return badRequest("Malformed Request-Line");
  return NOT_IN_URI.test(wire.slice(line.uriStart, line.uriEnd)) ? badRequest("Malformed Request-URI") : undefined;
}

/**
 * What is wrong with the header fields that every message must have, and with the length of the body.
 * @param length see {@link announcedLength}
 */
function fieldFault(
  wire: string,
  fields: FieldTable,
  essentials: Essentials,
  length: number | undefined,
): Fault | undefined {
  const { firsts, repeated, isPlain } = fields;
  const excess = sizeFault(wire, fields);
  if (excess !== undefined) return excess;
  if (hasStrayControl(wire, fields)) return badRequest("Bare CR, LF or NUL in the header");
  const odd = isPlain && (repeated & SINGLE_BITS) === 0 ? undefined : oddField(fields);
  if (odd !== undefined) return odd;
  for (const id of NEEDED) if (firsts[id] === -1) return badRequest(`Missing ${nameOf(id)} header field`);
  if (essentials.cseqNumber < 0) return badRequest("Malformed CSeq");
  if (essentials.callId === "") return badRequest("Malformed Call-ID");
  if (essentials.from === undefined) return badRequest("Malformed From");
  if (essentials.to === undefined) return badRequest("Malformed To");
  return lengthFault(wire, fields, length);
}

/** The first field that is none, or that there must not be once more. */
function oddField({ places }: FieldTable): Fault | undefined {
  let singles = 0;
  for (let place = 0; place < places.length; place += PLACES_PER_FIELD) {
    const id = places[place] ?? OTHER;
    if (id === -1) return badRequest("Header field without a colon");
    const single = SINGLE.includes(id) ? 1 << id : 0;
    if ((singles & single) !== 0) return badRequest(`Several ${nameOf(id)} header fields`);
    singles |= single;
  }
  return undefined;
}

/** Refuses what would cost more than others to read on. */
function sizeFault(wire: string, fields: FieldTable): Fault | undefined {
  if (fields.places.length / PLACES_PER_FIELD > HEADER_FIELDS_MAX) return badRequest("Too Many Header Fields");
  if (fields.end > HEADER_MAX_CHARACTERS) return { status: 513, reason: "Message Too Large" };
  return countValues(wire, fields) > LIST_VALUES_MAX ? badRequest("Too Many Values") : undefined;
}

/** How many values the lists have, or at least commas: those within quotes count too. */
function countValues(wire: string, { places }: FieldTable): number {
  let values = 0;
  for (let place = 0; place < places.length; place += PLACES_PER_FIELD) {
    const id = places[place] ?? OTHER;
    // Identifiers without a bit of their own are none of these.
    if (id > 31 || (LIST_BITS & (1 << id)) === 0) continue;
    const end = places[place + 3] ?? 0;
    let comma = places[place + 2] ?? 0;
    do {
      values += 1;
      comma = wire.indexOf(",", comma) + 1;
    } while (comma > 0 && comma < end && values <= LIST_VALUES_MAX);
  }
  return values;
}

/**
 * A branch that is nothing but the cookie would make one transaction of all such requests (RFC 4475 §3.2.1). A comma must
 * have a Via behind it (RFC 4475 §3.1.2.1).
 */
function viaFault(wire: string, fields: FieldTable, topVia: Via): Fault | undefined {
  const lineEnd = fields.places[(fields.firsts[VIA] ?? -1) * PLACES_PER_FIELD + 3] ?? topVia.end;
  const next = skipSpace(wire, topVia.end + 1, lineEnd);
  const endsWithComma = topVia.end < lineEnd && (next >= lineEnd || wire.charCodeAt(next) === COMMA);
  const isSound = topVia.branch !== MAGIC_COOKIE && !topVia.hasEmptyParameter && !endsWithComma;
  return isSound ? undefined : badRequest("Malformed Via");
}

/** §18.3: a body shorter than announced is refused. */
function lengthFault(wire: string, fields: FieldTable, length: number | undefined): Fault | undefined {
  if (hasNoEnd(fields)) return badRequest("No empty line behind the header fields");
  if (length === undefined) return undefined;
  if (length < 0) return badRequest("Malformed Content-Length");
  return length > wire.length - fields.bodyStart ? badRequest("Body shorter than Content-Length") : undefined;
}

function readTopVia(wire: string, fields: FieldTable) {
  const place = (fields.firsts[VIA] ?? -1) * PLACES_PER_FIELD;
  return place < 0 ? undefined : parseVia(wire, fields.places[place + 2] ?? 0, fields.places[place + 3] ?? 0);
}

/** The number of CSeq is -1 when its value is missing or malformed. */
function readEssentials(wire: string, fields: FieldTable): Essentials {
  const cseq = readValue(wire, fields, CSEQ);
  let digits = 0;
  while (digits < cseq.length && !isSpace(cseq.charCodeAt(digits))) digits += 1;
  const cseqMethod = cseq.slice(skipSpace(cseq, digits, cseq.length));
  return {
    callId: readValue(wire, fields, CALL_ID),
    cseqNumber: isToken(cseqMethod) ? parseDecimal(cseq.slice(0, digits), CSEQ_MAX) : -1,
    cseqMethod,
    from: parseNameAddr(unfolded(readValue(wire, fields, FROM))),
    to: parseNameAddr(unfolded(readValue(wire, fields, TO))),
  };
}

/** @param ids identifiers of header fields, less than 32 */
function bitsOf(ids: readonly number[]): number {
  return ids.reduce((bits, id) => bits | (1 << id), 0);
}

/** RFC 3261 §25.1: token. */
function isToken(text: string): boolean {
  if (text === "INVITE" || text === "ACK" || text === "BYE" || text === "REGISTER") return true;
  return /^[A-Za-z0-9.!%*_+`'~-]+$/.test(text);
}

function nameOf(id: number): string {
  return SINGLE_NAMES[SINGLE.indexOf(id)] ?? "";
}

function badRequest(reason: string): Fault {
  return { status: 400, reason };
}

function unreadable(why: string): Unreadable {
  return { kind: "unreadable", why };
}
