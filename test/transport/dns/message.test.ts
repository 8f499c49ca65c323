/** Queries as they leave, and what the responses of the tests' own server are taken for. */
import { describe, expect, test } from "vitest";
import { encodeQuery, type Query, readResponse } from "../../../src/transport/dns/message.ts";
import {
  optRecord,
  POINTER_TO_QUESTION,
  rawRecord,
  recordFor,
  shorts,
  soaRecord,
  type Twist,
  wireName,
  type ZoneRecord,
} from "../../support/dns-packets.ts";
import { bytesOf, queryFor, readBack, reply, said } from "./codec-lab.ts";

const HOST = "pbx.example.com";
const A: ZoneRecord = { type: "A", address: "192.0.2.1" };
const ZONE = new Map<string, readonly ZoneRecord[]>([
  [HOST, [A]],
  ["www.example.com", [{ type: "CNAME", target: HOST, ttl_s: 30 }]],
]);
const FOUND = { records: ["192.0.2.1"], lifetime_ms: 60_000 };
const NOTHING = { records: [], lifetime_ms: 0 };
const SOA = { name: "example.com", ttl_s: 900, minimum_s: 300 };
const query = queryFor("A", HOST);

describe("queries", () => {
  test("one question in the case it is given, recursion desired, and EDNS0 with 1,232 octets", () => {
    const wire = bytesOf(encodeQuery(queryFor("SRV", "_sIp._uDp.PbX.example")));
    expect(wire.toString("hex")).toBe(
      "beef01000001000000000001" +
        "045f734970045f75447003506258076578616d706c6500" +
        "00210001" +
        "00002904d0000000000000",
    );
  });

  test("without EDNS0 nothing is behind the question", () => {
    const wire = bytesOf(encodeQuery(queryFor("NAPTR", "a", { isExtended: false })));
    expect(wire.toString("hex")).toBe("beef0100000100000000000001610000230001");
  });

  test.each(["A", "AAAA", "SRV", "NAPTR"] as const)("a server reads %s", (type) => {
    expect(readBack(queryFor(type, HOST))).toMatchObject({ type, name: HOST, isExtended: true });
  });
});

describe("records", () => {
  test("A and AAAA, with the shortest lifetime among them", () => {
    const zone = new Map<string, readonly ZoneRecord[]>([
      [
        HOST,
        [
          { ...A, ttl_s: 90 },
          { type: "A", address: "192.0.2.255", ttl_s: 30 },
          { type: "AAAA", address: "2001:db8::7", ttl_s: 7 },
          { type: "AAAA", address: "::1" },
        ],
      ],
    ]);
    expect(said(query, zone)).toEqual({ records: ["192.0.2.1", "192.0.2.255"], lifetime_ms: 30_000 });
    expect(said(queryFor("AAAA", HOST), zone)).toEqual({ records: ["2001:db8::7", "::1"], lifetime_ms: 7_000 });
  });

  test("SRV and NAPTR tell their lifetimes too; the root as target is none", () => {
    const zone = new Map<string, readonly ZoneRecord[]>([
      [
        "_sip._udp.x",
        [
          { type: "SRV", srv: [10, 60, 5070, "A.Example.Com"], ttl_s: 3_600 },
          { type: "SRV", srv: [65_535, 0, 5060, "."], ttl_s: 1_800 },
        ],
      ],
      ["x", [{ type: "NAPTR", naptr: [50, 10, "SIP+D2T", "_sip._tcp.x"], ttl_s: 77 }]],
    ]);
    expect(said(queryFor("SRV", "_sip._udp.x"), zone)).toEqual({
      records: [
        { priority: 10, weight: 60, port: 5_070, target: "a.example.com" },
        { priority: 65_535, weight: 0, port: 5_060, target: "" },
      ],
      lifetime_ms: 1_800_000,
    });
    const replacement = "_sip._tcp.x";
    expect(said(queryFor("NAPTR", "x"), zone)).toEqual({
      records: [{ order: 50, preference: 10, flags: "s", service: "SIP+D2T", regexp: "", replacement }],
      lifetime_ms: 77_000,
    });
  });

  test("a target with odd octets is written with escapes", () => {
    const target = Buffer.concat([Buffer.from([5]), Buffer.from("a.B\\ ", "latin1"), wireName("example")]);
    const data = Buffer.concat([shorts(1, 2, 3), target]);
    const answers = [rawRecord(POINTER_TO_QUESTION, 33, 60, data)];
    expect(said(queryFor("SRV", "x"), ZONE, { answers, rcode: 0 })).toMatchObject({
      records: [{ target: "a\\.b\\\\\\032.example" }],
    });
  });

  test("a target that is compressed is read all the same", () => {
    const data = Buffer.concat([shorts(1, 2, 3), POINTER_TO_QUESTION]);
    const answers = [rawRecord(POINTER_TO_QUESTION, 33, 60, data)];
    expect(said(queryFor("SRV", "x"), ZONE, { answers, rcode: 0 })).toMatchObject({ records: [{ target: "x" }] });
  });

  test("RFC 2181 §8: a lifetime with its highest bit is none", () => {
    const answers = [rawRecord(POINTER_TO_QUESTION, 1, 0x80000001, Buffer.from([192, 0, 2, 1]))];
    expect(said(query, ZONE, { answers })).toEqual({ ...FOUND, lifetime_ms: 0 });
  });

  test("owners in another case, or written out, are the question's", () => {
    const answers = [recordFor(wireName("PBX.example.COM"), A)];
    expect(said(query, ZONE, { answers })).toEqual(FOUND);
  });
});

