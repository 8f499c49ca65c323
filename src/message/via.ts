/** One Via value: RFC 3261 §20.42, with rport of RFC 3581. */
import { canonicalAddress } from "../base/ip-range.ts";
import { memo } from "../base/memo.ts";
import { VIA_PARAMETERS_MAX } from "./limits.ts";
import { COMMA, parseDecimal } from "./text.ts";

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

const LWS = "[ \\t\\r\\n]*";
const WORD = "[^;=,: \\t\\r\\n]";
/**
 * "SIP/2.0/UDP host:port": transport, host and port. White space may stand around slashes and colon. Any version will do: it
 * is the request line's that decides, and 505 must find its way back.
 */
const SENT_BY = new RegExp(
  `^${LWS}[Ss][Ii][Pp]${LWS}/${LWS}[\\d.]+${LWS}/${LWS}(${WORD}+)[ \\t\\r\\n]+` +
    `(\\[[^\\]]*\\]|(?!\\[)${WORD}+)${LWS}(?::${LWS}(${WORD}*)${LWS})?`,
);
/**
 * ";name=value", "=" and the value may be missing: what precedes the name, the name, what precedes the value, the value. The value is
 * quoted, or goes up to the next ";" or ",": IPv6 addresses stand in it with their colons.
 */
const PARAMETER = new RegExp(
  `(;${LWS})(${WORD}*)(?:(${LWS}=${LWS})("(?:[^"\\\\]|\\\\[^]?)*"?|[^;, \\t\\r\\n]*))?${LWS}`,
  "y",
);

/** A Via that is being read. */
type Found = { -readonly [Key in keyof Via]: Via[Key] };

/** Reads the Via value at `start`, which ends at a comma or at `end`. Undefined when it is malformed. */
export function parseVia(wire: string, start: number, end: number): Via | undefined {
  const text = wire.slice(start, end);
  const semicolon = text.indexOf(";");
  const known = semicolon < 0 ? undefined : knownSentBy(text.slice(0, semicolon));
  const sentBy = known?.length === semicolon ? known : readSentBy(text);
  if (sentBy === undefined) return undefined;
  const found: Found = {
    start,
    end: start + sentBy.length,
    transport: sentBy.transport,
    host: sentBy.host,
    port: sentBy.port,
    branch: "",
    received: undefined,
    receivedStart: 0,
    receivedEnd: 0,
    maddr: undefined,
    rport: undefined,
    rportEnd: 0,
    hasEmptyParameter: false,
  };
  readParameters(text, found);
  return found.end < end && wire.charCodeAt(found.end) !== COMMA ? undefined : found;
}

/** What precedes the parameters of a Via, and how many characters that has. */
interface SentBy extends Pick<Via, "transport" | "host" | "port"> {
  readonly length: number;
}

function readSentBy(text: string): SentBy | undefined {
  const match = SENT_BY.exec(text);
  if (match === null) return undefined;
  // By index, here and below: taking an array apart costs more than reading it.
  const port = match[3] === undefined ? 0 : parseDecimal(match[3], 65_535) || -1;
  if (port < 0) return undefined;
  const transport = (match[1] as string).toUpperCase();
  return { transport, host: canonicalAddress(bare(match[2] as string)), port, length: match[0].length };
}

/** The same sender says the same each time, and so do we. */
const knownSentBy = memo(readSentBy);

/** @param text of the Via, whose parameters begin at `found.end` */
function readParameters(text: string, found: Found): void {
  PARAMETER.lastIndex = found.end - found.start;
  let left = VIA_PARAMETERS_MAX;
  for (let match = PARAMETER.exec(text); match !== null && left > 0; match = PARAMETER.exec(text)) {
    left -= 1;
    const name = match[2] as string;
    const value = match[4] ?? "";
    if (name === "") found.hasEmptyParameter = true;
    const nameEnd = found.end + (match[1] as string).length + name.length;
    note(found, name, nameEnd, nameEnd + (match[3] ?? "").length + value.length, value);
    found.end += match[0].length;
  }
}

function note(found: Found, name: string, nameEnd: number, valueEnd: number, value: string): void {
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

/** -1 for one without a value; one that isn't a port is as good as none. */
function readRport(value: string): number | undefined {
  if (value === "") return -1;
  const port = parseDecimal(value, 65_535);
  return port > 0 ? port : undefined;
}
