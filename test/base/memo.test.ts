/** Answers that are remembered: as if they weren't, but for the work. */
import { describe, expect, test } from "vitest";
import { memo } from "../../src/base/memo.ts";

function counted() {
  const asked: string[] = [];
  const length = memo((text) => {
    asked.push(text);
    return text === "" ? undefined : text.length;
  });
  return { asked, length };
}

describe("a question", () => {
  test("that comes again isn't worked out again", () => {
    const { asked, length } = counted();
    expect([length("abc"), length("abc"), length("ab")]).toEqual([3, 3, 2]);
    expect(asked).toEqual(["abc", "ab"]);
  });

  test("that has no answer, or is long, is worked out each time", () => {
    const { asked, length } = counted();
    const long = "a".repeat(65);
    expect([length(""), length(""), length(long), length(long)]).toEqual([undefined, undefined, 65, 65]);
    expect(asked).toEqual(["", "", long, long]);
  });

  test("makes room by the oldest", () => {
    const { asked, length } = counted();
    for (let number = 0; number <= 512; number++) length(`x${number}`);
    expect([length("x512"), length("x1"), length("x0")]).toEqual([4, 2, 2]);
    expect(asked.slice(513)).toEqual(["x0"]);
  });
});
