/** What of the journal is told, to whom, and in which pieces; no secret leaves unasked. */
import { describe, expect, test } from "vitest";
import type { JournalEntry } from "../../src/app/observe/journal-entry.ts";
import { masked } from "../../src/app/observe/masked.ts";
import { type TraceQuestion, tracedEntries } from "../../src/app/observe/trace.ts";

const timeOf = (at_ms: number) => new Date(at_ms).toISOString();

function message(seq: number, wire: string, remote = "10.222.237.21"): JournalEntry {
  const place = { protocol: "udp", local: "10.222.237.1", local_port: 5060, remote, remote_port: 5060 } as const;
  return { kind: "in", seq, at_ms: seq, wire, ...place };
}

function request(method: string, callId: string, from: string, to: string, more = ""): string {
  return `${method} sip:${to}@pbx.example.com SIP/2.0\r\nFrom: "A" <sip:${from}@pbx.example.com>;tag=1\r\nTo: <sip:${to}@pbx.example.com>\r\nCall-ID: ${callId}\r\nCSeq: 1 ${method}\r\n${more}\r\n`;
}

const edge = { at_ms: 3, role: "upstream", name: "pbx", from: "up", to: "down", evidence: "silence" } as const;
const ENTRIES: readonly JournalEntry[] = [
  message(1, request("INVITE", "one", "201", "5551234")),
  { kind: "decision", seq: 2, at_ms: 2, method: "INVITE", call_id: "one", rule: "call", why: "upstream is up" },
  { kind: "edge", seq: 3, at_ms: 3, edge },
  message(4, request("INVITE", "two", "202", "+43 1 5559999".replace(/ /g, "")), "10.222.237.22"),
  message(5, request("BYE", "one", "201", "5551234")),
  { kind: "drop", seq: 6, at_ms: 6, reason: "faulty" },
  { kind: "edge", seq: 7, at_ms: 7, edge },
  message(8, request("REGISTER", "reg", "201", "201")),
  message(9, request("OPTIONS", "a84b4c76e66710@10.222.237.23", "203", "203"), "10.222.237.23"),
  message(10, request("OPTIONS", "3848276298220188511", "203", "203"), "10.222.237.23"),
];
const seqsOf = (question: TraceQuestion) => tracedEntries(ENTRIES, question, timeOf).entries.map(({ seq }) => seq);