describe("CNAMEs", () => {
  test("are followed, and the shortest lifetime on the way counts", () => {
    expect(said(queryFor("A", "www.example.com"), ZONE)).toEqual({ ...FOUND, lifetime_ms: 30_000 });
  });

  test("in any order, in any case", () => {
    const answers = [
      recordFor(wireName("C.x"), A),
      recordFor(wireName("b.X"), { type: "CNAME", target: "c.x", ttl_s: 9 }),
      recordFor(POINTER_TO_QUESTION, { type: "CNAME", target: "B.x" }),
    ];
    expect(said(query, ZONE, { answers })).toEqual({ ...FOUND, lifetime_ms: 9_000 });
  });

  test("sixteen are followed, seventeen or a circle are no answer", () => {
    const chain = (length: number) => {
      const zone = new Map<string, readonly ZoneRecord[]>([[`n${length}`, [A]]]);
      for (let hop = 0; hop < length; hop++) zone.set(`n${hop}`, [{ type: "CNAME", target: `n${hop + 1}` }]);
      return zone;
    };
    expect(said(queryFor("A", "n0"), chain(16))).toEqual(FOUND);
    expect(said(queryFor("A", "n0"), chain(17))).toBe("failed");
    expect(said(queryFor("A", "n0"), chain(200))).toBe("failed");
    const circle = new Map<string, readonly ZoneRecord[]>([
      ["n0", [{ type: "CNAME", target: "n1" }]],
      ["n1", [{ type: "CNAME", target: "n0" }]],
    ]);
    expect(said(queryFor("A", "n0"), circle)).toBe("failed");
  });

  test("one that leads nowhere is nothing, for no longer than the CNAME", () => {
    const zone = new Map<string, readonly ZoneRecord[]>([["x", [{ type: "CNAME", target: "gone", ttl_s: 20 }]]]);
    const authorities = [soaRecord({ name: "", ttl_s: 900, minimum_s: 900 })];
    expect(said(queryFor("A", "x"), zone, { rcode: 3, authorities })).toEqual({ records: [], lifetime_ms: 20_000 });
  });
});

describe("records that the question doesn't lead to are ignored", () => {
  const forged: ZoneRecord = { type: "A", address: "203.0.113.66", ttl_s: 1 };
  test.each<[string, Twist]>([
    [
      "of another name",
      { answers: [recordFor(wireName("other.example.com"), forged), recordFor(POINTER_TO_QUESTION, A)] },
    ],
    ["of a name below", { answers: [recordFor(wireName(`a.${HOST}`), forged), recordFor(POINTER_TO_QUESTION, A)] }],
    ["in the authority section", { authorities: [recordFor(POINTER_TO_QUESTION, forged)] }],
    ["in the additional section", { additional: [recordFor(POINTER_TO_QUESTION, forged), optRecord()] }],
    [
      "of another class",
      {
        answers: [
          rawRecord(POINTER_TO_QUESTION, 1, 1, Buffer.from([203, 0, 113, 66]), 3),
          recordFor(POINTER_TO_QUESTION, A),
        ],
      },
    ],
    [
      "of another type",
      {
        answers: [
          recordFor(POINTER_TO_QUESTION, { type: "AAAA", address: "::1", ttl_s: 1 }),
          recordFor(POINTER_TO_QUESTION, A),
        ],
      },
    ],
    [
      "of no form, where they don't matter",
      { answers: [rawRecord(wireName("x"), 1, 1, Buffer.from([1])), recordFor(POINTER_TO_QUESTION, A)] },
    ],
  ])("%s", (_, twist) => {
    expect(said(query, ZONE, twist)).toEqual(FOUND);
  });

  test("a CNAME of another name", () => {
    const answers = [recordFor(wireName("other"), { type: "CNAME", target: HOST }), recordFor(wireName("other"), A)];
    expect(said(query, ZONE, { answers })).toEqual(NOTHING);
  });
});

