/**
 * Nothing that a DNS server says makes us throw or takes long; what is written is read back, and only the right response is taken
 * for one. `DNS_RUNS` says how many packets are tried.
 */

import { expect, test } from "vitest";
import { encodeName, readName } from "../../src/transport/dns/domain-name.ts";
import { encodeQuery, type Query, readResponse, type Verdict } from "../../src/transport/dns/message.ts";
import type { Question } from "../../src/transport/next-hops.ts";
import {
  rawRecord,
  readQuery,
  recordFor,
  replyTo,
  shorts,
  soaRecord,
  wireName,
  type ZoneRecord,
} from "../support/dns-packets.ts";
import { processorTime_ms } from "../support/processor-time.ts";
import fc from "../support/properties.ts";
import { ANSWERS, Lab } from "../transport/dns/lookup-lab.ts";
import { octets } from "./arbitraries.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const numRuns = Number(process.env["DNS_RUNS"] ?? 5_000);
console.log(`dns: SEED=${seed}`);

const WORDS: readonly Verdict[] = ["foreign", "folded", "truncated", "unknown", "unread", "failed"];

function expectVerdict(verdict: Verdict): void {
  if (typeof verdict === "string") {
    expect(WORDS).toContain(verdict);
    return;
  }
  expect(verdict.lifetime_ms).toBeGreaterThanOrEqual(0);
  expect(Number.isInteger(verdict.lifetime_ms)).toBe(true);
  for (const record of verdict.records) {
    const values = typeof record === "string" ? [record] : Object.values(record);
    for (const value of values) expect(value === undefined || Number.isNaN(value)).toBe(false);
  }
}

const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);
const host = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join("."));
const type = fc.constantFrom<Question["type"]>("A", "AAAA", "SRV", "NAPTR");
const query: fc.Arbitrary<Query> = fc
  .record({ id: fc.nat(65_535), type, host, isCased: fc.boolean(), isExtended: fc.boolean() })
  .map(({ host: name, ...rest }) => ({ ...rest, name: encodeName(name) ?? "" }));

const ttl_s = fc.nat(0xffffffff);
const short = fc.nat(65_535);
const recordOf = (names: fc.Arbitrary<string>): fc.Arbitrary<ZoneRecord> =>
  fc.oneof(
    fc.record({ type: fc.constant("A" as const), address: fc.ipV4(), ttl_s }),
    fc.record({
      type: fc.constant("AAAA" as const),
      address: fc.constantFrom("::1", "2001:db8::7", "fe80::1:2"),
      ttl_s,
    }),
    fc.record({ type: fc.constant("CNAME" as const), target: names, ttl_s }),
    fc.record({ type: fc.constant("SRV" as const), srv: fc.tuple(short, short, short, names), ttl_s }),
    fc.record({
      type: fc.constant("NAPTR" as const),
      naptr: fc.tuple(short, short, fc.constantFrom("SIP+D2U", ""), names),
      ttl_s,
    }),
  );
const pointer = fc.nat(0x3ff).map((at) => shorts(0xc000 | at));
const owner = fc.oneof(
  { weight: 8, arbitrary: fc.constant(shorts(0xc00c)) },
  { weight: 4, arbitrary: host.map(wireName) },
  pointer,
);
const raw = fc
  .tuple(owner, fc.constantFrom(1, 5, 6, 28, 33, 35, 41), ttl_s, octets(40), fc.constantFrom(1, 1, 1, 3))
  .map(([name, code, ttl, data, kind]) => rawRecord(name, code, ttl, Buffer.from(data, "latin1"), kind));
const good = fc.tuple(owner, recordOf(host)).map(([name, data]) => recordFor(name, data));
const record = fc.oneof(
  { weight: 8, arbitrary: good },
  host.map((name) => soaRecord({ name, ttl_s: 60, minimum_s: 60 })),
  raw,
);
const records = fc.array(record, { maxLength: 5 });
/** A response to the query as servers write it, with records of all kinds. */
const response = fc
  .tuple(query, records, records, records, fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(15)), fc.nat(9))
  .map(([asked, answers, authorities, additional, rcode, chance]) => {
    const twist = { answers, authorities, additional, rcode, isTruncated: chance === 0 };
    return {
      asked,
      wire: replyTo(readQuery(Buffer.from(encodeQuery(asked), "latin1")), new Map(), twist).toString("latin1"),
    };
  });
const edit = fc.record({ at: fc.nat(), cut: fc.nat(6), put: octets(6) });

test("octets at random, behind a right head or not: a verdict, and no throw", () => {
  fc.assert(
    fc.property(query, octets(200), fc.boolean(), (asked, text, hasHead) => {
      const head = encodeQuery(asked);
      const flags = String.fromCharCode(0x81, 0x80);
      expectVerdict(readResponse(hasHead ? head.slice(0, 2) + flags + head.slice(4) + text : text, asked));
    }),
    { seed, numRuns },
  );
});

test("responses, and responses with octets changed, cut out and put in: a verdict, and no throw", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(response, fc.array(edit, { maxLength: 4 }), ({ asked, wire }, edits) => {
      const spoiled = edits.reduce((text, { at, cut, put }) => {
        const start = at % (text.length + 1);
        return text.slice(0, start) + put + text.slice(start + cut);
      }, wire);
      const verdict = readResponse(spoiled, asked);
      expectVerdict(verdict);
      const kind = typeof verdict === "string" ? verdict : "answer";
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }),
    { seed, numRuns },
  );
  // All kinds are met, or it would say little.
  for (const kind of ["foreign", "truncated", "unknown", "failed", "answer"])
    expect(seen.get(kind)).toBeGreaterThan(numRuns / 500);
});

