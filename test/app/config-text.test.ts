/** The text of a file as such: what is accepted silently, how far a damaged one is read, and what that may cost. */
import { describe, expect, test } from "vitest";
import { unclosedIn } from "../../src/app/config/yaml-openers.ts";
import { processorTime_ms } from "../support/processor-time.ts";
import { faults, LEAST, load, WHOLE } from "./files.ts";

describe("it makes no difference", () => {
  const plain = { ...load(WHOLE).config, written: undefined };
  test.each([
    ["a byte order mark", `\ufeff${WHOLE}`],
    ["line ends of DOS", WHOLE.replace(/\n/g, "\r\n")],
    ["both", `\ufeff${WHOLE.replace(/\n/g, "\r\n")}`],
    ["no line end at the end", WHOLE.trimEnd()],
    ["one document that says so", `---\n${WHOLE}...\n`],
    ["tabs before comments and at the ends of lines", WHOLE.replace(/\n/g, "\t# a tab\n")],
    ["Latin-1 in a comment", `${WHOLE}# \ufffd\n`],
  ])("%s", (_, text) => {
    const { problems, config } = load(text);
    expect(problems).toEqual([]);
    expect({ ...config, written: undefined }).toEqual(plain);
  });

  test("the places of faults are the same", () => {
    const text = `${LEAST}survival:\n  answer: 3O2\n`;
    const told = faults(text);
    expect(told).toEqual(["4:11 survival.answer: must be one of 302, 380, relay, auto; did you mean 302?"]);
    expect(faults(`\ufeff${text.replace(/\n/g, "\r\n")}`)).toEqual(told);
  });
});

test.each([
  ["\ufffd\ufffdl\u0000i\u0000", "1:1 : is in UTF-16; save it as UTF-8"],
  ["\ufffd\ufffd\u0000l\u0000i", "1:1 : is in UTF-16; save it as UTF-8"],
  ["l\u0000i\u0000s\u0000", "1:1 : is in UTF-16; save it as UTF-8"],
  ["\u0000l\u0000i\u0000s", "1:1 : is in UTF-16; save it as UTF-8"],
  ["listen: a\rlocalnet: b\r", "1:1 : has line ends of CR alone; save it with LF"],
  ["\u001f\ufffd\b\ufffd\ufffd\ufffdabc\n", "1:1 : is no text file; a configuration is text in UTF-8"],
  ["\n \n", "1:1 : is empty; `branchline init` writes a configuration"],
])("%j is refused as a whole", (text, fault) => {
  expect(faults(text)).toEqual([fault]);
});

describe("a text that would do, but wasn't meant so", () => {
  test.each([
    ["survival: {notice: “Line is down”}", "3:20 survival.notice: “ is no quote in YAML"],
    ["survival: {notice: Line \u0007 is down}", "3:20 survival.notice: holds the control character U+0007"],
    ["state: /var/lib/{{ name }}", "3:8 state: {{ name }} is a placeholder"],
    ["state: $(STATE)", "3:8 state: $(STATE) is a placeholder"],
    ["state: @STATE@", "3:8 : @STATE@ is a placeholder"],
    ["names: [branch\ufffd.example.com]", "3:9 names[0]: holds a byte that isn't UTF-8"],
  ])("%s", (line, fault) => {
    expect(faults(`${LEAST}${line}\n`)).toEqual([expect.stringContaining(fault)]);
  });

  test.each([
    'survival: {notice: "“Line is down”"}',
    "survival: {notice: Ligne coupée\u00a0!}",
    "survival: {notice: Costs $5}",
    'gateways: [{uri: sip:10.10.1.3, rewrite: {called: [{match: "^(0{2})$", replace: "$1"}]}}]',
  ])("%s was", (line) => {
    expect(faults(`${LEAST}${line}\n`)).toEqual([]);
  });
});

