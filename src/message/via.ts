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
  /** Canonical, IPv6 without brackets though some write them (RFC 5118 §4.5); "=" and value stand at [receivedStart, receivedEnd). */
  readonly received: string | undefined;
  readonly receivedStart: number;
  readonly receivedEnd: number;
  readonly maddr: string | undefined;
  /** undefined: no rport; -1: rport without a value. */
  readonly rport: number | undefined;
  /** Where the text "rport" ends, when it has no value. */
  readonly rportEnd: number;
  /** There is a ";" without a parameter: malformed, yet it can be answered. */
  readonly hasEmptyParameter: boolean;
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
  const parameters = readParameters(wire, position, end);
  if (parameters.end < end && wire.charCodeAt(parameters.end) !== COMMA) return undefined;
  const host = wire.slice(hostStart, hostEnd);
  return {
    start,
    end: parameters.end,
    transport: wire.slice(transportStart, transportEnd).toUpperCase(),
    host: canonicalAddress(bare(host)),
    port,
    branch: parameters.branch,
    received: parameters.received,
    receivedStart: parameters.receivedStart,
    receivedEnd: parameters.receivedEnd,
    maddr: parameters.maddr,
    rport: parameters.rport,
    rportEnd: parameters.rportEnd,
    hasEmptyParameter: parameters.hasEmpty,
  };
}

interface ViaParameters {
  /** Where the parameters end. */
  end: number;
  branch: string;
  received: string | undefined;
  receivedStart: number;
  receivedEnd: number;
  maddr: string | undefined;
  rport: number | undefined;
  rportEnd: number;
  hasEmpty: boolean;
}

function readParameters(wire: string, start: number, end: number): ViaParameters {
  const found: ViaParameters = {
    end: start,
    branch: "",
    received: undefined,
    receivedStart: 0,
    receivedEnd: 0,
    maddr: undefined,
    rport: undefined,
    rportEnd: 0,
    hasEmpty: false,
  };
  while (found.end < end && wire.charCodeAt(found.end) === SEMICOLON) {
    const nameStart = skipSpace(wire, found.end + 1, end);
    const nameEnd = skipToken(wire, nameStart, end);
    if (nameEnd === nameStart) found.hasEmpty = true;
    let value = "";
    let valueEnd = nameEnd;
    found.end = skipSpace(wire, nameEnd, end);
    if (found.end < end && wire.charCodeAt(found.end) === EQUALS) {
      const valueStart = skipSpace(wire, found.end + 1, end);
      valueEnd = skipValue(wire, valueStart, end);
      value = wire.slice(valueStart, valueEnd);
      found.end = skipSpace(wire, valueEnd, end);
    }
    note(found, wire.slice(nameStart, nameEnd), nameEnd, valueEnd, value);
  }
  return found;
}

function note(found: ViaParameters, name: string, nameEnd: number, valueEnd: number, value: string): void {
  switch (name.toLowerCase()) {
    case "branch":
      found.branch = value;
      break;
    case "rport":
      found.rport = readRport(value);
      found.rportEnd = nameEnd;
      break;
    case "received":
      found.received = canonicalAddress(bare(value));
      found.receivedStart = nameEnd;
      found.receivedEnd = valueEnd;
      break;
    case "maddr":
      found.maddr = value;
      break;
    default:
  }
}

/** An address without the brackets that IPv6 may have. */
function bare(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/**
 * The position behind "SIP/2.0/", white space around the slashes allowed; -1 when it is something else. Any version
 * will do: it is the request line's that decides, and 505 must find its way back.
 */
function skipProtocol(wire: string, start: number, end: number): number {
  if (wire.startsWith("SIP/2.0/", start)) return skipSpace(wire, start + 8, end);
  const nameStart = skipSpace(wire, start, end);
  if (wire.slice(nameStart, nameStart + 3).toLowerCase() !== "sip") return -1;
  const versionStart = skipSlash(wire, nameStart + 3, end);
  let position = versionStart;
  while (position >= 0 && position < end && isVersion(wire.charCodeAt(position))) position += 1;
  return position > versionStart ? skipSlash(wire, position, end) : -1;
}

/** The position behind the slash at `start` and the white space around it; -1 when there is none. */
function skipSlash(wire: string, start: number, end: number): number {
  const slash = skipSpace(wire, start, end);
  return wire[slash] === "/" ? skipSpace(wire, slash + 1, end) : -1;
}

/** Digits and the dot between them. */
function isVersion(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2e;
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

/** -1 for one without a value; one that isn't a port is as good as none. */
function readRport(value: string): number | undefined {
  if (value === "") return -1;
  const port = parseDecimal(value, 65_535);
  return port > 0 ? port : undefined;
}
