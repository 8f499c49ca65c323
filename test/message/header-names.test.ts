/** Names of header fields: RFC 3261 §7.3.3 and §20. */
import { describe, expect, test } from "vitest";
import * as names from "../../src/message/header-names.ts";

const { headerId, OTHER } = names;

function idOf(name: string): number {
  return headerId(`..${name}: value`, 2, 2 + name.length);
}

/** What the RFCs call the fields, with the compact form where there is one. */
const KNOWN: readonly (readonly [id: number, ...names: string[]])[] = [
  [names.VIA, "Via", "v"],
  [names.FROM, "From", "f"],
  [names.TO, "To", "t"],
  [names.CALL_ID, "Call-ID", "i"],
  [names.CSEQ, "CSeq"],
  [names.MAX_FORWARDS, "Max-Forwards"],
  [names.ROUTE, "Route"],
  [names.RECORD_ROUTE, "Record-Route"],
  [names.CONTACT, "Contact", "m"],
  [names.CONTENT_LENGTH, "Content-Length", "l"],
  [names.PATH, "Path"],
  [names.SUPPORTED, "Supported", "k"],
  [names.PROXY_REQUIRE, "Proxy-Require"],
  [names.REASON, "Reason"],
  [names.WWW_AUTHENTICATE, "WWW-Authenticate"],
  [names.PROXY_AUTHENTICATE, "Proxy-Authenticate"],
  [names.PROXY_AUTHORIZATION, "Proxy-Authorization"],
  [names.TIMESTAMP, "Timestamp"],
  [names.EXPIRES, "Expires"],
  [names.EVENT, "Event", "o"],
  [names.SESSION_EXPIRES, "Session-Expires", "x"],
  [names.P_ASSERTED_IDENTITY, "P-Asserted-Identity"],
  [names.MAX_BREADTH, "Max-Breadth"],
  [names.REQUIRE, "Require"],
  [names.AUTHORIZATION, "Authorization"],
  [names.PRIVACY, "Privacy"],
  [names.P_PREFERRED_IDENTITY, "P-Preferred-Identity"],
  [names.REMOTE_PARTY_ID, "Remote-Party-ID"],
  [names.IDENTITY, "Identity"],
  [names.REPLACES, "Replaces"],
  [names.REFERRED_BY, "Referred-By", "b"],
  [names.SOCK_INFO, "Sock-Info"],
  [names.USER_AGENT, "User-Agent"],
  [names.ALERT_INFO, "Alert-Info"],
];

describe("headerId", () => {
  for (const [id, ...spellings] of KNOWN) {
    test(`RFC 3261 §7.3.3: ${spellings.join(", ")} in any case`, () => {
      for (const name of spellings) {
        expect(idOf(name)).toBe(id);
        expect(idOf(name.toUpperCase())).toBe(id);
        expect(idOf(name.toLowerCase())).toBe(id);
      }
    });

    test(`${spellings[0]}: no other name is taken for it`, () => {
      for (const name of spellings) {
        for (const other of [
          `${name}x`,
          `x${name}`,
          `${name}-`,
          name.replace(/.$/, "@"),
          `${name.slice(0, -1)}\u0000`,
        ]) {
          expect(idOf(other)).toBe(OTHER);
        }
      }
    });
  }

  test("every identifier has a name", () => {
    const all = Array.from({ length: names.IDENTIFIERS - 1 }, (_, index) => index + 1);
    expect(KNOWN.map(([id]) => id)).toEqual(all);
  });

  test.each(["Subject", "s", "Allow", "y", "", "Content-Type", "Min-Expires", "X".repeat(500), "\u00d6"])(
    "%j is of no concern",
    (name) => {
      expect(idOf(name)).toBe(OTHER);
    },
  );
});
