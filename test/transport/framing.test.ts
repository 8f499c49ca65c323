/** Messages out of a stream: Content-Length (RFC 3261 §18.3), line ends between messages (§7.5), keep-alives (RFC 5626 §3.5.1). */
import { describe, expect, test } from "vitest";
import { MESSAGE_MAX_CHARACTERS } from "../../src/message/limits.ts";
import { parse } from "../../src/message/parse.ts";
import { processorTime_ms } from "../support/processor-time.ts";
import { frame, message, PING } from "./framing-lab.ts";

/** What the Content-Length lines say, and how many characters of body belong to the message. */
interface LengthCase {
  readonly title: string;
  readonly lines: readonly string[];
  readonly body: string;
}

const SOUND: readonly LengthCase[] = [
  { title: "none: no body", lines: [], body: "" },
  { title: "0", lines: ["Content-Length: 0"], body: "" },
  { title: "the number of octets", lines: ["Content-Length: 7"], body: "v=0\r\na=" },
  { title: "the compact form", lines: ["l: 5"], body: "12345" },
  { title: "in capitals, with white space before the colon", lines: ["CONTENT-LENGTH \t: 5"], body: "12345" },
  { title: "without white space", lines: ["L:5"], body: "12345" },
  { title: "leading zeros", lines: ["Content-Length: 0005"], body: "12345" },
  { title: "folded", lines: ["Content-Length:\r\n 5"], body: "12345" },
  { title: "folded, with white space on the first line", lines: ["Content-Length: \r\n\t 5"], body: "12345" },
  {
    title: "a continuation line that looks like it is none",
    lines: ["Subject: a\r\n Content-Length: 99", "l: 2"],
    body: "ok",
  },
  { title: "a longer name is another field", lines: ["Content-Length-Of-Another: 99", "l: 2"], body: "ok" },
  { title: "its name in a value", lines: ["Subject: Content-Length: 99", "l: 2"], body: "ok" },
  { title: "a body that contains a header and its end", lines: ["l: 29"], body: "Content-Length: 99\r\n\r\nINVITE " },
  { title: "a body of line ends is no keep-alive", lines: ["l: 8"], body: "\r\n\r\n\r\n\r\n" },
  { title: "octets above 127", lines: ["l: 4"], body: "\u00c3\u00a4\u00ff\u0080" },
];

const ODD: readonly (readonly [title: string, line: string, why: string])[] = [
  ["negative", "Content-Length: -1", "malformed Content-Length"],
  ["a sign", "Content-Length: +5", "malformed Content-Length"],
  ["no number", "Content-Length: five", "malformed Content-Length"],
  ["hexadecimal", "Content-Length: 0x5", "malformed Content-Length"],
  ["a fraction", "Content-Length: 5.0", "malformed Content-Length"],
  ["empty", "Content-Length:", "malformed Content-Length"],
  ["two in one line", "Content-Length: 5, 5", "malformed Content-Length"],
  ["twice the same", "Content-Length: 5\r\nContent-Length: 5", "malformed Content-Length"],
  ["one long, one compact", "Content-Length: 0\r\nl: 5", "malformed Content-Length"],
  ["beyond what a message may measure", `Content-Length: ${MESSAGE_MAX_CHARACTERS}`, "message too long"],
  ["beyond 32 bits", "Content-Length: 4294967301", "message too long"],
  ["beyond any number", `Content-Length: ${"9".repeat(400)}`, "malformed Content-Length"],
];

const NEXT = message({ lines: ["l: 3"], body: "end" });

describe("Content-Length", () => {
  test.each(SOUND)("RFC 3261 §18.3: $title", ({ lines, body }) => {
    const first = message({ lines, body });
    for (const pieces of [[first + NEXT], [...(first + NEXT)], [first, NEXT]]) {
      expect(frame(pieces)).toEqual({ events: [first, NEXT], lost: undefined, isWaiting: false });
    }
  });

  test.each(ODD)("%s: the header is there to be answered, the rest means nothing", (_title, line, why) => {
    const header = message({ lines: [line], body: "" });
    for (const pieces of [[`${header}12345${NEXT}`], [...header, "12345", NEXT]]) {
      expect(frame(pieces)).toEqual({ events: [header], lost: why, isWaiting: false });
    }
    expect(parse(header)).toMatchObject({ kind: "request", fault: { status: 400 } });
  });

  test("a header that ends with bare LFs is there to be answered, the rest means nothing", () => {
    const header = message({ lines: ["l: 5"], body: "" }).replace(/\r\n/g, "\n");
    const inner = message({ lines: ["Subject: a\n\nContent-Length: 5", "l: 0"], body: "" });
    const innerHead = inner.slice(0, inner.indexOf("\n\n") + 2);
    for (const [sent, head] of [
      [`${header}12345${NEXT}`, header],
      [inner + NEXT, innerHead],
    ] as const) {
      for (const pieces of [[sent], [...sent]]) {
        expect(frame(pieces)).toEqual({ events: [head], lost: "bare LF", isWaiting: false });
      }
      expect(parse(head)).toMatchObject({ kind: "request", fault: { status: 400 } });
    }
    const body = message({ lines: ["l: 6"], body: "\n\na\n\n\n" });
    expect(frame([...body, NEXT]).events).toEqual([body, NEXT]);
  });

  test("a header ends at the first empty line, whatever a bare CR or LF pretends", () => {
    const header = message({ lines: ["Subject: a\nContent-Length: 5", "l: 0"], body: "" });
    expect(parse(header)).toMatchObject({ fault: { status: 400 } });
    expect(frame([header]).events).toEqual([header]);
  });
});

