/**
 * The work for a message grows with its length and not with the square of it: its parsing, and its handling.
 * A long message is compared with a short one of the same shape in the same run, so no speed of a machine is asserted.
 */
import { describe, expect, test } from "vitest";
import { HEADER_MAX_CHARACTERS, MESSAGE_MAX_CHARACTERS } from "../../src/message/limits.ts";
import { parse } from "../../src/message/parse.ts";
import { type Origin, SITES } from "../fuzz/sites.ts";
import { World } from "../fuzz/world.ts";
import { ADVERSARIES } from "./adversaries.ts";
import { isInProportion, readEverything, shortest_ms } from "./effort.ts";

/** Just below what is refused unread, and as much as a datagram carries. */
const LENGTHS = [HEADER_MAX_CHARACTERS - 100, MESSAGE_MAX_CHARACTERS];

describe("parsing", () => {
  test.each(LENGTHS)("of a message with %i octets costs in proportion to its length", (length) => {
    const slow = ADVERSARIES.filter(({ of }) => !isInProportion(parse, of, length));
    expect(slow.map(({ name }) => name)).toEqual([]);
  });

  test("and reading all of what isn't refused grows with the length, not with its square", () => {
    const grows = ADVERSARIES.filter(({ of }) => {
      const [half, whole] = [of(HEADER_MAX_CHARACTERS / 2), of(HEADER_MAX_CHARACTERS - 100)];
      // Too short to be measured, or about twice as long for twice as much: a square would make it four times.
      const isLinear = () => {
        const whole_ms = shortest_ms(() => readEverything(whole), 5);
        return whole_ms < 0.3 || whole_ms < 3 * shortest_ms(() => readEverything(half), 5);
      };
      return ![1, 2, 3, 4, 5, 6, 7, 8].some(isLinear);
    });
    expect(grows.map(({ name }) => name)).toEqual([]);
  });
});

describe("the whole core", () => {
  const origins: readonly Origin[] = ["phone", "upstream", "strangerInside"];
  const cases = Object.keys(SITES).flatMap((site) => origins.map((origin) => [site, origin] as const));

  test.each(cases)("at %s, from %s: a message costs in proportion to its length", (site, origin) => {
    const world = new World(site);
    world.advance(1_000);
    let count = 0;
    const feed = (wire: string) => {
      count += 1;
      // Each is new: what repeats itself would only be absorbed.
      world.feed(origin, wire.replace("z9hG4bKn", `z9hG4bK${count}`).replace("Call-ID: 1", `Call-ID: ${count}`));
    };
    const slow = ADVERSARIES.filter(({ of }) => LENGTHS.some((length) => !isInProportion(feed, of, length)));
    expect(slow.map(({ name }) => name)).toEqual([]);
    expect(world.troubles).toEqual([]);
  });
});
