/** Marks that become colours, and lines that fit. */
import { describe, expect, test } from "vitest";
import { bad, clipped, good, padded, twoColumns, widthOf, withInk, withoutInk, wrapped } from "../../src/base/ink.ts";
import { printable } from "../../src/base/printable.ts";

describe("marks", () => {
  const text = `Upstream ${bad("DOWN")}, gateway ${good("up")}`;

  test("become escape sequences with ink, and nothing without", () => {
    expect(withInk(text)).toBe("Upstream \u001b[1;31mDOWN\u001b[0m, gateway \u001b[32mup\u001b[0m");
    expect(withoutInk(text)).toBe("Upstream DOWN, gateway up");
  });

  test("take no columns, and pass as printable", () => {
    expect(widthOf(text)).toBe("Upstream DOWN, gateway up".length);
    expect(padded(good("up"), 4)).toBe(`${good("up")}  `);
    expect(printable(text)).toBe(text);
  });
});

test("what is clipped has as many columns as there are, whole characters, and no colour goes on behind it", () => {
  const text = `Upstream ${bad("DOWN")}, gateway ${good("up")}`;
  expect(clipped(text, widthOf(text))).toBe(text);
  for (let width = 0; width < widthOf(text); width++) {
    expect(withoutInk(clipped(text, width))).toBe(withoutInk(text).slice(0, width));
    const pieces = withInk(clipped(text, width)).split("\u001b");
    expect(pieces.filter((piece, index) => index % 2 === 0 && index > 0 && !piece.startsWith("[0m"))).toEqual([]);
    expect(pieces.length % 2).toBe(1);
  }
  expect(clipped("a\u{1f4de}b", 2)).toBe("a");
  expect(clipped("abc", -1)).toBe("");
});

describe("wrapped", () => {
  const words = "The quick brown fox jumps over the lazy dog, and over the sleeping cat too.";

  test.each([20, 33, 40, 74])("no line is longer than %i columns, and no word is lost", (width) => {
    const lines = wrapped(words, width).split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(lines.map((line) => line.trim()).join(" ")).toBe(words);
  });

  test("a line that fits stays as it is", () => {
    expect(wrapped(`${words}\n  x\n\n`, 80)).toBe(`${words}\n  x\n\n`);
  });

  test("what follows begins as far in as its line, and hanging columns more", () => {
    expect(wrapped("  one two three", 9)).toBe("  one two\n    three");
    expect(wrapped("  one two three", 9, 0)).toBe("  one two\n  three");
  });

  test("a word that is longer than a line stays whole", () => {
    expect(wrapped("see /etc/branchline/branchline.yaml now", 10, 0)).toBe("see\n/etc/branchline/branchline.yaml\nnow");
  });

  test("marks don't count", () => {
    const marked = `one ${good("two")} three`;
    expect(wrapped(marked, 13)).toBe(marked);
  });
});

test("two columns: the second begins behind the longest name, and wraps there", () => {
  expect(
    twoColumns(
      [
        ["-c", "one two three four five six"],
        ["--json", "JSON"],
      ],
      30,
    ),
  ).toBe("  -c      one two three four\n          five six\n  --json  JSON\n");
});
