/** Random tokens of the host: of any length, all characters about as likely, none twice. */
import { expect, test } from "vitest";
import { createRandom } from "../../src/io/node/secret.ts";

test("a token has the length that was asked for, of digits and small letters", () => {
  const random = createRandom();
  for (let length = 0; length < 20; length++) expect(random.token(length)).toMatch(new RegExp(`^[0-9a-z]{${length}}$`));
});

test("each character is as likely at each place, and no token comes twice", () => {
  const random = createRandom();
  const tokens = Array.from({ length: 7_200 }, () => random.token(10));
  expect(new Set(tokens).size).toBe(tokens.length);
  for (let place = 0; place < 10; place++) {
    const counts = new Map<string, number>();
    for (const token of tokens) counts.set(token[place] ?? "", (counts.get(token[place] ?? "") ?? 0) + 1);
    expect(counts.size).toBe(36);
    // 200 are expected; the standard deviation is 14.
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(8 * 14);
  }
});

test("a fraction is at least 0 and less than 1", () => {
  const random = createRandom();
  const fractions = Array.from({ length: 1_000 }, () => random.fraction());
  expect(fractions.every((one) => one >= 0 && one < 1)).toBe(true);
  expect(Math.abs(fractions.reduce((sum, one) => sum + one, 0) / 1_000 - 0.5)).toBeLessThan(0.1);
});