describe("of a damaged file the rest is read:", () => {
  test("what a broken line may have said isn't missed", () => {
    expect(
      faults("listen: [udp:10.222.237.1\nlocalnet: [10.222.237.0/24]\nupstream: sip:10.0.0.1;transport=tls\n"),
    ).toEqual(["1:9 : this [ is never closed; add ]"]);
    expect(faults(`${LEAST}tls:\n  certificate: "a.pem\n  key: b.key\n`)).toEqual([
      '4:16 : this " is never closed; add a " behind the text',
    ]);
    expect(faults(`${LEAST}survival:\n  answer: "302\n`)).toEqual([
      '4:11 : this " is never closed; add a " behind the text',
    ]);
  });

  test("what stands below a broken line goes with it, and its neighbours don't", () => {
    const text = `${LEAST}hunt_groups:\n  default\n    members: ["201"]\n  "300": {members: []}\nlog: loud\n`;
    expect(faults(text)).toEqual([
      expect.stringMatching(/^4:/),
      "6:20 hunt_groups.300.members: is empty; name at least one phone",
      "7:6 log: must be one of error, warn, info, debug",
    ]);
  });

  test("a key with a missing space is read as it was meant", () => {
    const text = `${LEAST}upstream:\n  hold:60s\n  hold_max: 10s\n`;
    expect(faults(text)).toEqual([
      '4:8 : missing space after "hold:"',
      "5:13 upstream.hold_max: must not be shorter than hold; did you mean 1m?",
    ]);
  });

  test("twenty faults of YAML are told, and no more: the file is read anew for each", () => {
    const lines = Array.from({ length: 100 }, (_, index) => `key${index}: @x\n`);
    const { problems } = load(LEAST + lines.join(""));
    expect(problems.filter(({ message }) => message.includes("begin with @"))).toHaveLength(20);
  });
});

describe("what a file may cost", () => {
  const deep = (open: string, close: string) => `${LEAST}log: ${open.repeat(20_000)}${close.repeat(20_000)}\n`;
  test.each([
    ["brackets", deep("[", "]")],
    ["brackets never closed", deep("[", "")],
    ["braces", deep("{", "}")],
    ["quotes", deep('"', "")],
    ["dashes", deep("- ", "")],
    ["anchors", deep("&a ", "")],
    ["tags", deep("!", "")],
    ["one long line", deep("a: ", "")],
    ["thousands of faulty lines", LEAST + "a: @b\n".repeat(5_000)],
    ["thousands of open brackets", LEAST + "a: [b\n".repeat(5_000)],
    [
      "many aliases of aliases",
      `${LEAST}a: &a [x, x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*a, *a]\n`).join("")}`,
    ],
  ])("%s: bounded time of a processor", (_, text) => {
    let count = 0;
    const cost_ms = processorTime_ms(() => {
      count = load(text).problems.length;
    });
    expect(count).toBeGreaterThan(0);
    expect(cost_ms).toBeLessThan(10_000);
  });
});

describe("what is never closed", () => {
  test.each([
    ["a: [b, c", [[1, 4, "]"]]],
    ["a: {b: [c", [[1, 8, "]}"]]],
    ["a: [b\nc: d", [[1, 4, "]"]]],
    ["a:\n  - [b\n  - c", [[2, 5, "]"]]],
    ["a: 'b\nc: d", [[1, 4, "'"]]],
    ['a: "b\\"\nc: d', [[1, 4, '"']]],
    ["a: [b}", []],
    ["{a: [b}", [[1, 5, "]"]]],
    ["a: [b,\n  c]\nd: it's\ne: 'it''s'", []],
    ["a: |\n  [ ' \"\nb: >-\n   {\nc: d", []],
    ["a: b # [ it's\n# [\nc: [d, # ]\n  e]", []],
    ['{\n"a": [\n1\n],\n"b": 2\n}', []],
    ["a: &x [b]\nc: !!str 'd'\ne: - f", []],
  ])("in %j", (text, expected) => {
    expect(unclosedIn(text.split("\n")).map(({ line, column, closers }) => [line, column, closers])).toEqual(expected);
  });
});
