/** A member that starts knows when it has heard of all calls that another one makes, whatever gets lost of its lists. */
import { expect, test } from "vitest";
import { FirstLists, type Listed } from "../../src/cluster/first-lists.ts";
import type { ListingPart } from "../../src/cluster/story-parts.ts";

const END = Number.MAX_SAFE_INTEGER;

/** What hears of lists in which each call has one event. */
function hearer() {
  const come = new Set<string>();
  const lists = new FirstLists(({ boot, id }: Listed) => !come.has(`${boot} ${id}`));
  const list = (ids: readonly string[], window?: readonly [number, number], b = "life1") => {
    const part: ListingPart = {
      b,
      s: ids.map((id) => [id, 1]),
      all: window === undefined,
      ...(window && { w: window }),
    };
    lists.take(
      "r1",
      part,
      ids.map((id) => ({ boot: b, id, count: 1 })),
    );
  };
  const comes = (...ids: readonly string[]) => {
    for (const id of ids) come.add(`life1 ${id}`);
  };
  return { lists, list, comes, isWhole: () => lists.isWhole(["r1"]) };
}

test("one that hasn't listed its calls is waited for", () => {
  const { lists, isWhole } = hearer();
  expect([isWhole(), lists.isWhole([])]).toEqual([false, true]);
});

test("each call of the first list is waited for, and none that begins later", () => {
  const { list, comes, isWhole } = hearer();
  list(["1", "2"]);
  expect(isWhole()).toBe(false);
  comes("1");
  list(["1", "2", "3"]);
  expect(isWhole()).toBe(false);
  comes("2");
  expect(isWhole()).toBe(true);
});

test("a call that ends meanwhile isn't waited for", () => {
  const { list, comes, isWhole } = hearer();
  list(["1", "2"]);
  comes("1");
  list(["1"]);
  expect(isWhole()).toBe(true);
});

test("a list of pages is whole once each page has come, though it be in another round", () => {
  const { list, comes, isWhole } = hearer();
  list(["1", "2"], [0, 2]);
  list(["5"], [4, END]);
  comes("1", "2", "3", "5");
  expect(isWhole()).toBe(false);
  list(["1", "2"], [0, 2]);
  list(["3"], [2, 4]);
  expect(isWhole()).toBe(false);
  list(["5"], [4, END]);
  expect(isWhole()).toBe(true);
});

test("another life of it has other calls", () => {
  const { lists, list, comes, isWhole } = hearer();
  list(["1"]);
  comes("1");
  expect(isWhole()).toBe(true);
  list(["1"], undefined, "life2");
  expect(isWhole()).toBe(false);
  lists.forget("r1");
  list(["1"]);
  expect(isWhole()).toBe(true);
});

test("numbers that aren't any hold up nothing", () => {
  const { list, isWhole } = hearer();
  list(["?", "-"]);
  expect(isWhole()).toBe(true);
});
