/** Header field names as small numbers, compact forms included, so that a field is named once and then compared for free. */

export const OTHER = 0;
export const VIA = 1;
export const FROM = 2;
export const TO = 3;
export const CALL_ID = 4;
export const CSEQ = 5;
export const MAX_FORWARDS = 6;
export const ROUTE = 7;
export const RECORD_ROUTE = 8;
export const CONTACT = 9;
export const CONTENT_LENGTH = 10;
export const PATH = 11;
export const SUPPORTED = 12;
export const PROXY_REQUIRE = 13;
export const REASON = 14;
export const WWW_AUTHENTICATE = 15;
export const PROXY_AUTHENTICATE = 16;
export const PROXY_AUTHORIZATION = 17;
export const TIMESTAMP = 18;
export const EXPIRES = 19;
export const EVENT = 20;
export const SESSION_EXPIRES = 21;
export const P_ASSERTED_IDENTITY = 22;
export const MAX_BREADTH = 23;
export const REQUIRE = 24;
export const AUTHORIZATION = 25;
export const PRIVACY = 26;
export const P_PREFERRED_IDENTITY = 27;
export const REMOTE_PARTY_ID = 28;
export const IDENTITY = 29;
export const REPLACES = 30;
export const REFERRED_BY = 31;
/** How many identifiers there are, OTHER included. */
export const IDENTIFIERS = 32;

/** Identifier → lower-case names, the long one first. */
const NAMES: readonly (readonly [id: number, ...names: string[]])[] = [
  [VIA, "via", "v"],
  [FROM, "from", "f"],
  [TO, "to", "t"],
  [CALL_ID, "call-id", "i"],
  [CSEQ, "cseq"],
  [MAX_FORWARDS, "max-forwards"],
  [ROUTE, "route"],
  [RECORD_ROUTE, "record-route"],
  [CONTACT, "contact", "m"],
  [CONTENT_LENGTH, "content-length", "l"],
  [PATH, "path"],
  [SUPPORTED, "supported", "k"],
  [PROXY_REQUIRE, "proxy-require"],
  [REASON, "reason"],
  [WWW_AUTHENTICATE, "www-authenticate"],
  [PROXY_AUTHENTICATE, "proxy-authenticate"],
  [PROXY_AUTHORIZATION, "proxy-authorization"],
  [TIMESTAMP, "timestamp"],
  [EXPIRES, "expires"],
  [EVENT, "event", "o"],
  [SESSION_EXPIRES, "session-expires", "x"],
  [P_ASSERTED_IDENTITY, "p-asserted-identity"],
  [MAX_BREADTH, "max-breadth"],
  [REQUIRE, "require"],
  [AUTHORIZATION, "authorization"],
  [PRIVACY, "privacy"],
  [P_PREFERRED_IDENTITY, "p-preferred-identity"],
  [REMOTE_PARTY_ID, "remote-party-id"],
  [IDENTITY, "identity"],
  [REPLACES, "replaces"],
  [REFERRED_BY, "referred-by", "b"],
];

interface Candidate {
  readonly id: number;
  readonly name: string;
}

const LETTERS = 32;
const LONGEST = 20;

/** Candidates by length and first letter: at most two names share a place. */
const CANDIDATES: readonly (readonly Candidate[] | undefined)[] = tabulate();

/** The identifier of the name at `start` to `end` of `wire`, letters in either case; {@link OTHER} for all we don't know. */
export function headerId(wire: string, start: number, end: number): number {
  const length = end - start;
  if (length > LONGEST) return OTHER;
  const candidates = CANDIDATES[length * LETTERS + (wire.charCodeAt(start) & 31)];
  if (candidates === undefined) return OTHER;
  for (const { id, name } of candidates) {
    let position = 0;
    while (position < length && lowerCase(wire.charCodeAt(start + position)) === name.charCodeAt(position))
      position += 1;
    if (position === length) return id;
  }
  return OTHER;
}

/** Letters in lower case; names hold nothing else but "-". */
function lowerCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}

function tabulate(): (Candidate[] | undefined)[] {
  const table = new Array<Candidate[] | undefined>((LONGEST + 1) * LETTERS).fill(undefined);
  for (const [id, ...names] of NAMES) {
    for (const name of names) {
      const place = name.length * LETTERS + (name.charCodeAt(0) & 31);
      const candidates = table[place] ?? [];
      candidates.push({ id, name });
      table[place] = candidates;
    }
  }
  return table;
}
