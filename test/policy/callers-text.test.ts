/** The phones that calls from a gateway ring after an emergency call, in words: short enough for a record. */
import { expect, test } from "vitest";
import { type Callback, callersText } from "../../src/policy/emergency/callbacks.ts";

const callback = (caller: string, left_min: number) =>
  ({ caller, contact: "", gateway: "", flow: { address: "10.222.237.21" }, until_ms: left_min * 60_000 }) as Callback;
const text = (...callers: string[]) =>
  callersText(
    callers.map((caller, index) => callback(caller, 60 - index)),
    0,
  );

test.each([
  [[], ""],
  [["201@pbx.example.com"], "201, which has called an emergency number (for another 60 min)"],
  [[""], "the phone at 10.222.237.21, which has called an emergency number (for another 60 min)"],
  [["201@a", "223@a"], "201 and 223, which have called an emergency number (for another 60 min)"],
  [
    ["1@a", "2@a", "3@a", "4@a", "5@a"],
    "1, 2, 3 and 2 more, which have called an emergency number (for another 60 min)",
  ],
])("%j", (callers, words) => {
  expect(text(...callers)).toBe(words);
});
