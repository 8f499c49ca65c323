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
/** OpenSIPS's and Kamailio's word in a copy of a REGISTER: the listener that the phone has registered at. */
export const SOCK_INFO = 32;
export const USER_AGENT = 33;
export const ALERT_INFO = 34;
/** How many identifiers there are, OTHER included. */
export const IDENTIFIERS = 35;

/** Identifier → names as RFCs spell them, the long one first. */
const NAMES: readonly (readonly [id: number, ...names: string[]])[] = [
  [VIA, "Via", "v"],
  [FROM, "From", "f"],
  [TO, "To", "t"],
  [CALL_ID, "Call-ID", "i"],
  [CSEQ, "CSeq"],
  [MAX_FORWARDS, "Max-Forwards"],
  [ROUTE, "Route"],
  [RECORD_ROUTE, "Record-Route"],
  [CONTACT, "Contact", "m"],
  [CONTENT_LENGTH, "Content-Length", "l"],
  [PATH, "Path"],
  [SUPPORTED, "Supported", "k"],
  [PROXY_REQUIRE, "Proxy-Require"],
  [REASON, "Reason"],
  [WWW_AUTHENTICATE, "WWW-Authenticate"],
  [PROXY_AUTHENTICATE, "Proxy-Authenticate"],
  [PROXY_AUTHORIZATION, "Proxy-Authorization"],
  [TIMESTAMP, "Timestamp"],
  [EXPIRES, "Expires"],
  [EVENT, "Event", "o"],
  [SESSION_EXPIRES, "Session-Expires", "x"],
  [P_ASSERTED_IDENTITY, "P-Asserted-Identity"],
  [MAX_BREADTH, "Max-Breadth"],
  [REQUIRE, "Require"],
  [AUTHORIZATION, "Authorization"],
  [PRIVACY, "Privacy"],
  [P_PREFERRED_IDENTITY, "P-Preferred-Identity"],
  [REMOTE_PARTY_ID, "Remote-Party-ID"],
  [IDENTITY, "Identity"],
  [REPLACES, "Replaces"],
  [REFERRED_BY, "Referred-By", "b"],
  [SOCK_INFO, "Sock-Info"],
  [USER_AGENT, "User-Agent"],
  [ALERT_INFO, "Alert-Info"],
];

const LONGEST = 20;

/** By names as most write them, and in lower case. */
const IDS = new Map<string, number>();
for (const [id, ...names] of NAMES) {
  for (const name of names) {
    IDS.set(name, id);
    IDS.set(name.toLowerCase(), id);
  }
}

/** The identifier of the name at `start` to `end` of `wire`, letters in either case; {@link OTHER} for all we don't know. */
export function headerId(wire: string, start: number, end: number): number {
  if (end - start > LONGEST) return OTHER;
  const name = wire.slice(start, end);
  return IDS.get(name) ?? IDS.get(name.toLowerCase()) ?? OTHER;
}
