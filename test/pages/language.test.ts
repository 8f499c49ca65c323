/** Pages name the thing in the subject of a sentence. */
import { describe, expect, test } from "vitest";
import { riddlesInComment, riddlesInPage } from "../support/sentences.ts";
import { MANUAL, page, proseOf } from "./pages.ts";

const OTHERS = ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "test/README.md"];
const READ = [...MANUAL, ...OTHERS.map(page)];

test.each(READ.map((one) => [one.path, one] as const))(
  "%s: no sentence begins with a pronoun or a clause",
  (_, one) => {
    expect(riddlesInPage(proseOf(one))).toEqual([]);
  },
);

describe("the check", () => {
  test.each([
    ["Whoever forges his address has as many as he likes.", 1],
    ["It waits. Nobody asks: so it ends.", 1],
    ["What lingers is small.", 1],
    ["What is over it waits for the interval.", 1],
    ["What is known of the site at the moment.", 0],
    ["What is wrong with the header fields that every message must have.", 0],
    ["Who asks?", 0],
    ["A source over its quota gets 503.", 0],
  ])("in a comment: %s", (text, count) => {
    expect(riddlesInComment(text)).toHaveLength(count);
  });

  test("in a page a clause is found in a list, in a table and over two lines, and not in a heading", () => {
    const lines = ["# What is it", "- What is it.", "| a | What comes of it |", "It is. What", "lingers is small."];
    expect(riddlesInPage(lines)).toHaveLength(3);
  });
});
