/** A tab in indentation is told as that, and what follows from it isn't told at all. */
import { expect, test } from "vitest";
import { faults } from "./files.ts";

const LINES = `listen: [udp:10.222.237.1:5060]
localnet: [10.222.237.0/24]
upstream:
  targets: [sip:pbx.example.com]
  # a comment
  may_dial_out: false   # true: calls of headquarters
  probe:
    interval: 20s
gateways:
  - uri: sip:10.10.1.3
    probe: {interval: 20s}
hunt_groups:
  default:
    members: ["201", "202"]   # all
    ring: 20s
  other:
    members:
      - "201"
      - "202"
    strategy: parallel
emergency:
  - "112"
log: info
`.split("\n");

const indentOf = (line: string) => /^ */.exec(line)?.[0].length ?? 0;
const tabbed = (line: string) => "\t".repeat(indentOf(line) / 2) + line.trim();
const INDENTED = LINES.flatMap((line, index) => (/^ +[^ #]/.test(line) ? [[index + 1, line.trim()] as const] : []));

test.each(INDENTED)("a tab in line %i: %s", (number, word) => {
  const index = number - 1;
  const least = indentOf(LINES[index] ?? "");
  const endOf = (isBelow: (line: string) => boolean) => {
    const end = LINES.findIndex((line, at) => at > index && !isBelow(line));
    return end < 0 ? LINES.length : end;
  };
  const withTabs = (end: number) => LINES.map((line, at) => (at >= index && at < end ? tabbed(line) : line));
  const forms = [
    LINES.map((line, at) => (at === index ? `\t${word}` : line)),
    LINES.map((line, at) => (at === index ? `${" ".repeat(least)}\t${word}` : line)),
    withTabs(number),
    withTabs(endOf((line) => indentOf(line) > least)),
    withTabs(endOf((line) => indentOf(line) >= least)),
  ];
  for (const lines of forms) {
    const told = faults(lines.join("\n"));
    expect(told[0]).toMatch(new RegExp(`^${number}:\\d+ : tab in indentation; YAML allows only spaces$`));
    expect(told.filter((fault) => !fault.includes("tab in indentation"))).toEqual([]);
  }
});

test("a colon in a comment behind a value is no fault of the value: its indentation is", () => {
  const text = LINES.join("\n").replace("  targets", " targets");
  const told = 'is indented below "targets", which has a value already; begin it in column 2';
  expect(faults(text)).toEqual([`6:3 : ${told}`, `7:3 : ${told}`]);
});
