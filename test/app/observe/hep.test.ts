/** Packets of HEP version 3, read by a reader of our own, by sngrep's and by tshark. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type HepMessage, hepMessage, hepPacket } from "../../../src/app/observe/hep.ts";
import { describeWith, pathOf } from "../../peers/support/peers.ts";

const AGENT = { id: 17, name: "branch-17" };
const INVITE =
  "INVITE sip:201@10.222.237.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.222.237.9;branch=z9hG4bKa\r\nMax-Forwards: 70\r\n" +
  "From: <sip:\u00c3\u00a4@x>;tag=1\r\nTo: <sip:201@x>\r\nCall-ID: call-7@x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

const message = (changes: Partial<HepMessage> = {}): HepMessage => ({
  wire: INVITE,
  from: { address: "10.222.237.9", port: 5062 },
  to: { address: "10.222.237.1", port: 5060 },
  layer: "udp",
  wall_ms: 1_796_000_000_123.456,
  call_id: "call-7@x",
  ...changes,
});

/** Chunk type → its octets as hexadecimal digits. */
function chunksOf(packet: string): ReadonlyMap<number, string> {
  const bytes = Buffer.from(packet, "latin1");
  expect(bytes.toString("latin1", 0, 4)).toBe("HEP3");
  expect(bytes.readUInt16BE(4)).toBe(bytes.length);
  const found = new Map<number, string>();
  for (let at = 6; at < bytes.length; at += bytes.readUInt16BE(at + 4)) {
    expect(bytes.readUInt16BE(at)).toBe(0);
    found.set(bytes.readUInt16BE(at + 2), bytes.toString("hex", at + 6, at + bytes.readUInt16BE(at + 4)));
  }
  return found;
}

const hex = (text: string) => Buffer.from(text, "latin1").toString("hex");

test("a message of IPv4 says who sent it to whom, when, in which call, and all of itself", () => {
  const chunks = chunksOf(hepPacket(message(), AGENT) ?? "");
  expect(Object.fromEntries(chunks)).toEqual({
    1: "02",
    2: "11",
    3: "0adeed09",
    4: "0adeed01",
    7: "13c6",
    8: "13c4",
    9: (1_796_000_000).toString(16),
    10: (123_456).toString(16).padStart(8, "0"),
    11: "01",
    12: "00000011",
    15: hex(INVITE),
    17: hex("call-7@x"),
    19: hex("branch-17"),
  });
});

test.each([
  ["2001:db8::9", "20010db8000000000000000000000009"],
  ["::1", "00000000000000000000000000000001"],
  ["fe80::1:0:0:2", "fe800000000000000001000000000002"],
  ["2001:db8:1:2:3:4:5:6", "20010db8000100020003000400050006"],
])("IPv6: %s", (address, octets) => {
  const chunks = chunksOf(
    hepPacket(message({ from: { address, port: 1 }, to: { address: "::1", port: 2 } }), AGENT) ?? "",
  );
  expect([chunks.get(1), chunks.get(5), chunks.has(3)]).toEqual(["0a", octets, false]);
});

test("an IPv4 address in IPv6's clothes is one of IPv4; two versions make no packet, nor does what is no address", () => {
  const mapped = { address: "::ffff:10.222.237.9", port: 1 };
  expect(chunksOf(hepPacket(message({ from: mapped }), AGENT) ?? "").get(3)).toBe("0adeed09");
  expect(hepPacket(message({ from: { address: "::1", port: 1 } }), AGENT)).toBeUndefined();
  expect(hepPacket(message({ from: { address: "pbx.example.com", port: 1 } }), AGENT)).toBeUndefined();
});

test("a message of 65 kB and a Call-ID without end still fit into a datagram", () => {
  const packet = hepPacket(message({ wire: "x".repeat(70_000), call_id: "y".repeat(70_000) }), AGENT) ?? "";
  expect(packet.length).toBe(65_507);
  expect(chunksOf(packet).get(17)).toBe(hex("y".repeat(256)));
});

