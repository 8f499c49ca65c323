/** The C host by itself, under AddressSanitizer and UBSan: what native.d.ts promises of sockets, the loop, texts and processes. */
import { mkdtempSync, rmSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeUnless } from "../peers/support/peers.ts";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { buildHost, type Ending, runHost, whyNoHost } from "./support/host-binary.ts";

/** With the engine to be compiled first. */
const BUILD_ms = 600_000;
const OVERRUN = "an event took longer than 50 ms";
const EAGAIN = -11;
/** Processor time: a loop that asks again and again would take all of the second and a half. */
const POLLING_MS = 500;

let folder = "";
let binary = "";

const run = (...words: string[]): Ending => runHost(binary, words, { cwd: folder });
/** What a program says that ends well. */
function saidBy(...words: string[]): unknown[] {
  const { said, error, status } = run(...words);
  expect({ error, status }).toEqual({ error: "", status: 0 });
  return [...said];
}

/** Numbers that look like chance, and are the same each time. */
function* chance(): Generator<number> {
  for (let state = 20_261_129; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield state >>> 8;
  }
}

const hex = (octets: readonly number[]) => Buffer.from(octets).toString("hex");
const units = (text: string) =>
  Array.from({ length: text.length }, (_, at) => text.charCodeAt(at).toString(16).padStart(4, "0")).join("");

/** Octets that are UTF-8 nearly everywhere: bounds of all ranges, and all that may follow each other. */
function nearlyUtf8(count: number): number[][] {
  const bounds = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed];
  const all = [...bounds, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xfc, 0xfe, 0xff];
  const numbers = chance();
  const next = (most: number) => (numbers.next().value as number) % most;
  return Array.from({ length: count }, () => Array.from({ length: 1 + next(6) }, () => all[next(all.length)] ?? 0));
}

