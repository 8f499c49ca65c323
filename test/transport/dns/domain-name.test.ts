/** Names as text and on the wire: escapes, lengths, pointers. */
import { describe, expect, test } from "vitest";
import { encodeName, readName } from "../../../src/transport/dns/domain-name.ts";

const HEADER = "\0".repeat(12);

describe("text to wire", () => {
  test.each([
    ["pbx.example.com", "\x03pbx\x07example\x03com\0"],
    ["pbx.example.com.", "\x03pbx\x07example\x03com\0"],
    ["PBX", "\x03PBX\0"],
    ["_sip._udp.a_b-1.example", "\x04_sip\x04_udp\x05a_b-1\x07example\0"],
    ["a\\.b.c", "\x03a.b\x01c\0"],
    ["a\\\\b", "\x03a\\b\0"],
    ["a\\065\\000\\255", "\x04aA\0\xff\0"],
    ["\\@.c", "\x01@\x01c\0"],
    ["caf\xc3\xa9.example", "\x05caf\xc3\xa9\x07example\0"],
    ["with space.example", "\x0awith space\x07example\0"],
  ])("%j", (text, wire) => {
    expect(encodeName(text)).toBe(wire);
  });

  test.each(["", ".", "..", ".a", "a..b", "a.b..", "a\\256", "a\\999", "caf\u0107", "a\uffffb"])(
    "%j is no name",
    (text) => {
      expect(encodeName(text)).toBeUndefined();
    },
  );

  test("a label has 63 octets at the most, and a name 255 with its lengths and its end", () => {
    const longest = "x".repeat(63);
    expect(encodeName(`${longest}.c`)).toHaveLength(67);
    expect(encodeName(`${longest}x.c`)).toBeUndefined();
    expect(encodeName(`${"\\065".repeat(63)}.c`)).toHaveLength(67);
    const whole = `${longest}.${longest}.${longest}.${"x".repeat(61)}`;
    expect(encodeName(whole)).toHaveLength(255);
    expect(encodeName(`${whole}.`)).toHaveLength(255);
    expect(encodeName(`${whole}x`)).toBeUndefined();
    expect(encodeName("a.".repeat(127))).toHaveLength(255);
    expect(encodeName("a.".repeat(128))).toBeUndefined();
  });
});

describe("wire to text", () => {
  test("lower case, escapes, the root", () => {
    expect(readName("\x03PbX\x07EXAMPLE\0", 0)).toEqual({ name: "pbx.example", end: 13 });
    expect(readName("\x05a.B\\ \x02\xc3\x89\0", 0)).toEqual({ name: "a\\.b\\\\\\032.\\195\\137", end: 10 });
    expect(readName("\0", 0)).toEqual({ name: "", end: 1 });
  });

  test("what it says is written back as it was", () => {
    const wire = "\x05a.b\\ \x02\xc3\x89\x01@\0";
    expect(encodeName(readName(wire, 0)?.name ?? "")).toBe(wire);
  });

  test("a pointer continues an earlier name; the end is behind the first pointer", () => {
    const wire = `${HEADER}\x07example\0\x03pbx\xc0\x0c\x01a\xc0\x15`;
    expect(readName(wire, 21)).toEqual({ name: "pbx.example", end: 27 });
    expect(readName(wire, 27)).toEqual({ name: "a.pbx.example", end: 31 });
    expect(readName(wire, 25)).toEqual({ name: "example", end: 27 });
  });

  test.each([
    ["at itself", `${HEADER}\xc0\x0c`, 12],
    ["at the beginning of its own name", `${HEADER}\x01a\xc0\x0c`, 12],
    ["at one that points back", `${HEADER}\xc0\x0e\xc0\x0c`, 12],
    ["at two that point at each other", `${HEADER}\xc0\x0e\xc0\x0c\xc0\x0c`, 16],
    ["at the label before it", `${HEADER}\x01a\x01b\xc0\x0e`, 12],
    ["forwards", `${HEADER}\xc0\x0e\0`, 12],
    ["beyond the end", `${HEADER}\xff\xff`, 12],
    ["into the header", `${HEADER}\xc0\x02`, 12],
    ["nowhere, cut off", `${HEADER}\xc0`, 12],
  ])("a pointer %s is malformed", (_, wire, start) => {
    expect(readName(wire, start)).toBeUndefined();
  });

  test.each([
    ["no end", "\x01a"],
    ["a label that is cut off", "\x05abc"],
    ["nothing", ""],
    ["a length of the kinds that are no more (RFC 6891 §5)", `\x41${"a".repeat(65)}\0`],
    ["the other kind", `\x81${"a".repeat(129)}\0`],
  ])("%s is malformed", (_, wire) => {
    expect(readName(wire, 0)).toBeUndefined();
  });

  test("a name of 255 octets is read, also over pointers, and a longer one isn't", () => {
    const label = `\x3f${"x".repeat(63)}`;
    const most = `${label}${label}${label}\x3d${"x".repeat(61)}\0`;
    expect(readName(most, 0)?.end).toBe(255);
    expect(readName(`${label}${label}${label}\x3e${"x".repeat(62)}\0`, 0)).toBeUndefined();
    const rest = `${HEADER}${label}${label}${label}\0`;
    expect(readName(`${rest}\x3d${"x".repeat(61)}\xc0\x0c`, rest.length)?.name).toHaveLength(253);
    expect(readName(`${rest}\x3e${"x".repeat(62)}\xc0\x0c`, rest.length)).toBeUndefined();
  });

  test("a long chain of pointers that lead back is followed to its end", () => {
    let wire = `${HEADER}\x01a\0`;
    let last = 12;
    for (let hop = 0; hop < 1_000; hop++) {
      const next = wire.length;
      wire += `\xc0${String.fromCharCode(last & 255)}`.replace("\xc0", String.fromCharCode(0xc0 | (last >> 8)));
      last = next;
    }
    expect(readName(wire, last)).toEqual({ name: "a", end: wire.length });
  });
});