/** What sngrep takes out of the packets, as tshark reads it: a line of these fields for each. */
function decoded(packets: readonly (string | undefined)[], fields: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "branchline-hep-"));
  const [given, taken] = [join(folder, "hep.pcap"), join(folder, "sip.pcap")];
  try {
    writeFileSync(given, pcap(packets.map((one) => Buffer.from(one ?? "", "latin1"))));
    execFileSync(pathOf("sngrep"), ["-F", "-E", "-N", "-q", "-I", given, "-O", taken], { stdio: "ignore" });
    const wanted = fields.flatMap((field) => ["-e", field]);
    const shown = execFileSync(
      pathOf("tshark"),
      ["-r", taken, "-d", "udp.port==5062,sip", "-T", "fields", "-E", "separator=|", ...wanted],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    // sngrep writes each of them twice.
    return [...new Set(shown.trim().split("\n"))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeWith(["sngrep", "tshark"], "what sngrep takes out of packets", () => {
  test("is the SIP that was put in, as tshark reads it: addresses, ports, time, and nothing that is malformed", () => {
    const answer = message({
      wire: INVITE.replace("INVITE sip:201@10.222.237.1 SIP/2.0", "SIP/2.0 486 Busy Here"),
      from: message().to,
      to: message().from,
      wall_ms: message().wall_ms + 20,
    });
    const fields = [
      ...["frame.time_epoch", "ip.src", "udp.srcport", "ip.dst", "udp.dstport"],
      ...["sip.Request-Line", "sip.Status-Line", "sip.Call-ID", "_ws.malformed"],
    ];
    const packets = [message(), answer].map((one) => hepPacket(one, AGENT));
    expect(decoded(packets, fields)).toEqual([
      "1796000000.123456000|10.222.237.9|5062|10.222.237.1|5060|INVITE sip:201@10.222.237.1 SIP/2.0||call-7@x|",
      "1796000000.143456000|10.222.237.1|5060|10.222.237.9|5062||SIP/2.0 486 Busy Here|call-7@x|",
    ]);
  });

  test("has neither credentials nor a body where they are masked, and both where they aren't", () => {
    const secret =
      'Authorization: Digest username="201", realm="x", nonce="n", uri="sip:x", response="0123456789abcdef"';
    const body =
      "v=0\r\no=- 1 1 IN IP4 10.222.237.9\r\ns=-\r\nc=IN IP4 10.222.237.9\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";
    const wire = `${INVITE.replace("Content-Length: 0\r\n\r\n", "")}${secret}\r\nContent-Type: application/sdp\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const entry = {
      ...({ kind: "in", seq: 1, at_ms: 0, wire, protocol: "udp" } as const),
      ...{ local: "10.222.237.1", local_port: 5060, remote: "10.222.237.9", remote_port: 5062 },
    };
    const fields = ["ip.src", "sip.Method", "sip.auth.digest.response", "sdp.media", "sip.Call-ID", "_ws.malformed"];
    const shown = (isMasked: boolean) =>
      decoded([hepPacket(hepMessage(entry, isMasked, 1_796_000_000_000), AGENT)], fields);
    expect(shown(true)).toEqual(['10.222.237.9|INVITE|"masked"||call-7@x|']);
    expect(shown(false)).toEqual(['10.222.237.9|INVITE|"0123456789abcdef"|audio 9 RTP/AVP 0|call-7@x|']);
  });
});

/** What tshark makes of the packets by `hep3.lua`: a line of these fields for each. */
function dissected(packets: readonly (string | undefined)[], fields: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "branchline-hep-"));
  const given = join(folder, "hep.pcap");
  try {
    writeFileSync(given, pcap(packets.map((one) => Buffer.from(one ?? "", "latin1"))));
    const lua = ["-X", `lua_script:${fileURLToPath(new URL("hep3.lua", import.meta.url))}`];
    const wanted = fields.flatMap((field) => ["-e", field]);
    const read = ["-r", given, ...lua, "-T", "fields", "-E", "separator=|", ...wanted];
    const shown = execFileSync(pathOf("tshark"), read, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    return shown.trimEnd().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeWith(["tshark"], "packets in tshark", () => {
  test("each chunk is what was meant, and the payload is SIP; IPv6 too; nothing is malformed", () => {
    const six = { from: { address: "2001:db8::9", port: 1 }, to: { address: "::1", port: 2 }, layer: "tcp" } as const;
    const fields = [
      ...["hep3.src", "hep3.src6", "hep3.srcport", "hep3.dst", "hep3.dst6", "hep3.dstport", "hep3.protocol"],
      ...["hep3.seconds", "hep3.microseconds", "hep3.type", "hep3.agent", "hep3.node", "hep3.correlation"],
      ...["sip.Request-Line", "sip.Call-ID", "_ws.malformed", "_ws.expert.severity"],
    ];
    const packets = [message(), message(six)].map((one) => hepPacket(one, AGENT));
    const rest = "1796000000|123456|1|17|branch-17|call-7@x|INVITE sip:201@10.222.237.1 SIP/2.0|call-7@x||";
    expect(dissected(packets, fields)).toEqual([
      `10.222.237.9||5062|10.222.237.1||5060|17|${rest}`,
      `|2001:db8::9|1||::1|2|6|${rest}`,
    ]);
  });
});

/** Datagrams to port 9060, each in a packet of IPv4, as a file of libpcap's (LINKTYPE_ETHERNET). */
function pcap(datagrams: readonly Buffer[]): Buffer {
  const head = Buffer.from("d4c3b2a1020004000000000000000000ffff000001000000", "hex");
  return Buffer.concat([
    head,
    ...datagrams.flatMap((datagram) => {
      const length = 42 + datagram.length;
      const record = Buffer.alloc(16);
      record.writeUInt32LE(length, 8);
      record.writeUInt32LE(length, 12);
      const ip = Buffer.from("450000000000000040110000c0000201c0000202c000236400000000", "hex");
      ip.writeUInt16BE(28 + datagram.length, 2);
      ip.writeUInt16BE(8 + datagram.length, 24);
      return [record, Buffer.from("0200000000010200000000020800", "hex"), ip, datagram];
    }),
  ]);
}