test("a response to another query is never taken", () => {
  fc.assert(
    fc.property(response, query, ({ asked, wire }, other) => {
      fc.pre(
        other.id !== asked.id || other.type !== asked.type || other.name.toLowerCase() !== asked.name.toLowerCase(),
      );
      const verdict = readResponse(wire, other);
      expect(verdict === "foreign").toBe(true);
    }),
    { seed, numRuns: numRuns / 10 },
  );
});

test("names: what is read is written as it was, whatever the octets; text that can be written is read back", () => {
  const labels = fc.array(
    octets(63).filter((text) => text !== ""),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(labels, (parts) => {
      const wire = `${parts.map((part) => String.fromCharCode(part.length) + part).join("")}\0`;
      const read = readName(wire, 0);
      expect(read?.end).toBe(wire.length);
      const asciiLower = wire.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
      expect(encodeName(read?.name ?? "")).toBe(asciiLower);
      expect(read?.name).toMatch(/^[!-~]+$/);
    }),
    { seed, numRuns: numRuns / 10 },
  );
  fc.assert(
    fc.property(fc.oneof(octets(80), fc.string({ unit: "binary", maxLength: 30 })), (text) => {
      const wire = encodeName(text);
      if (wire !== undefined) expect(readName(wire, 0)?.end).toBe(wire.length);
    }),
    { seed, numRuns: numRuns / 10 },
  );
});

test("names at random places of random octets: an end that moves on, or undefined", () => {
  fc.assert(
    fc.property(octets(300), fc.nat(300), (wire, start) => {
      const read = readName(wire, start);
      if (read === undefined) return;
      expect(read.end).toBeGreaterThan(start);
      expect(read.end).toBeLessThanOrEqual(wire.length);
    }),
    { seed, numRuns },
  );
});

test("a lookup whose server says anything ends, after 4.5 s at the most and a few queries", () => {
  fc.assert(
    fc.property(response, fc.array(octets(60), { maxLength: 3 }), fc.nat(3), ({ asked, wire }, others, fate) => {
      const lab = new Lab(new Map(), seed);
      lab.conducts.set("192.0.2.51", ({ id }, _ask, reply) => {
        const named = id.toString("latin1") + wire.slice(2);
        if (fate === 0) return "silent";
        return fate === 1 ? [...others, reply()] : [...others, named];
      });
      const name = readName(asked.name, 0)?.name ?? "x";
      const { took_ms } = lab.ask({ type: asked.type, name }, ["192.0.2.51"], { search: ["a.example"], ndots: 3 });
      expect(took_ms).toBeLessThanOrEqual(4_500);
      expect(lab.log.length).toBeLessThanOrEqual(2 * 3 * 3);
    }),
    { seed, numRuns: numRuns / 20 },
  );
});

/** The longest message, whose records all have the longest name, by the longest way. */
function dearest(asked: Query): string {
  const head = encodeQuery({ ...asked, isExtended: false });
  const long = `\x3f${"x".repeat(63)}`.repeat(3);
  let wire = head.slice(0, 2) + String.fromCharCode(0x81, 0x80, 0, 1, 0, 255, 0, 0, 0, 0) + head.slice(12);
  const first = wire.length;
  const data = (text: string) =>
    String.fromCharCode(0, 5, 0, 1, 0, 0, 0, 9, text.length >> 8, text.length & 255) + text;
  wire += `${long}\0${data("\xc0\x0c")}`;
  let last = first;
  while (wire.length < 60_000) {
    // Pointers to pointers; 14 bits reach no further.
    const at = wire.length;
    wire +=
      String.fromCharCode(0xc0 | (last >> 8), last & 255) + data(String.fromCharCode(0xc0 | (last >> 8), last & 255));
    if (at < 0x3fff) last = at;
  }
  return wire;
}

test("the dearest message of 60,000 octets takes bounded time", () => {
  const asked: Query = { id: 7, type: "A", name: encodeName("a.example") ?? "", isCased: true, isExtended: false };
  const wire = dearest(asked);
  const most = Math.min(...Array.from({ length: 5 }, () => processorTime_ms(() => readResponse(wire, asked))));
  console.log(`dns: ${wire.length} octets of pointers in ${most.toFixed(1)} ms`);
  expect(most).toBeLessThan(500);
  const pointers = `${"\0".repeat(12)}\0${Array.from({ length: 8_000 }, (_, at) => String.fromCharCode(0xc0 | ((12 + 2 * at) >> 8), (12 + 2 * at) & 255)).join("")}`;
  expect(processorTime_ms(() => readName(pointers, pointers.length - 2))).toBeLessThan(500);
});

test("a lab with a good server answers: what the properties above drive isn't broken itself", () => {
  const lab = new Lab(new Map([["a", [{ type: "A", address: "192.0.2.1" }]]]));
  lab.conducts.set("192.0.2.51", ANSWERS);
  expect(lab.ask({ type: "A", name: "a" }, ["192.0.2.51"]).answer?.records).toEqual(["192.0.2.1"]);
});
