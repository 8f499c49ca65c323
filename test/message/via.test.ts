/** Via values: RFC 3261 §20.42, RFC 3581. */
import { describe, expect, test } from "vitest";
import { parseVia, type Via } from "../../src/message/via.ts";

function via(text: string): Via {
  const parsed = parseVia(text, 0, text.length);
  if (parsed === undefined) throw new Error(`no Via: ${text}`);
  return parsed;
}

describe("parseVia", () => {
  const good: readonly (readonly [text: string, parts: Partial<Via>])[] = [
    [
      "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1",
      { transport: "UDP", host: "10.0.0.1", port: 5070, branch: "z9hG4bK1" },
    ],
    [
      "SIP/2.0/UDP host",
      { host: "host", port: 0, branch: "", received: undefined, maddr: undefined, rport: undefined },
    ],
    ["SIP/2.0/tls Host.Example.COM", { transport: "TLS", host: "host.example.com" }],
    ["sip/2.0/udp h", { transport: "UDP" }],
    ["SIP / 2.0 / UDP   h : 5060 ; branch = z9", { host: "h", port: 5060, branch: "z9" }],
    ["SIP/2.0\r\n /UDP\r\n\th;branch=\r\n z9", { host: "h", branch: "z9" }],
    ["SIP/7.0/UDP h;branch=z9", { host: "h", branch: "z9" }],
    ["SIP/2.0/UDP [2001:DB8::1]:5060;branch=b", { host: "2001:db8::1", port: 5060, branch: "b" }],
    ["SIP/2.0/UDP [2001:db8:0:0:0:0:0:1]", { host: "2001:db8::1", port: 0 }],
    ["SIP/2.0/UDP h;received=10.0.0.9;maddr=224.0.0.1;ttl=1", { received: "10.0.0.9", maddr: "224.0.0.1" }],
    ["SIP/2.0/UDP h;received=[2001:DB8::9];branch=b", { received: "2001:db8::9", branch: "b" }], // RFC 5118 §4.5
    ["SIP/2.0/UDP h;received=2001:db8::9;branch=b", { received: "2001:db8::9", branch: "b" }],
    ["SIP/2.0/UDP h;RPORT;Branch=b", { rport: -1, branch: "b" }],
    ["SIP/2.0/UDP h;rport=5071;branch=b", { rport: 5071 }],
    ["SIP/2.0/UDP h;rport=;branch=b", { rport: -1 }],
    ['SIP/2.0/UDP h;x="a;branch=no, y";branch=b', { branch: "b" }],
    ["SIP/2.0/UDP h;hidden;branch=b", { branch: "b", hasEmptyParameter: false }],
    ["SIP/2.0/UDP h;;branch=b", { branch: "b", hasEmptyParameter: true }],
    ["SIP/2.0/UDP h;", { hasEmptyParameter: true }],
  ];

  test.each(good)("%j", (text, parts) => {
    expect(via(text)).toMatchObject(parts);
  });

  test.each([
    "",
    "SIP/2.0/UDP",
    "SIP/2.0/UDP ",
    "SIP/2.0 h",
    "HTTP/2.0/UDP h",
    "SIP//UDP h",
    "SIP/2.0/UDPh",
    "SIP/2.0/UDP ;branch=b",
    "SIP/2.0/UDP h:",
    "SIP/2.0/UDP h:0",
    "SIP/2.0/UDP h:65536",
    "SIP/2.0/UDP h:x",
    "SIP/2.0/UDP h x",
    "SIP/2.0/UDP h;branch=b x",
    "SIP/2.0/UDP [::1",
  ])("%j is malformed", (text) => {
    expect(parseVia(text, 0, text.length)).toBeUndefined();
  });

  test("one with more parameters than any real one isn't read to its end, however long it is", () => {
    const via = (parameters: number) => `SIP/2.0/UDP a;branch=z9hG4bKx${";a".repeat(parameters - 1)}`;
    expect([64, 65, 30_000].map((count) => parseVia(via(count), 0, via(count).length)?.branch)).toEqual([
      "z9hG4bKx",
      undefined,
      undefined,
    ]);
  });

  test("a value ends at its comma, and the next begins behind it", () => {
    const list = "SIP/2.0/UDP a;branch=1 , SIP/2.0/UDP b;branch=2,SIP/2.0/UDP c";
    const first = via(list);
    expect(list[first.end]).toBe(",");
    const second = parseVia(list, first.end + 1, list.length);
    expect(second).toMatchObject({ host: "b", branch: "2" });
    const third = parseVia(list, (second?.end ?? 0) + 1, list.length);
    expect(third).toMatchObject({ host: "c", end: list.length });
  });

  test("what stands behind the given end isn't read", () => {
    const text = "SIP/2.0/UDP a;branch=12345";
    expect(parseVia(text, 0, text.length - 3)).toMatchObject({ branch: "12", end: text.length - 3 });
    expect(parseVia("SIP/2.0/UDP [::1]", 0, 15)).toBeUndefined();
  });

  test("rportEnd is where a value can be put in", () => {
    const text = "SIP/2.0/UDP a;rport;branch=1";
    expect(text.slice(0, via(text).rportEnd)).toBe("SIP/2.0/UDP a;rport");
  });
});
