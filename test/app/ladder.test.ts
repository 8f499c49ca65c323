/** Ladders of calls, and captures: what is made of the journal's entries. */
import { expect, test } from "vitest";
import type { JournalEntry, KeptMessage } from "../../src/app/observe/journal-entry.ts";
import { ladderOf } from "../../src/app/observe/ladder.ts";
import { pcapPacket, pcapStart } from "../../src/app/observe/pcap.ts";
import { tracedEntry } from "../../src/app/observe/trace.ts";
import { partiesText, stepsText } from "../../src/app/words/trace-words.ts";
import { withoutInk } from "../../src/base/ink.ts";

const LOCAL = { local: "10.222.237.1", local_port: 5060, protocol: "udp", remote_port: 5060 } as const;
const PHONE = "10.222.237.21";
const PBX = "198.51.100.10";
const GATEWAY = "10.10.1.3";
const PEERS = {
  upstream: [{ name: "pbx.example.com", addresses: [PBX] }],
  gateways: [{ name: "isdn", addresses: [`${GATEWAY}:5060`] }],
};

function wireOf(first: string, method: string, body = ""): string {
  const lines = [
    first,
    "From: <sip:201@pbx.example.com>;tag=1",
    "To: <sip:5551234@pbx.example.com>",
    "Call-ID: c",
    `CSeq: 1 ${method}`,
    `Content-Length: ${body.length}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
const request = (method: string, body = "") => wireOf(`${method} sip:5551234@pbx.example.com SIP/2.0`, method, body);
const response = (status: string, method = "INVITE") => wireOf(`SIP/2.0 ${status}`, method);

type Without<E> = E extends unknown ? Omit<E, "seq" | "at_ms"> : never;
type Told = readonly ["in" | "out", string, string] | Without<Exclude<JournalEntry, KeptMessage>>;

/** A millisecond between one and the next. */
function entriesOf(told: readonly Told[]) {
  return told.map((one, index) => {
    const place = { seq: index + 1, at_ms: index };
    const entry = (
      Array.isArray(one) ? { ...LOCAL, ...place, kind: one[0], remote: one[1], wire: one[2] } : { ...one, ...place }
    ) as JournalEntry;
    return tracedEntry(entry, new Date(index).toISOString());
  });
}

const edge = {
  at_ms: 0,
  role: "upstream",
  name: "pbx.example.com",
  from: "up",
  to: "down",
  evidence: "request unanswered",
} as const;
const CALL: readonly Told[] = [
  ["in", PHONE, request("INVITE", "v=0\r\n")],
  ["out", PHONE, response("100 Trying")],
  { kind: "decision", method: "INVITE", call_id: "c", rule: "call", why: "upstream first" },
  ["out", PBX, request("INVITE", "v=0\r\n")],
  ["out", PBX, request("INVITE", "v=0\r\n")],
  { kind: "edge", edge },
  ["out", PHONE, response("181 Call Is Being Forwarded")],
  { kind: "stage", method: "INVITE", call_id: "c", stage: "fork", what: "gateway isdn" },
  ["out", GATEWAY, request("INVITE", "v=0\r\n")],
  ["in", GATEWAY, response("180 Ringing")],
  ["out", PHONE, response("180 Ringing")],
  ["in", GATEWAY, response("200 OK")],
  ["out", PHONE, response("200 OK")],
  ["in", GATEWAY, request("BYE")],
  ["out", PHONE, request("BYE")],
  ["in", PHONE, response("200 OK", "BYE")],
  { kind: "drop", reason: "faulty" },
];

function textOf(told: readonly Told[], width: number): string {
  const reader = { width, local: () => ({ date: "", time: "", zone: "" }) };
  const ladder = ladderOf(entriesOf(told), PEERS);
  return withoutInk(partiesText(ladder, reader) + stepsText(ladder, reader, false));
}

test("a call through the gateway after upstream's silence", () => {
  expect(textOf(CALL, 99)).toBe(
    `
          201                      branchline               upstream pbx.example.com gateway isdn
          10.222.237.21:5060                                198.51.100.10:5060       10.10.1.3:5060
   0.000  |----- INVITE +body ---->|                        |                        |  calling
   0.001  |<----- 100 Trying ------|                        |                        |
   0.002  |                        | rule call: upstream first
   0.003  |                        |----- INVITE +body ---->|                        |
   0.004  |                        |-- INVITE +body again ->|                        |
   0.005  |                        | pbx.example.com: up to down, no answer to a request
   0.006  |<- 181 Call Is Being ---|                        |                        |
          |       Forwarded        |                        |                        |
   0.007  |                        | next: gateway isdn
   0.008  |                        |----------------- INVITE +body ----------------->|
   0.009  |                        |<----------------- 180 Ringing ------------------|
   0.010  |<---- 180 Ringing ------|                        |                        |  ringing
   0.011  |                        |<------------------- 200 OK ---------------------|
   0.012  |<------- 200 OK --------|                        |                        |  up
   0.013  |                        |<--------------------- BYE ----------------------|  ended
   0.014  |<-------- BYE ----------|                        |                        |
   0.015  |----- 200 OK (BYE) ---->|                        |                        |
   0.016  |                        | dropped: faulty
`.slice(1),
  );
});

test("of a cluster, branchline has its member's name, and what another member has passed on says by whom", () => {
  const told: Told[] = [
    ["in", PHONE, request("INVITE")],
    ["out", PBX, request("INVITE")],
    ["in", PBX, response("180 Ringing")],
    { kind: "passed", method: "INVITE", call_id: "c", member: "node1" },
  ];
  const [first, ...others] = entriesOf(told);
  if (first === undefined) throw new Error("no entry");
  const reader = { width: 120, local: () => ({ date: "", time: "", zone: "" }) };
  const ladder = ladderOf([{ ...first, member: "node3" } as typeof first, ...others], {
    ...PEERS,
    cluster: { name: "node2" },
  });
  const text = withoutInk(partiesText(ladder, reader) + stepsText(ladder, reader, false));
  expect(text).toMatch(/^ {10}201 +branchline node2 +upstream pbx\.example\.com\n/);
  expect(text).toMatch(/\n {3}0\.000 {2}\|-+ INVITE by node3 -+>\| +\| {2}calling\n/);
  expect(text).toMatch(/\n {3}0\.001 {2}\| +\|-+ INVITE -+>\|\n/);
  expect(text).toMatch(/\n {3}0\.003 {2}\| +\| passed on to node1\n$/);
});

test("a wide terminal has names and messages in one line each", () => {
  const text = textOf(CALL, 200);
  expect(text).toMatch(/^ {10}201 +branchline +upstream pbx\.example\.com +gateway isdn\n/);
  expect(text).toContain("|<---- 181 Call Is Being Forwarded -----|");
});

test("where there is little room, no name, address or message is cut", () => {
  const long = { ...PEERS, upstream: [{ name: "pbx.headquarters.example.com", addresses: [PBX] }] };
  const told: Told[] = [...CALL, ["out", PHONE, response("407 Proxy Authentication Required")]];
  const reader = { width: 80, local: () => ({ date: "", time: "", zone: "" }) };
  const ladder = ladderOf(entriesOf(told), long);
  const lines = withoutInk(partiesText(ladder, reader) + stepsText(ladder, reader, false)).split("\n");
  expect(lines.slice(0, 5)).toEqual([
    "          201                branchline         upstream           gateway isdn",
    "                                                pbx.headquarters.",
    "                                                example.com",
    "          10.222.237.21:5060                    198.51.100.10:5060 10.10.1.3:",
    "                                                                   5060",
  ]);
  const at = lines.findIndex((line) => line.includes("407"));
  expect(lines.slice(at, at + 3)).toEqual([
    "   0.017  |<-- 407 Proxy ----|                  |                  |",
    "          |  Authentication  |                  |                  |",
    "          |     Required     |                  |                  |",
  ]);
  expect(lines.filter(({ length }) => length > 80)).toEqual([]);
});

test("a terminal that is too narrow for lines has a sentence for each message", () => {
  expect(textOf(CALL.slice(0, 4), 40)).toContain(
    "   0.000  201 10.222.237.21:5060 > branchline: INVITE +body  calling\n",
  );
});

test.each([
  ["302 Moved Temporarily", "redirected"],
  ["486 Busy Here", "failed"],
  ["407 Proxy Authentication Required", undefined],
  ["183 Session Progress", "ringing"],
])("after %s the call is %s", (status, phase) => {
  const { steps } = ladderOf(
    entriesOf([
      ["in", PHONE, request("INVITE")],
      ["out", PHONE, response(status)],
    ]),
    PEERS,
  );
  expect(steps.map((step) => (step.kind === "message" ? step.state : ""))).toEqual(["calling", phase]);
});

test("what the caller cancels is cancelled, and its 487 changes nothing of that", () => {
  const told: Told[] = [
    ["in", PHONE, request("INVITE")],
    ["in", PHONE, request("CANCEL")],
    ["out", PHONE, response("487 Request Terminated")],
  ];
  const { steps } = ladderOf(entriesOf(told), PEERS);
  expect(steps.map((step) => (step.kind === "message" ? step.state : ""))).toEqual(["calling", "cancelled", undefined]);
});

test("no width and no message breaks a ladder", () => {
  for (const width of [40, 47, 60, 80, 81, 200]) {
    const odd: Told[] = [
      ...CALL,
      ["in", "2001:db8::1", "garbage"],
      ["in", "2001:db8::2", ""],
      ["out", PHONE, "SIP/2.0 \r\n\r\n"],
    ];
    expect(textOf(odd, width).split("\n").length).toBeGreaterThan(odd.length);
  }
});

/** RFC 1071: what is summed with its checksum is 0xffff. */
function sumOf(octets: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < octets.length; at += 2) sum += (octets[at] ?? 0) * 256 + (octets[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum;
}

function messageOf(kind: "in" | "out", local: string, remote: string, wire: string): KeptMessage {
  return { ...LOCAL, kind, seq: 1, at_ms: 0, local, remote, wire };
}

test("a capture begins with its section and an interface of raw IP packets", () => {
  const start = Buffer.from(pcapStart());
  expect(start.readUInt32LE(0)).toBe(0x0a0d0d0a);
  expect(start.readUInt32LE(8)).toBe(0x1a2b3c4d);
  const [length, next] = [start.readUInt32LE(4), start.readUInt32LE(4) + 4];
  expect(start.readUInt32LE(length)).toBe(1);
  expect(start.readUInt16LE(next + 4)).toBe(101);
  expect(start.length).toBe(length + start.readUInt32LE(next));
});

test.each([
  ["an even number of octets", "INVITE sip:a SIP/2.0\r\n\r\n", ""],
  ["an odd one, and a comment", "BYE sip:ab SIP/2.0\r\n\r\n!", "tls; Größe"],
  ["octets above 127", "\xff\xfe\x80", "x"],
  ["none", "", ""],
])("a packet of IPv4: %s", (_, wire, comment) => {
  const octets = Buffer.from(pcapPacket(messageOf("in", "10.222.237.1", PHONE, wire), 1_700_000_000_123, comment));
  expect(octets.length % 4).toBe(0);
  expect(octets.readUInt32LE(octets.length - 4)).toBe(octets.length);
  expect(octets.readUInt32LE(12) * 2 ** 32 + octets.readUInt32LE(16)).toBe(1_700_000_000_123_000);
  const length = octets.readUInt32LE(20);
  const ip = [...octets.subarray(28, 28 + length)];
  expect(length).toBe(28 + wire.length);
  expect(ip.slice(12, 20)).toEqual([10, 222, 237, 21, 10, 222, 237, 1]);
  expect(sumOf(ip.slice(0, 20))).toBe(0xffff);
  expect(sumOf([...ip.slice(12, 20), 0, 17, ip[24] ?? 0, ip[25] ?? 0, ...ip.slice(20)])).toBe(0xffff);
  expect(Buffer.from(ip.slice(28)).toString("latin1")).toBe(wire);
  expect(octets.toString("utf8")).toContain(comment);
});

test.each([
  ["2001:db8::1", "20010db8000000000000000000000001"],
  ["::1", "00000000000000000000000000000001"],
  ["fe80::1%eth0", "fe800000000000000000000000000001"],
  ["2001:db8:1:2:3:4:5:6", "20010db8000100020003000400050006"],
  ["::ffff:10.1.2.3", "00000000000000000000ffff0a010203"],
])("a packet of IPv6 from %s", (remote, hex) => {
  const octets = Buffer.from(pcapPacket(messageOf("out", "2001:db8::ff", remote, "abc"), 0, ""));
  const ip = [...octets.subarray(28, 28 + octets.readUInt32LE(20))];
  expect(Buffer.from(ip.slice(24, 40)).toString("hex")).toBe(hex);
  expect(sumOf([...ip.slice(8, 40), 0, 0, 0, 11, 0, 0, 0, 17, ...ip.slice(40)])).toBe(0xffff);
  expect(ip.slice(4, 8)).toEqual([0, 11, 17, 64]);
});

test("a message that is longer than a datagram is cut, and the packet stays one", () => {
  const octets = Buffer.from(pcapPacket(messageOf("in", "10.222.237.1", PHONE, "x".repeat(200_000)), 0, ""));
  expect(octets.readUInt32LE(20)).toBe(65_028);
});