describe("limits", () => {
  const longest = (characters: number) => {
    const rest = message({ lines: ["l: 00000"], body: "" }).length;
    const body = "b".repeat(characters - rest);
    return message({ lines: [`l: ${String(body.length).padStart(5, "0")}`], body });
  };

  test("a message may be as long as a datagram, and no longer", () => {
    const fitting = longest(MESSAGE_MAX_CHARACTERS);
    expect(frame([fitting, NEXT])).toEqual({ events: [fitting, NEXT], lost: undefined, isWaiting: false });
    expect(frame([longest(MESSAGE_MAX_CHARACTERS + 1)]).lost).toBe("message too long");
  });

  test("a header that doesn't end is given up at the limit, and isn't kept", () => {
    const piece = `Subject: ${"x".repeat(989)}\r\n`;
    const pieces = ["OPTIONS sip:a@b SIP/2.0\r\n", ...Array<string>(70).fill(piece)];
    expect(frame(pieces)).toEqual({ events: [], lost: "header too long", isWaiting: false });
    expect(frame(pieces.slice(0, 60))).toEqual({ events: [], lost: undefined, isWaiting: true });
  });

  test("octet by octet, the longest header and the longest body take bounded time", () => {
    const header = message({ lines: [`Subject: ${"x".repeat(60_000)}`, "l: 0"], body: "" });
    const body = longest(MESSAGE_MAX_CHARACTERS);
    const read = () => expect(frame([...header, ...body]).events).toEqual([header, body]);
    expect(processorTime_ms(read)).toBeLessThan(3_000);
  });

  test("a segment full of keep-alives or of small messages takes bounded time", () => {
    const small = message({ lines: ["l: 0"], body: "" });
    const read = () => {
      expect(frame(["\r\n\r\n".repeat(16_384)]).events).toHaveLength(16_384);
      expect(frame([small.repeat(1_000)]).events).toHaveLength(1_000);
    };
    expect(processorTime_ms(read)).toBeLessThan(1_000);
  });
});

describe("between messages", () => {
  test.each([
    ["RFC 3261 §7.5: one line end before a message is nothing", ["\r\n", NEXT], [NEXT]],
    ["RFC 5626 §3.5.1: two line ends are a ping", ["\r\n\r\n"], [PING]],
    ["a ping in halves", ["\r\n", "\r\n"], [PING]],
    ["a ping in four", ["\r", "\n", "\r", "\n", NEXT], [PING, NEXT]],
    ["two pings", ["\r\n\r\n\r\n\r\n"], [PING, PING]],
    ["a ping and a line end", ["\r\n\r\n\r\n", NEXT], [PING, NEXT]],
    ["a ping between messages", [`${NEXT}\r\n\r\n${NEXT}`], [NEXT, PING, NEXT]],
  ] as const)("%s", (_title, pieces, events) => {
    expect(frame(pieces)).toEqual({ events, lost: undefined, isWaiting: false });
  });

  test("a line end that nothing follows is no message that has begun: somebody's pong, or his idea of a keep-alive", () => {
    expect(frame(["\r\n"])).toEqual({ events: [], lost: undefined, isWaiting: false });
    expect(frame([NEXT, "\r"]).isWaiting).toBe(false);
    expect(frame([NEXT, "\r\n", "O"]).isWaiting).toBe(true);
  });
});

describe("NUL between messages is nothing: old PBXs send the end of their C strings", () => {
  test.each([
    ["before the first message", ["\0", NEXT], [NEXT]],
    ["behind a body", [`${NEXT}\0${NEXT}\0\0`], [NEXT, NEXT]],
    ["alone, as a keep-alive", ["\0", "\0\0", NEXT, "\0"], [NEXT]],
    ["behind a ping", ["\r\n\r\n\0", NEXT, "\r\n\r\n\0"], [PING, NEXT, PING]],
    ["before a ping", ["\0\r\n\r\n"], [PING]],
    ["within a ping", ["\r\n\0\r\n\0", `\r\0\n\r\0`, `\0\n${NEXT}`], [PING, PING, NEXT]],
    ["between a line end and a message", ["\r\n\0", `\0${NEXT}`], [NEXT]],
  ] as const)("%s", (_title, pieces, events) => {
    const whole = pieces.join("");
    for (const cut of [pieces, [whole], [...whole]]) {
      expect(frame(cut)).toEqual({ events, lost: undefined, isWaiting: false });
    }
  });

  test("thousands of them are kept nowhere and take bounded time", () => {
    const read = () => {
      expect(frame([...Array<string>(20_000).fill("\0"), NEXT]).events).toEqual([NEXT]);
      expect(frame(["\0".repeat(MESSAGE_MAX_CHARACTERS * 4), NEXT])).toMatchObject({ events: [NEXT], lost: undefined });
      expect(frame(Array<string>(50).fill(`\r\n${"\0".repeat(10_000)}`)).events).toHaveLength(25);
      expect(frame([`\r\n\0${NEXT}`.repeat(2_000)]).events).toHaveLength(2_000);
    };
    expect(processorTime_ms(read)).toBeLessThan(1_000);
  });

  test("within a message it is part of the message: in a header it gets 400, in a body it passes", () => {
    const header = message({ lines: ["Subject: a\0b", "l: 0"], body: "" });
    const body = message({ lines: ["l: 4"], body: "\0a\0\0" });
    expect(frame([...header, ...body])).toEqual({ events: [header, body], lost: undefined, isWaiting: false });
    expect(parse(header)).toMatchObject({ fault: { status: 400 } });
    expect(parse(body)).toMatchObject({ kind: "request", body: "\0a\0\0" });
  });
});
