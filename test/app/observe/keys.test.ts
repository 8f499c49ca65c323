/** Keys from what terminals send for them. */
import { expect, test } from "vitest";
import { keysOf } from "../../../src/app/observe/keys.ts";

const ESC = "\u001b";

test.each([
  ["letters", "jkgGrq", ["down", "up", "home", "end", "raw", "quit"]],
  ["arrows", `${ESC}[A${ESC}[B`, ["up", "down"]],
  ["arrows of an application's keypad", `${ESC}OA${ESC}OB`, ["up", "down"]],
  ["pages and ends", `${ESC}[5~${ESC}[6~ ${ESC}[H${ESC}[F`, ["page up", "page down", "page down", "home", "end"]],
  ["ends of the Linux console", `${ESC}[1~${ESC}[4~`, ["home", "end"]],
  ["Enter", "\r\n", ["enter", "enter"]],
  ["Ctrl-C", "\u0003", ["quit"]],
  ["Escape before a letter", `${ESC}q`, ["escape", "quit"]],
  ["two Escapes", `${ESC}${ESC}[A`, ["escape", "up"]],
  ["an arrow with Shift, which means nothing", `${ESC}[1;2Aj`, ["down"]],
  ["a function key, which means nothing", `${ESC}[15~${ESC}OPj`, ["down"]],
  ["octets of another alphabet", "\u00c3\u00a4\u0000\u007fj", ["down"]],
])("%s", (_, octets, keys) => {
  expect(keysOf(octets, false)).toEqual({ keys, rest: "" });
  expect(keysOf(octets, true)).toEqual({ keys, rest: "" });
});

test.each([ESC, `${ESC}[`, `${ESC}O`, `${ESC}[1;2`])("the beginning of a key waits for its rest: %j", (beginning) => {
  expect(keysOf(`j${beginning}`, false)).toEqual({ keys: ["down"], rest: beginning });
  expect(keysOf(`${beginning}`, true).keys[0]).toBe("escape");
});

test("a key means the same in however many pieces it comes", () => {
  const all = `j${ESC}[A${ESC}[5~q${ESC}OB`;
  const keys = ["down", "up", "page up", "quit", "down"];
  for (let cut = 0; cut <= all.length; cut++) {
    const first = keysOf(all.slice(0, cut), false);
    const second = keysOf(first.rest + all.slice(cut), false);
    expect([...first.keys, ...second.keys]).toEqual(keys);
  }
});

test("what never becomes a key isn't waited for", () => {
  expect(keysOf(`${ESC}[${"1;".repeat(1_000)}`, false).rest).toBe("");
});
