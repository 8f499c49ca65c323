/**
 * Messages of DNS, as wire text: the query for one question (RFC 1035 §4.1, RFC 6891), and what its response says.
 *
 * A response is believed when it has the id and, octet by octet, the question. Its case is at random, which a forger from outside would
 * have to guess too. Only records count that the question leads to, over CNAMEs within the answer.
 */
import { compressIpv6 } from "../../base/ip-range.ts";
import { ownText } from "../../base/own-text.ts";
import type { Answer, Question, RecordsOf } from "../next-hops.ts";
import { readName } from "./domain-name.ts";

/** What a query's response is held against. */
export interface Query {
  readonly id: number;
  readonly type: Question["type"];
  /** On the wire, in the case in which it is asked. */
  readonly name: string;
  /** The response must repeat the case. */
  readonly isCased: boolean;
  /** It says how long a response may be. */
  readonly isExtended: boolean;
}

/** What a response is to its query. */
export type Verdict =
  /** It belongs to something else, or somebody has guessed. */
  | "foreign"
  /** The question in another case. */
  | "folded"
  /** Too long for a datagram. */
  | "truncated"
  /** The server doesn't know such queries: FORMERR, NOTIMP. "unread": so little that it doesn't repeat the question. */
  | "unknown"
  | "unread"
  /** The server can't or won't say, or what it says makes no sense. */
  | "failed"
  | Answer;

/** What leaves routers' tunnels in one piece: DNS Flag Day 2020. */
const DATAGRAM_MAX_octets = 1_232;
const HEADER_octets = 12;
/** All of a message; larger sets of servers aren't seen, and each costs time to read. */
const RECORDS_MAX = 256;
const ALIASES_MAX = 16;
const SECOND_ms = 1_000;
const TYPES = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 };
const CNAME = 5;
const SOA = 6;
const OPT = 41;
const INTERNET = 1;
/** Bits of the header; those of KNOWS: the server has the zone, or asks others. */
const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const TRUNCATED = 0x0200;
const KNOWS = 0x0480;
const RCODE = 0xf;
const [FORMERR, NXDOMAIN, NOTIMP] = [1, 3, 4];

/** The query as it goes over UDP. */
export function encodeQuery(query: Query): string {
  const counts = [1, 0, 0, query.isExtended ? 1 : 0];
  const options = query.isExtended ? `\0${[OPT, DATAGRAM_MAX_octets, 0, 0, 0].map(short).join("")}` : "";
  // Recursion is desired.
  return [query.id, 0x0100, ...counts].map(short).join("") + questionOf(query) + options;
}

/** What `wire`, any text, says to `query`. */
export function readResponse(wire: string, query: Query): Verdict {
  const flags = shortAt(wire, 2);
  const isResponse = wire.length >= HEADER_octets && (flags & (RESPONSE | OPCODE)) === RESPONSE;
  if (!isResponse || shortAt(wire, 0) !== query.id) return "foreign";
  const rcode = flags & RCODE;
  const isUnknown = rcode === FORMERR || rcode === NOTIMP;
  const questions = shortAt(wire, 4);
  if (questions === 0 && isUnknown) return "unread";
  const question = questionOf(query);
  const echoed = wire.slice(HEADER_octets, HEADER_octets + question.length);
  if (questions !== 1 || lower(echoed) !== lower(question)) return "foreign";
  if (query.isCased && echoed !== question) return "folded";
  if ((flags & TRUNCATED) !== 0) return "truncated";
  if (isUnknown) return "unknown";
  return rcode === 0 || rcode === NXDOMAIN ? readAnswer(wire, query, HEADER_octets + question.length, flags) : "failed";
}

/** @param start where the records begin */
function readAnswer(wire: string, query: Query, start: number, flags: number): Answer | "failed" {
  const records = readRecords(wire, start);
  const answer = records === undefined ? undefined : answerIn(wire, query, records);
  if (answer === undefined) return "failed";
  const isOrderly = (flags & RCODE) === 0;
  if (answer.records.length > 0) return isOrderly ? answer : "failed";
  // A server that neither has the zone nor asks others names those that have it: that isn't "there is none".
  const isReferral = (flags & KNOWS) === 0 && shortAt(wire, 8) > 0 && answer.lifetime_ms === 0;
  return isOrderly && isReferral ? "failed" : answer;
}

interface Found {
  /** 0: answer, 1: authority. */
  readonly section: number;
  readonly owner: string;
  readonly type: number;
  readonly lifetime_s: number;
  readonly start: number;
  readonly end: number;
}

