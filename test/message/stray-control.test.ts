/** What a backslash makes of control characters: legal in quoted strings, and nowhere else (RFC 3261 §25.1). */
import { describe, expect, test } from "vitest";
import { parse } from "../../src/message/parse.ts";
import { readRequest, request, requestText, responseText } from "../support/messages.ts";
import { processorTime_ms } from "../support/processor-time.ts";

const REFUSED = { status: 400, reason: "Bare CR, LF or NUL in the header" };

/** [field, value with ! in place of a backslash and the character at hand] */
const OUTSIDE: readonly (readonly [field: string, value: string])[] = [
  ["Call-ID", "a!b@host"],
  ["Call-ID", '"a!b"@host'],
  ["i", '"a!b"'],
  ["From", "Joe! <sip:a@b>;tag=1"],
  ["From", "<sip:a!@b>;tag=1"],
  ["From", '<sip:"!"@b>;tag=1'],
  ["From", "<sip:a@b>;tag=1!"],
  ["f", '"Joe" ! <sip:a@b>;tag=1'],
  ["To", "sip:a@b;x=!"],
  ["Contact", "<sip:a@b>;+x=!"],
  ["m", '"a" <sip:a@b>, ! "b" <sip:c@d>'],
  ["Via", "SIP/2.0/UDP b;branch=z9hG4bK!1"],
  ["Via", 'SIP/2.0/UDP b;x="a";y=!'],
  ["Route", "<sip:a@b;lr;x=!>"],
  ["Record-Route", "<sip:a@b;lr>;x=!"],
  ["Subject", "a!b"],
  ["X-Any", '"open!'],
  ["X-Any", '"a" !'],
  ["X-Any", '"a\\\\"!'],
  ["Supported", '"!"'],
  ["X-!Any", "a"],
];

const CONTROLS: readonly (readonly [name: string, code: number])[] = [
  ["NUL", 0],
  ["BEL", 7],
  ["VT", 0x0b],
  ["DEL", 0x7f],
];

function withField(field: string, value: string): string {
  const names: Record<string, string> = { i: "Call-ID", f: "From" };
  const long = names[field] ?? field;
  const line = new RegExp(`^${long}:.*$`, "m");
  const wire = requestText();
  if (long !== "Via" && line.test(wire)) return wire.replace(line, () => `${field}: ${value}`);
  return wire.replace("CSeq:", () => `${field}: ${value}\r\nCSeq:`);
}

describe("outside quotes", () => {
  test.each(OUTSIDE)("%s: %s", (field, value) => {
    for (const [, code] of CONTROLS) {
      const escaped = `\\${String.fromCharCode(code)}`;
      expect(readRequest(withField(field.replace("!", escaped), value.replace("!", escaped))).fault).toEqual(REFUSED);
    }
    expect(readRequest(withField(field.replace("!", "\0"), value.replace("!", "\0"))).fault).toEqual(REFUSED);
  });

  test.each(["\\\0", "\0", "\\\x07", "\\\x7f"])("in the request line and the reason phrase: %j", (control) => {
    expect(readRequest(requestText({ uri: `sip:a${control}@b` })).fault?.status).toBe(400);
    expect(readRequest(requestText({ uri: `tel:1${control}` })).fault?.status).toBe(400);
    expect(parse(responseText(200, { reason: `O${control}K` })).kind).toBe("unreadable");
  });

  test.each(["\r", "\n"])("a backslash excuses no bare %j", (end) => {
    for (const value of [`a\\${end}b`, `"a\\${end}b"`, `a\\${end}`]) {
      expect(readRequest(withField("Subject", value)).fault).toEqual(REFUSED);
    }
  });

  test("a line may end with a backslash, or be folded behind one", () => {
    for (const value of ["C:\\", "a\\\r\n b", "a\\\tb", 'a\\"b', "\\\\"]) {
      expect(readRequest(withField("Subject", value)).fault).toBeUndefined();
    }
    expect(request({ callId: "a\\b\\" }).fault).toBeUndefined();
  });
});

describe("in quotes", () => {
  test.each(["From", "To", "Contact", "P-Asserted-Identity", "Reply-To"])("%s: an escaped control passes", (field) => {
    for (const [, code] of CONTROLS) {
      const value = `"a\\${String.fromCharCode(code)}b" <sip:a@b>;tag=1`;
      const message = readRequest(withField(field, value));
      expect(message.fault).toBeUndefined();
      expect(message.wire).toContain(value);
    }
  });

  test.each([
    ["NUL behind a backslash that is escaped itself", '"a\\\\\0b"'],
    ["NUL without a backslash", '"a\0b"'],
    ["a backslash before a fold", '"a\\\r\n b"'],
    ["the second of two quoted strings", '"a\\\0" <sip:a@b>, "b\\\r\n c"'],
  ])("%s is refused", (_, quoted) => {
    expect(readRequest(withField("Contact", `${quoted} <sip:a@b>`)).fault).toEqual(REFUSED);
    expect(parse(responseText(200, { headers: [`Contact: ${quoted} <sip:a@b>`] })).kind).toBe("unreadable");
  });

  test("a fold without a backslash, and quotation marks that are escaped, pass", () => {
    for (const quoted of ['"a\r\n b"', '"a\\"\\\0\\" b"', '"\\\\"', '"a" "\\\0"']) {
      expect(readRequest(withField("Contact", `${quoted} <sip:a@b>`)).fault).toBeUndefined();
    }
  });
});

test("a body may have whatever it likes", () => {
  expect(request({ body: 'a\\\0"\\\r\n\0' }).fault).toBeUndefined();
});

test.each(['"\\a', '\\"', '"', "\\"])("a header full of %j takes bounded time", (piece) => {
  const wires = [withField("Subject", `"${piece.repeat(15_000 / piece.length)}`)];
  for (let count = 0; count < 9; count++) wires.push(withField("Contact", `"${piece.repeat(15_000 / piece.length)}`));
  expect(processorTime_ms(() => wires.forEach((wire) => void readRequest(wire)))).toBeLessThan(1_000);
});