describe("entries are chosen", () => {
  test.each<[string, TraceQuestion, number[]]>([
    ["all", {}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ["by Call-ID, with the edges amid them and the reason of a drop", { calls: ["one"] }, [1, 2, 3, 5, 6]],
    ["by the caller's number: calls, not registrations", { match: "201" }, [1, 2, 3, 5, 6]],
    ["by the called number", { match: "5551234" }, [1, 2, 3, 5, 6]],
    ["by digits that are no end of a number", { match: "015559998" }, []],
    ["by the number with its blanks", { match: "+43 1 5559999" }, [4]],
    ["by its last digits", { match: "5559999" }, [4]],
    ["by address", { match: "10.222.237.22" }, [4]],
    ["by the Call-ID of a registration", { match: "reg" }, [8]],
    ["by the beginning of a Call-ID", { match: "a84b4c" }, [9]],
    ["not by fewer letters of it than 6", { match: "a84b4" }, []],
    ["not by digits that a Call-ID begins with", { match: "3848276" }, []],
    ["of nobody", { match: "nobody" }, []],
    ["of a call that goes on, with edges behind its last message", { calls: ["one"], open: true }, [1, 2, 3, 5, 6, 7]],
    ["of one that hasn't begun, without edges", { calls: ["three"], open: true }, []],
  ])("%s", (_, question, seqs) => {
    expect(seqsOf(question)).toEqual(seqs);
  });
});

test("a further piece has the edges before its first message, and of a call that goes on those behind all messages", () => {
  const behind = (after: number, open: boolean) => {
    const rest = ENTRIES.filter(({ seq }) => seq > after);
    return tracedEntries(rest, { calls: ["one"], after, open }, timeOf).entries.map(({ seq }) => seq);
  };
  expect(behind(2, false)).toEqual([3, 5, 6]);
  expect(behind(6, false)).toEqual([]);
  expect(behind(6, true)).toEqual([7]);
});

test("each entry has its time of day, and a message its Call-ID", () => {
  const [first, second] = tracedEntries(ENTRIES, {}, timeOf).entries;
  expect(first).toMatchObject({ seq: 1, at: "1970-01-01T00:00:00.001Z", call_id: "one" });
  expect(second).toMatchObject({ kind: "decision", call_id: "one", why: "upstream is up" });
});

test("many come in pieces, of which none is left out nor told twice", () => {
  const many = Array.from({ length: 500 }, (_, index) =>
    message(index + 1, request("INVITE", `c${index}`, "201", "202")),
  );
  const seqs: number[] = [];
  let pieces = 0;
  for (let after: number | undefined = 0; after !== undefined; pieces++) {
    const start = after;
    const behind = many.filter(({ seq }) => seq > start);
    const page: ReturnType<typeof tracedEntries> = tracedEntries(behind, { after }, timeOf);
    expect(JSON.stringify(page).length).toBeLessThan(70_000);
    seqs.push(...page.entries.map(({ seq }) => seq));
    after = page.next;
  }
  expect(pieces).toBeGreaterThan(2);
  expect(seqs).toEqual(many.map(({ seq }) => seq));
});

const SECRETS = [
  "5ccc069c403ebaf9f0171e9517f40e41",
  "0a4f113b",
  "geheim",
  "inline:WVNfX19zZW1jdGwg",
  "YWxpY2U6cGFzcw==",
];
const BODY = "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwg\r\n";
const DIGEST = 'Digest username="201", nonce="dc1", cnonce="0a4f113b",\r\n response="5ccc069c403ebaf9f0171e9517f40e41"';

test.each([
  ["Authorization", `Authorization: ${DIGEST}\r\n`],
  ["Proxy-Authorization in other letters", `proxy-authorization : ${DIGEST}\r\n`],
  ["Basic", "Authorization: Basic YWxpY2U6cGFzcw==\r\n"],
  ["an unknown scheme", "Authorization: geheim\r\n"],
  ["Authentication-Info", 'Authentication-Info: rspauth="5ccc069c403ebaf9f0171e9517f40e41"\r\n'],
  ["the password of a URI", "Contact: <sip:201:geheim@10.222.237.21>\r\n"],
  ["a body", `Content-Type: application/sdp\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`],
  ["a body behind lines without CR", `l: ${BODY.length}\n\n${BODY}`],
])("%s is masked, and the message stays one", (_, rest) => {
  const wire = request("INVITE", "one", "201", "5551234", rest);
  expect(SECRETS.some((secret) => wire.includes(secret))).toBe(true);
  const told = masked(wire);
  expect(SECRETS.filter((secret) => told.includes(secret))).toEqual([]);
  expect(told).toMatch(/masked/i);
  expect(told.startsWith(wire.slice(0, wire.indexOf("CSeq")))).toBe(true);
  expect(told).toMatch(/\r?\n\r?\n$/);
  expect(told.toLowerCase()).not.toMatch(/(content-length|\nl): [1-9]/);
});

test("what has no secret stays as it is; a list of URIs with ports has no password", () => {
  const wire = request(
    "INVITE",
    "one",
    "201",
    "1",
    "Route: <sip:10.1.1.1:5060;lr>, <sip:a@10.1.1.2:5060>\r\nContent-Length: 0\r\n",
  );
  expect(masked(wire)).toBe(wire);
  expect(masked("garbage")).toBe("garbage");
  expect(masked("")).toBe("");
});

test("credentials and bodies are told to who asks for them", () => {
  const wire = request("INVITE", "one", "201", "5551234", `Authorization: ${DIGEST}\r\n`);
  const [told] = tracedEntries([message(1, wire)], {}, timeOf).entries;
  const [all] = tracedEntries([message(1, wire)], { unmasked: true }, timeOf).entries;
  expect(told).toMatchObject({ wire: masked(wire) });
  expect(all).toMatchObject({ wire });
});