/** Those of class IN in answer and authority; undefined when the message is malformed, or speaks of an error by its OPT. */
function readRecords(wire: string, start: number): readonly Found[] | undefined {
  const [answers, authorities, others] = [shortAt(wire, 6), shortAt(wire, 8), shortAt(wire, 10)] as const;
  const total = answers + authorities + others;
  const records: Found[] = [];
  let at = start;
  if (total > RECORDS_MAX) return undefined;
  for (let index = 0; index < total; index++) {
    const owner = readName(wire, at);
    if (owner === undefined) return undefined;
    const { name, end: head } = owner;
    const [type, kind, high] = [shortAt(wire, head), shortAt(wire, head + 2), shortAt(wire, head + 4)] as const;
    const data = head + 10;
    at = data + shortAt(wire, head + 8);
    // Beyond the end it is NaN.
    if (!(at <= wire.length)) return undefined;
    const section = Number(index >= answers) + Number(index >= answers + authorities);
    // RFC 6891 §6.1.3: the upper half of a longer response code.
    if (type === OPT && section === 2 && high >= 0x100) return undefined;
    // RFC 2181 §8: no lifetime is negative.
    const lifetime_s = high < 0x8000 ? high * 0x10000 + shortAt(wire, head + 6) : 0;
    if (kind === INTERNET) records.push({ section, owner: name, type, lifetime_s, start: data, end: at });
  }
  return records;
}

/** What the question leads to; undefined when that is malformed, or CNAMEs go round. */
function answerIn(wire: string, { type }: Query, records: readonly Found[]): Answer | undefined {
  let owner = readName(wire, HEADER_octets)?.name ?? "";
  const lifetimes_s: number[] = [];
  const at = (section: number, wanted: number) =>
    records.filter((one) => one.section === section && one.type === wanted && one.owner === owner);
  for (let aliases = 0; aliases <= ALIASES_MAX; aliases++) {
    const found = at(0, TYPES[type]);
    const [alias] = at(0, CNAME);
    if (found.length > 0 || alias === undefined) {
      const values = found.map(({ start, end }) => READERS[type](wire, start, end));
      const known = values.filter((one): one is RecordsOf[keyof RecordsOf] => one !== undefined);
      if (known.length < values.length) return undefined;
      lifetimes_s.push(...(found.length > 0 ? found.map((one) => one.lifetime_s) : [absence_s(wire, owner, records)]));
      return { records: known, lifetime_ms: Math.min(...lifetimes_s) * SECOND_ms };
    }
    const target = nameUntil(wire, alias.start, alias.end);
    if (target === undefined) return undefined;
    owner = target;
    lifetimes_s.push(alias.lifetime_s);
  }
  return undefined;
}

/** RFC 2308 §5: how long there is no such record, by the zone's SOA; 0 without one. */
function absence_s(wire: string, name: string, records: readonly Found[]): number {
  const soa = records.find(
    ({ section, type, owner, start, end }) =>
      section === 1 && type === SOA && end - start >= 22 && (owner === "" || `.${name}`.endsWith(`.${owner}`)),
  );
  if (soa === undefined) return 0;
  return Math.min(soa.lifetime_s, shortAt(wire, soa.end - 4) * 0x10000 + shortAt(wire, soa.end - 2));
}

type ReadersOf = {
  readonly [T in keyof RecordsOf]: (wire: string, start: number, end: number) => RecordsOf[T] | undefined;
};

/** The data of a record; undefined when it is malformed. */
const READERS: ReadersOf = {
  A: (wire, start, end) =>
    end - start === 4 ? [0, 1, 2, 3].map((at) => wire.charCodeAt(start + at)).join(".") : undefined,
  AAAA: (wire, start, end) => {
    if (end - start !== 16) return undefined;
    return compressIpv6([0, 2, 4, 6, 8, 10, 12, 14].map((at) => shortAt(wire, start + at).toString(16)).join(":"));
  },
  SRV: (wire, start, end) => {
    const target = nameUntil(wire, start + 6, end);
    if (target === undefined) return undefined;
    return { priority: shortAt(wire, start), weight: shortAt(wire, start + 2), port: shortAt(wire, start + 4), target };
  },
  NAPTR: (wire, start, end) => {
    const [order, preference] = [shortAt(wire, start), shortAt(wire, start + 2)];
    let at = start + 4;
    const texts = [0, 1, 2].map(() => {
      const from = at + 1;
      at = from + wire.charCodeAt(at);
      return ownText(wire.slice(from, at));
    });
    const [flags = "", service = "", regexp = ""] = texts;
    const replacement = nameUntil(wire, at, end);
    return replacement === undefined ? undefined : { order, preference, flags, service, regexp, replacement };
  },
};

/** The name that fills `start`…`end`. */
function nameUntil(wire: string, start: number, end: number): string | undefined {
  const found = readName(wire, start);
  return found?.end === end ? found.name : undefined;
}

function questionOf({ name, type }: Query): string {
  return name + short(TYPES[type]) + short(INTERNET);
}

/** ASCII alone: other octets have no case here. */
function lower(wire: string): string {
  return wire.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Two octets; NaN beyond the end. */
function shortAt(wire: string, at: number): number {
  return wire.charCodeAt(at) * 0x100 + wire.charCodeAt(at + 1);
}

function short(value: number): string {
  return String.fromCharCode(value >> 8, value & 0xff);
}
