/** One Via value: RFC 3261 §20.42, with rport of RFC 3581. */
import { canonicalAddress } from "../base/ip-range.ts";
import { COLON, COMMA, EQUALS, isSpace, parseDecimal, QUOTE, SEMICOLON, skipQuoted, skipSpace } from "./text.ts";

/** RFC 3261 §8.1.1.7: a branch with this cookie identifies its transaction. */
export const MAGIC_COOKIE = "z9hG4bK";

export interface Via {
  /** Where the value stands in its message: [start, end). */
  readonly start: number;
  readonly end: number;
  /** Upper case: UDP, TCP, TLS. */
  readonly transport: string;
  /** sent-by: canonical, IPv6 without brackets; 0 when it names no port. */
  readonly host: string;
  readonly port: number;
  readonly branch: string;
  readonly received: string | undefined;
  readonly maddr: string | undefined;
  /** undefined: no rport; -1: rport without a value. */
  readonly rport: number | undefined;
  /** Where the text "rport" ends, when it has no value. */
  readonly rportEnd: number;
}

/** Reads the Via value at `start`, which ends at a comma or at `end`. Undefined when it is malformed. */
export function parseVia(wire: string, start: number, end: number): Via | undefined {
  const transportStart = skipProtocol(wire, start, end);
  if (transportStart < 0) return undefined;
  const transportEnd = skipToken(wire, transportStart, end);
  const hostStart = skipSpace(wire, transportEnd, end);
  const hostEnd = wire[hostStart] === "[" ? wire.indexOf("]", hostStart) + 1 : skipToken(wire, hostStart, end);
  if (hostEnd <= hostStart || hostEnd > end || hostStart === transportEnd) return undefined;

  let position = skipSpace(wire, hostEnd, end);
  let port = 0;
  if (position < end && wire.charCodeAt(position) === COLON) {
    const portStart = skipSpace(wire, position + 1, end);
    const portEnd = skipToken(wire, portStart, end);
    port = parseDecimal(wire.slice(portStart, portEnd), 65_535);
    if (port <= 0) return undefined;
    position = skipSpace(wire, portEnd, end);
  }

  let branch = "";
  let received: string | undefined;
  let maddr: string | undefined;
  let rport: number | undefined;
  let rportEnd = 0;
  while (position < end && wire.charCodeAt(position) === SEMICOLON) {
    const nameStart = skipSpace(wire, position + 1, end);
    const nameEnd = skipToken(wire, nameStart, end);
    let value = "";
    position = skipSpace(wire, nameEnd, end);
    if (position < end && wire.charCodeAt(position) === EQUALS) {
      const valueStart = skipSpace(wire, position + 1, end);
      const valueEnd = skipValue(wire, valueStart, end);
      value = wire.slice(valueStart, valueEnd);
      position = skipSpace(wire, valueEnd, end);
    }
    switch (nameEnd - nameStart) {
      case 5:
        if (isName(wire, nameStart, "rport")) {
          rport = value === "" ? -1 : parseDecimal(value, 65_535);
          rportEnd = nameEnd;
        } else if (isName(wire, nameStart, "maddr")) {
          maddr = value;
        }
        break;
      case 6:
        if (isName(wire, nameStart, "branch")) branch = value;
        break;
      case 8:
        if (isName(wire, nameStart, "received")) received = value;
        break;
      default:
    }
  }
  if (position < end && wire.charCodeAt(position) !== COMMA) return undefined;
  const host = wire.slice(hostStart, hostEnd);
  return {
    start,
    end: position,
    transport: wire.slice(transportStart, transportEnd).toUpperCase(),
    host: canonicalAddress(host.startsWith("[") ? host.slice(1, -1) : host),
    port,
    branch,
    received,
    maddr,
    rport,
    rportEnd,
  };
}

/** The position behind "SIP/2.0/", white space around the slashes allowed; -1 when it is something else. */
function skipProtocol(wire: string, start: number, end: number): number {
  if (wire.startsWith("SIP/2.0/", start)) return skipSpace(wire, start + 8, end);
  let position = start;
  for (const part of ["sip", "2.0"]) {
    position = skipSpace(wire, position, end);
    if (wire.slice(position, position + part.length).toLowerCase() !== part) return -1;
    position = skipSpace(wire, position + part.length, end);
    if (wire[position] !== "/") return -1;
    position += 1;
  }
  return skipSpace(wire, position, end);
}

function skipToken(wire: string, start: number, end: number): number {
  let position = start;
  while (position < end) {
    const code = wire.charCodeAt(position);
    if (code === SEMICOLON || code === EQUALS || code === COMMA || code === COLON || isSpace(code)) break;
    position += 1;
  }
  return position;
}

/** A parameter's value: quoted, or up to the next ";" or ",". IPv6 addresses stand in it with their colons. */
function skipValue(wire: string, start: number, end: number): number {
  if (wire.charCodeAt(start) === QUOTE) return skipQuoted(wire, start, end);
  let position = start;
  while (position < end) {
    const code = wire.charCodeAt(position);
    if (code === SEMICOLON || code === COMMA || isSpace(code)) break;
    position += 1;
  }
  return position;
}

function isName(wire: string, start: number, name: string): boolean {
  for (let position = 0; position < name.length; position++) {
    if ((wire.charCodeAt(start + position) | 0x20) !== name.charCodeAt(position)) return false;
  }
  return true;
}
