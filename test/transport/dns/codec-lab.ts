/** A query of ours, read by the tests' own server, and what the codec makes of the server's reply. */
import { encodeName } from "../../../src/transport/dns/domain-name.ts";
import { encodeQuery, type Query, readResponse, type Verdict } from "../../../src/transport/dns/message.ts";
import type { Question } from "../../../src/transport/next-hops.ts";
import { readQuery, replyTo, type Twist, type Zone } from "../../support/dns-packets.ts";

/** As it is asked first: with EDNS0, and in the case of `name`. */
export function queryFor(type: Question["type"], name: string, changes: Partial<Query> = {}): Query {
  return { id: 0xbeef, type, name: encodeName(name) ?? "", isCased: true, isExtended: true, ...changes };
}

/** What the tests' server reads of it. */
export function readBack(query: Query) {
  return readQuery(bytesOf(encodeQuery(query)));
}

/** The reply to `query` as wire text. */
export function reply(query: Query, zone: Zone, twist: Twist = {}): string {
  return replyTo(readBack(query), zone, twist).toString("latin1");
}

/** What the codec makes of the reply. */
export function said(query: Query, zone: Zone, twist: Twist = {}): Verdict {
  return readResponse(reply(query, zone, twist), query);
}

export function bytesOf(wire: string): Buffer {
  return Buffer.from(wire, "latin1");
}
