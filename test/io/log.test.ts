/** The log reaches terminals and syslog: peers choose some of its text. */
import { expect, test } from "vitest";
import { StderrLog } from "../../src/io/node/log.ts";

function lineOf(value: string): string {
  let line = "";
  const write = (text: string) => {
    line += text;
  };
  new StderrLog("info", write).info("late_answer_ended", { call_id: value });
  return line.replace(/^.*late_answer_ended call_id=/, "");
}

test.each([
  ["ab\x1b[31m", "ab?[31m\n", "ESC"],
  ["ab\x9b31m\x7f", "ab?31m?\n", "CSI and DEL"],
  ['a "\x9b31m"\n<3>forged', '"a \\"?31m\\"\\n<3>forged"\n', "one among quotes and line ends"],
  ["Büro", "Büro\n", "a letter"],
])("%j is written as %j: %s", (value, line) => expect(lineOf(value)).toBe(line));