describeUnless(await whyNoHost(), "the C host", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "branchline-host-"));
    binary = await buildHost(folder);
  }, BUILD_ms);
  afterAll(() => rmSync(folder, { recursive: true }));

  describe("texts", () => {
    test("what isn't UTF-8 becomes U+FFFD as TextDecoder does it", () => {
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      const samples = [
        ...nearlyUtf8(3_000),
        [...Buffer.from("\ufeffGr\u00fc\u00df Gott, \u{1f600} \u0141")],
        [...Buffer.from("plain")],
      ];
      const expected = samples.map((octets) => units(decoder.decode(new Uint8Array(octets))));
      expect(saidBy("decodeUtf8", ...samples.map(hex))).toEqual([expected]);
    });

    test("half a pair of UTF-16 becomes U+FFFD outside, whole pairs stay", () => {
      const texts = [
        "plain",
        "\ud800",
        "a\udc00b",
        "\ud83d\ude00",
        "\ud800\ud800\udc00",
        "\udfff\ud83d",
        "\u00e4\u20ac\ud7ff\ue000",
        "",
      ];
      const expected = texts.map((text) => Buffer.from(text).toString("hex"));
      expect(saidBy("encodeUtf8", ...texts.map(units))).toEqual([expected]);
    });

    test("one character an octet: upper bits are dropped, as Node's latin1 has it", () => {
      const texts = [
        "plain",
        "\u00e4\u00ff\u0080",
        "\u0141\u20ac\uffff",
        "\u{1f600}x",
        "\ud800\udc00",
        "\udbff\udfff",
        "\ud8ab",
      ];
      const expected = texts.map((text) => Buffer.from(text, "latin1").toString("hex"));
      expect(saidBy("encodeLatin1", ...texts.map(units))).toEqual([expected]);
      const octets = [Array.from({ length: 256 }, (_, at) => at), [0xff], [], Array(5_000).fill(0xe4) as number[]];
      expect(saidBy("decodeLatin1", ...octets.map(hex))).toEqual([
        octets.map((one) => units(Buffer.from(one).toString("latin1"))),
      ]);
    });

    test("a long text that was made of pieces goes there and back", () => {
      expect(saidBy("longText", "100000")).toEqual([{ bytes: 200_000, utf8: 300_000, isSame: true }]);
    });

    test("what is no text or no Uint8Array is a TypeError", () => {
      const decoded = Array(8).fill(true);
      expect(saidBy("textTypes")).toEqual([{ decoded, encoded: [...decoded.slice(1), false], part: "AB", none: "" }]);
    });
  });

  describe("datagrams", () => {
    test("each octet arrives as a character, upper bits are dropped, an empty one is told too", () => {
      const octets = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet)).join("");
      const received = ["", "a", octets, Buffer.from("\u{1f600}\u0141", "latin1").toString("latin1")];
      const sent = JSON.stringify(["", "a", octets, "\u{1f600}\u0141"]);
      const senders = ["127.0.0.1 true", "::1 true"];
      expect(saidBy("datagramTexts", sent)).toEqual([{ received: [received, received], senders }]);
    });

    test("the longest arrives whole, a longer one is refused", () => {
      expect(saidBy("longestDatagram")).toEqual([{ length: 65_507, tooLong: -90 }]);
    });

    test("a socket that has few isn't kept waiting by one that has many", () => {
      const [order] = saidBy("fairness") as [string];
      expect(order).toHaveLength(103);
      expect(order.indexOf("q")).toBeLessThanOrEqual(32);
      expect(order.slice(order.indexOf("q"))).toMatch(/^qqq/);
    });

    test("a timer that comes due isn't kept waiting by datagrams", () => {
      expect(saidBy("timerAmongDatagrams")).toEqual([`dt${"d".repeat(29)}`]);
    });

    test("a connected socket hears that its peer's port is closed, once", () => {
      expect(saidBy("icmp")).toEqual([{ errors: [111], waiting: 0, again: 1 }]);
    });

    test("a socket that was closed meanwhile is told nothing, nor is the one that got its number", () => {
      expect(saidBy("closedMeanwhile")).toEqual([["first", "same number"]]);
    });

    test("what is no address is an errno", () => {
      expect(saidBy("addresses", "x".repeat(200))).toEqual([
        {
          names: Array(5).fill(-22),
          ports: [-22, -22],
          six: [-22, -19, -19, -22, -19],
          paths: [-22, -36],
          scope: [1, 1],
          any: [
            [0, "0.0.0.0"],
            [0, "::"],
          ],
          closed: Array(4).fill(-9),
          stream: -91,
        },
      ]);
    });

    test("what is nearly an address is one where Node says so, too", () => {
      const numbers = chance();
      const next = (most: number) => (numbers.next().value as number) % most;
      const of = (pieces: readonly string[], most: number) =>
        Array.from({ length: 1_500 }, () =>
          Array.from({ length: 1 + next(most) }, () => pieces[next(pieces.length)] ?? "").join(""),
        );
      const four = of(["127.", "0.", "0.0.1", "1", "255", "256", ".", "01", " ", "x"], 5);
      const six = of(["::", ":", "1", "ffff", "10000", "127.0.0.1", "0:", "g", "1:2:3:4:5:6:7:8"], 6);
      expect(saidBy("isAddress", "4", ...four)).toEqual([four.map((text) => isIPv4(text))]);
      expect(saidBy("isAddress", "6", ...six)).toEqual([six.map((text) => isIPv6(text))]);
    });

    test("what was connected can be connected no more", () => {
      expect(saidBy("disconnected")).toEqual([{ isPeer: true, after: -107 }]);
    });
  });

  describe("streams", () => {
    test("one side has said all, the other still answers", () => {
      expect(saidBy("halfClose")).toEqual([{ asked: ["question", ""], answered: ["answer", ""], closed: -32 }]);
    });

    test("the loop tells how connecting went", () => {
      expect(saidBy("connecting")).toEqual([{ refused: 111, accepted: 0 }]);
    });

    test("a full buffer blocks nothing, and what isn't acknowledged yet is known", () => {
      expect(saidBy("full")).toEqual([{ last: EAGAIN, isUnsent: true, isAll: true, empty: EAGAIN }]);
    });

    test("writing to a peer that is gone is an error, and never a signal", () => {
      expect(saidBy("brokenPipe")).toEqual([[5, 32, -32, -32]]);
    });

    test("a Unix socket has its path for an address, and its peer none", () => {
      const path = join(folder, "s\u00f6cket");
      expect(saidBy("unixStream", path)).toEqual([
        { text: "\u00e4", local: [path, 0], peer: [path, 0], nameless: ["", 0] },
      ]);
    });

    test("the last words come before the end", () => {
      const readable = (text: string) => [true, true, false, text];
      expect(saidBy("closing")).toEqual([[readable("last"), readable("")]]);
    });

    test("options have names, and an argument of a wrong type is a TypeError", () => {
      expect(saidBy("options")).toEqual([{ isSmaller: true, refused: Array(5).fill("TypeError"), streams: -92 }]);
    });
  });

  describe("the loop", () => {
    test("a timer is never early, and comes", () => {
      const [late_ms] = saidBy("timers") as [number[]];
      expect(late_ms).toHaveLength(3);
      for (const one of late_ms) expect(one).toBeGreaterThanOrEqual(0);
      expect(Math.min(...late_ms)).toBeLessThan(MACHINE_TOLERANCE_MS);
    });

    test("a time that is past is now, and what is no time is never", () => {
      expect(saidBy("oddTimers")).toEqual([["-Infinity", "0", "-5"]]);
    });

    test("waiting for a timer costs no processor time", () => {
      const [costs_ms = 0, longer_ms = 0] = ["10", "1500"].map((limit) => (saidBy("sleeping", limit) as [number])[0]);
      expect(longer_ms - costs_ms).toBeLessThan(POLLING_MS);
    });

    test("promises go on before the next event", () => {
      const round = (at: number) => [`timer ${at}`, `promise ${at}`, `another ${at}`];
      expect(saidBy("microtasks")).toEqual([[...round(0), ...round(1)]]);
    });

    test.each([
      ["a pipe", { input: "ten octets" }, "ten octets", 4],
      ["a file", { redirections: "<words" }, "words\n", 3],
      ["/dev/null", { redirections: "</dev/null" }, "", 1],
    ])("standard input is read to its end: %s", (_, circumstances, all, turns) => {
      runHost(binary, ["write", "words", "words\n"], { cwd: folder });
      expect(runHost(binary, ["standardInput"], { ...circumstances, cwd: folder }).said).toEqual([{ all, turns }]);
    });

    test("it ends when nothing is left, with the status that was set", () => {
      const { said, status } = run("idle");
      expect(said).toEqual(["idle 1", "idle 2", "idle 3"]);
      expect(status).toBe(7);
    });

    test("signals are told while they are caught, and then the kernel's rule holds", () => {
      const { said, signal } = run("signals");
      expect(said).toEqual([[0, 0], Array(4).fill(-22), [10, 12]]);
      expect(signal).toBe("SIGUSR2");
    });

    test("waiting in the middle of an event ends in time, or when something can be read", () => {
      expect(saidBy("waiting")).toEqual([{ none: -1, isLongEnough: true, found: true }]);
    });
  });

  describe("failures", () => {
    test("an event that takes too long is ended, whatever it is, and the loop lives on", () => {
      const [counts, heard] = saidBy("watchdog") as [unknown, string[][]];
      expect(counts).toEqual({ swallowed: 100, finallies: 0 });
      const [plain, caught, inAsync, awaited, handled, expression, sorting, chain = [], after] = heard;
      for (const one of [plain, caught, inAsync, awaited, handled, expression, sorting]) expect(one).toEqual([OVERRUN]);
      expect(chain).toContain(OVERRUN);
      expect(after).toEqual([]);
    });

    test("a rejection is told when its event is over, unless something has handled it by then", () => {
      const many = Array.from({ length: 40 }, (_, at) => String(at));
      const heard = [
        ["never handled"],
        [],
        ["in an async function"],
        ["in a handler"],
        ["5"],
        many,
        [],
        ["by its maker"],
      ];
      expect(saidBy("rejections")).toEqual([heard]);
    });

    test.each([
      ["uncaught", "RangeError: at the beginning"],
      ["uncaughtTwice", "TypeError: the last word?[2J"],
      ["handlerNeverEnds", `InternalError: ${OVERRUN}`],
    ])("the process says so and ends where nothing hears of it: %s", (program, words) => {
      const { error, status } = run(program);
      expect(error).toMatch(/^.*\n {4}at \S+/);
      expect(error.split("\n")[0]).toBe(words);
      expect(status).toBe(1);
    });

    test("it says so, too, where not even the handler has memory", () => {
      expect(run("memoryToTheEnd")).toMatchObject({ error: "Error: out of memory\n", status: 1 });
    });

    test("too deep a recursion is an error that can be caught", () => {
      const [{ reached, ...rest }] = saidBy("deep") as [{ reached: number }];
      expect(reached).toBeGreaterThan(800);
      expect(rest).toEqual({
        first: "InternalError: stack overflow",
        json: "SyntaxError: stack overflow",
        again: true,
      });
    });

    test("with little stack it is an error, too", () => {
      const { said, status } = runHost("/bin/sh", ["-c", 'ulimit -s 512; exec "$0" deep', binary]);
      expect([status, said]).toMatchObject([0, [{ again: true }]]);
    });

    test("too much memory is an error, and what is left is usable", () => {
      const failed = "InternalError: out of memory";
      expect(saidBy("memory")).toEqual([{ failed, strings: failed, after: 1_000_000 }]);
      expect(saidBy("memoryUncaught")).toEqual(["out of memory", "alive"]);
    });
  });

  describe("children", () => {
    test("a program is started with pipes, and its end is known", () => {
      expect(saidBy("spawning")).toEqual([
        { output: "words", error: "\u00e4\n" },
        { status: 3, again: -10, ours: [-1, -1, -1] },
        { killed: 265, early: EAGAIN, group: 0, status: 271 },
      ]);
    });

    test("a program that can't be started is an errno", () => {
      expect(saidBy("refused")).toEqual([[-2, -2, -13, -13, -22, -36, -2]]);
    });

    test("a child inherits no descriptor and no ignored signal", () => {
      expect(saidBy("inherited")).toEqual([{ descriptors: ["0", "1", "2", "3"], blocked: 0, ignored: 0 }]);
    });

    test("the loop tells that one has ended", () => {
      expect(saidBy("told")).toEqual([{ status: 5, isOnce: true }]);
    });

    test("descriptors are closed again, also of programs that couldn't be started", () => {
      expect(saidBy("many")).toEqual([true]);
    });
  });

  describe("the process", () => {
    test("it knows what it was born with", () => {
      const { said } = runHost(binary, ["born", "a b", "\u00e4"], { env: { GIVEN: "\u20ac" }, cwd: folder });
      const title = "a title that is\n";
      const executable = binary;
      const words = ["a b", "\u00e4"];
      const environment = ["GIVEN=\u20ac"];
      expect(said).toEqual([{ words, environment, title, executable, isSame: true, uid: process.getuid?.() }]);
    });

    test("closed standard descriptors are /dev/null, and never a socket", () => {
      const { error } = runHost(binary, ["closed"], { redirections: "<&- >&-" });
      expect(JSON.parse(error)).toEqual([true, "/dev/null", "/dev/null"]);
    });

    test("it ends at once when it is told to", () => {
      expect(run("exits", "9")).toMatchObject({ status: 9, said: [] });
    });

    test("modules are those embedded, and no text becomes a program", () => {
      const missing = (name: string) => `ReferenceError: there is no module '${name}' in this program`;
      expect(saidBy("modules")).toEqual([
        {
          missing: missing("no-such.js"),
          path: missing("/etc/passwd"),
          isOther: true,
          isNative: true,
          evaluated: "TypeError: eval is not supported",
        },
      ]);
    });
  });
});