describe("RFC 2308: there is none", () => {
  test("no such name, no such record: as long as the SOA says", () => {
    expect(said(queryFor("A", "other.example.com"), ZONE, { soa: SOA })).toEqual({ records: [], lifetime_ms: 300_000 });
    expect(said(queryFor("NAPTR", HOST), ZONE, { soa: SOA })).toEqual({ records: [], lifetime_ms: 300_000 });
    const shorter = { ...SOA, ttl_s: 20 };
    expect(said(queryFor("NAPTR", HOST), ZONE, { soa: shorter })).toEqual({ records: [], lifetime_ms: 20_000 });
  });

  test("without an SOA, or with that of another zone, nothing is said of how long", () => {
    expect(said(queryFor("NAPTR", HOST), ZONE)).toEqual(NOTHING);
    const strange = { ...SOA, name: "example.org" };
    expect(said(queryFor("NAPTR", HOST), ZONE, { soa: strange })).toEqual(NOTHING);
    const part = { ...SOA, name: "ample.com" };
    expect(said(queryFor("NAPTR", HOST), ZONE, { soa: part })).toEqual(NOTHING);
  });

  test("an SOA in another section, or of no form, says nothing", () => {
    const asked = queryFor("NAPTR", HOST);
    expect(said(asked, ZONE, { additional: [soaRecord(SOA)] })).toEqual(NOTHING);
    const short = rawRecord(wireName("example.com"), 6, 900, Buffer.alloc(21, 1));
    expect(said(asked, ZONE, { authorities: [short] })).toEqual(NOTHING);
  });

  test("the SOA of the root counts for all", () => {
    const root = { ...SOA, name: "" };
    expect(said(queryFor("NAPTR", HOST), ZONE, { soa: root })).toEqual({ records: [], lifetime_ms: 300_000 });
  });

  test("a referral to other servers, by one that asks nobody, is no answer", () => {
    const authorities = [rawRecord(wireName("com"), 2, 60, wireName("ns.com"))];
    expect(said(query, ZONE, { answers: [], authorities, flags: 0x8100 })).toBe("failed");
    expect(said(query, ZONE, { answers: [], authorities, flags: 0x8180 })).toEqual(NOTHING);
    expect(said(query, ZONE, { answers: [], authorities, flags: 0x8500 })).toEqual(NOTHING);
    expect(said(query, ZONE, { answers: [], flags: 0x8100 })).toEqual(NOTHING);
    const authority = { answers: [], authorities: [soaRecord(SOA)], flags: 0x8100 };
    expect(said(query, ZONE, authority)).toEqual({ records: [], lifetime_ms: 300_000 });
  });
});

