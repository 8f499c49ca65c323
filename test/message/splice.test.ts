/** Edits of wire text: everything else leaves as it came. */
import { describe, expect, test } from "vitest";
import { Splice } from "../../src/message/splice.ts";

describe("Splice", () => {
  test("without edits the text is the same", () => {
    expect(new Splice("abc").build()).toBe("abc");
    expect(new Splice("").build()).toBe("");
  });

  test("replaces, inserts and removes, in whatever order it is asked", () => {
    const splice = new Splice("0123456789").remove(8, 9).insert(0, "<").replace(3, 6, "x").insert(10, ">");
    expect(splice.build()).toBe("<012x679>");
  });

  test("edits at the same place keep the order in which they were asked for", () => {
    expect(new Splice("ab").insert(2, "z").insert(1, "1").insert(1, "2").insert(1, "3").build()).toBe("a123bz");
  });

  test("an insertion before a replacement at the same place stands in front of it", () => {
    expect(new Splice("abc").insert(1, "+").replace(1, 2, "B").build()).toBe("a+Bc");
  });

  test("an insertion after a replacement at the same place stands behind it, and nothing cut out comes back", () => {
    expect(new Splice("abc").replace(1, 2, "B").insert(1, "+").build()).toBe("aB+c");
    expect(new Splice("abc").remove(0, 2).insert(0, "+").build()).toBe("+c");
  });

  test("neighbouring edits don't disturb each other", () => {
    expect(new Splice("abcdef").replace(2, 4, "CD").replace(0, 2, "AB").replace(4, 6, "EF").build()).toBe("ABCDEF");
    expect(new Splice("abc").remove(0, 3).build()).toBe("");
  });

  test("it can be built twice, and edited in between", () => {
    const splice = new Splice("abc").insert(1, "-");
    expect(splice.build()).toBe("a-bc");
    expect(splice.insert(2, "+").build()).toBe("a-b+c");
    expect(splice.build()).toBe("a-b+c");
  });
});
