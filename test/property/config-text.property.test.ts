/** Configuration files that are damaged anyhow: faults with places, in words of ours, and no exception. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { load, WHOLE } from "../app/files.ts";
import fc from "../support/properties.ts";

const SAMPLE = readFileSync(fileURLToPath(new URL("../../deploy/branchline.yaml", import.meta.url)), "utf8");
const BLOCKS = `listen:
  - udp:10.222.237.1:5060
localnet:
  - 10.222.237.0/24
upstream:
  targets: [sip:pbx.example.com]
  probe:
    interval: 10s
    user: ping
gateways:
  - uri: sip:10.10.1.3
    name: isdn
    rewrite:
      called:
        - match: "^00"
          replace: "+"
hunt_groups:
  default:
    members:
      - "201"
      - '202'
    ring: 30s
survival:
  notice: |
    Line is down
`;

/** Words of the YAML library, none of which a person gets to read. */
const FOREIGN =
  /Nested mappings|Implicit (map )?keys|flow[ -](map|seq|collection|scalar|end)|block[ -](map|seq|collection|scalar)|Plain value|Unexpected|Missing (closing|[,:]|directives|space)|Map keys must|Unresolved|Unsupported|Aliases? |Anchors? |Document (with|contains)|node end|must be at most 1024|Sequence item|items must start|Tabs are not|Comments must|Invalid escape|Source contains|Map comment|reserved character|indicator/;

const PIECES = [
  "\t",
  " ",
  "  ",
  "\n",
  ":",
  ": ",
  "- ",
  "[",
  "]",
  "{",
  "}",
  '"',
  "'",
  ",",
  "#",
  "|",
  "*x",
  "&x ",
  "@",
  "%",
  "`",
  "?",
  "!",
];
const ODD = [
  "\u00a0",
  "\u200b",
  "“",
  "\ufffd",
  "\u0000",
  "\r",
  "\r\n",
  "\ufeff",
  "$" + "{GW}",
  "{{ gw }}",
  "---\n",
  "<<<<<<< HEAD\n",
  "\\",
  "é",
];

interface Cut {
  readonly at: number;
  readonly length: number;
  readonly piece: string;
}

const cut: fc.Arbitrary<Cut> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 12 })),
  piece: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...PIECES) }, fc.constantFrom("", ...ODD)),
});

function damaged(text: string, cuts: readonly Cut[]): string {
  return cuts.reduce((whole, { at, length, piece }) => {
    const from = Math.floor(at * whole.length);
    return whole.slice(0, from) + piece + whole.slice(from + length);
  }, text);
}

const RUNS = 200;

function check(text: string): void {
  const { problems } = load(text);
  const lines = text.split("\n").length;
  for (const { line, column, message } of problems) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(message).not.toMatch(FOREIGN);
    expect(message).not.toContain("undefined");
    expect(message).toMatch(/\S/);
  }
  const plain = text.replace(/^\ufeff/, "").replace(/\r(?=\n|$)/g, "");
  const isYaml =
    parseDocument(plain, { prettyErrors: false, schema: "core", resolveKnownTags: false }).errors.length === 0;
  if (!isYaml) expect(problems).not.toEqual([]);
}

describe("a damaged file has faults in our words, and never an exception:", () => {
  test.each([
    ["the sample", SAMPLE],
    ["a whole file in braces", WHOLE],
    ["a file in blocks", BLOCKS],
  ])("%s", (_, text) => {
    expect(load(text).problems).toEqual([]);
    fc.assert(
      fc.property(fc.array(cut, { minLength: 1, maxLength: 3 }), (cuts) => check(damaged(text, cuts))),
      { numRuns: RUNS },
    );
  });

  test("texts of signs alone", () => {
    const signs = fc.array(fc.constantFrom(...PIECES, ...ODD, "a", "listen", "1"), { maxLength: 30 });
    fc.assert(
      fc.property(signs, (pieces) => check(pieces.join(""))),
      { numRuns: RUNS },
    );
  });
});

describe("a file that is damaged in one line", () => {
  const LINES = BLOCKS.trimEnd().split("\n");
  const mistakes: readonly (readonly [string, (line: string) => string])[] = [
    ["a tab", (line) => `\t${line.trim()}`],
    ["no space behind the colon", (line) => line.replace(": ", ":")],
    ["a quote", (line) => `${line}"`],
    ["a bracket", (line) => `${line} [`],
    ["a brace", (line) => `${line} }`],
    ["an @", (line) => line.replace(/: (?=\S)/, ": @")],
  ];
  const cases = LINES.flatMap((line, index) =>
    mistakes.map(([what, make]) => [index + 1, what, make(line)] as const).filter(([, , made]) => made !== line),
  );

  test.each(cases)("line %i, %s: is told of in that line, or is no fault", (number, _, made) => {
    const { problems } = load([...LINES.slice(0, number - 1), made, ...LINES.slice(number), ""].join("\n"));
    // The line behind it, where a list or a block goes on with the rest.
    const far = problems.filter(({ line }) => Math.abs(line - number) > 1);
    expect(far).toEqual([]);
  });
});