describe("what doesn't belong to the query", () => {
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = bytesOf(reply(query, ZONE));
    change(bytes);
    return readResponse(bytes.toString("latin1"), query);
  };
  test.each<[string, (bytes: Buffer) => void]>([
    ["another id", (bytes) => bytes.writeUInt8(0xbf, 0)],
    ["a query", (bytes) => bytes.writeUInt8(0x01, 2)],
    ["another opcode", (bytes) => bytes.writeUInt8(0xa1, 2)],
    ["no question", (bytes) => bytes.writeUInt8(0, 5)],
    ["two questions", (bytes) => bytes.writeUInt8(2, 5)],
    ["a question for another name", (bytes) => bytes.write("q", 13)],
    ["for a shorter name", (bytes) => bytes.writeUInt8(2, 12)],
    ["for another type", (bytes) => bytes.writeUInt8(28, 12 + 17 + 1)],
    ["for another class", (bytes) => bytes.writeUInt8(3, 12 + 17 + 3)],
  ])("%s", (_, change) => {
    expect(changed(change)).toBe("foreign");
  });

  test("the question in another case, where the case was to be repeated", () => {
    const cased = queryFor("A", "pBx.example.com");
    const question = readBack(query).question;
    expect(said(cased, ZONE, { question })).toBe("folded");
    expect(said({ ...cased, isCased: false }, ZONE, { question })).toEqual(FOUND);
    expect(said(cased, ZONE)).toEqual(FOUND);
  });

  test("letters beyond ASCII have no case", () => {
    const own = queryFor("A", "\xc9.example", { isCased: false });
    const question = Buffer.concat([Buffer.from([1, 0xe9]), wireName("example"), shorts(1, 1)]);
    expect(said(own, ZONE, { question })).toBe("foreign");
  });

  test("every beginning of a response: foreign as long as its question isn't whole, then malformed", () => {
    const wire = reply(query, ZONE);
    const head = 12 + 17 + 4;
    for (let length = 0; length < wire.length; length++) {
      expect(readResponse(wire.slice(0, length), query)).toBe(length < head ? "foreign" : "failed");
    }
  });
});

describe("servers that can't, or won't", () => {
  test.each([
    [1, "unknown"],
    [4, "unknown"],
    [2, "failed"],
    [5, "failed"],
    [9, "failed"],
  ])("response code %d: %s", (rcode, verdict) => {
    expect(said(query, new Map(), { rcode, answers: [] })).toBe(verdict);
  });

  test("a header alone says that the query wasn't understood, and nothing else", () => {
    const bare = { question: Buffer.alloc(0), answers: [], additional: [] };
    expect(said(query, ZONE, { ...bare, rcode: 1 })).toBe("unread");
    expect(said(query, ZONE, { ...bare, rcode: 4 })).toBe("unread");
    expect(said(query, ZONE, { ...bare, rcode: 0 })).toBe("foreign");
    expect(said(query, ZONE, { ...bare, rcode: 3 })).toBe("foreign");
  });

  test("too long for a datagram", () => {
    expect(said(query, ZONE, { isTruncated: true })).toBe("truncated");
    expect(said(query, ZONE, { isTruncated: true, answers: [] })).toBe("truncated");
  });

  test("RFC 6891 §6.1.3: a code whose upper half is in the OPT record", () => {
    expect(said(query, ZONE, { answers: [], rcode: 0, additional: [optRecord(1)] })).toBe("failed");
  });

  test("no such name, and its records beside: nonsense", () => {
    expect(said(query, ZONE, { rcode: 3 })).toBe("failed");
  });

  test("addresses of another length, a target that ends early or late, texts that run over", () => {
    const bad = (asked: Query, data: Buffer, type: number) =>
      said(asked, ZONE, { rcode: 0, answers: [rawRecord(POINTER_TO_QUESTION, type, 60, data)] });
    for (const length of [0, 3, 5, 16]) expect(bad(query, Buffer.alloc(length), 1)).toBe("failed");
    for (const length of [0, 4, 15, 17]) expect(bad(queryFor("AAAA", "x"), Buffer.alloc(length), 28)).toBe("failed");
    const srv = Buffer.concat([shorts(1, 2, 3), wireName("a.example")]);
    for (let length = 0; length < srv.length; length++) {
      expect(bad(queryFor("SRV", "x"), srv.subarray(0, length), 33)).toBe("failed");
    }
    expect(bad(queryFor("SRV", "x"), Buffer.concat([srv, Buffer.alloc(1)]), 33)).toBe("failed");
    const naptr = Buffer.concat([shorts(1, 2), Buffer.from("\x01s\x07SIP+D2U\0", "latin1"), wireName("x")]);
    for (let length = 0; length < naptr.length; length++) {
      expect(bad(queryFor("NAPTR", "x"), naptr.subarray(0, length), 35)).toBe("failed");
    }
    const over = Buffer.concat([shorts(1, 2), Buffer.from("\xff\xffs", "latin1")]);
    expect(bad(queryFor("NAPTR", "x"), over, 35)).toBe("failed");
  });

  test("256 records are read, more aren't", () => {
    const many = (count: number) => new Array<Buffer>(count).fill(recordFor(POINTER_TO_QUESTION, A));
    expect(said(query, ZONE, { answers: many(255) })).toMatchObject({ lifetime_ms: 60_000 });
    expect(said(query, ZONE, { answers: many(256) })).toBe("failed");
  });
});
