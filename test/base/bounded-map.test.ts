/** The map that forgets instead of growing. */
import { describe, expect, test } from "vitest";
import { BoundedMap } from "../../src/base/bounded-map.ts";

function filled(limit: number, ...keys: string[]): BoundedMap<string, string> {
  const map = new BoundedMap<string, string>(limit);
  for (const key of keys) map.set(key, `value of ${key}`);
  return map;
}

describe("BoundedMap", () => {
  test("keeps what fits", () => {
    const map = filled(3, "a", "b", "c");
    expect(map.size).toBe(3);
    expect(map.get("a")).toBe("value of a");
    expect([...map.values()]).toEqual(["value of a", "value of b", "value of c"]);
  });

  test("forgets the oldest entry, and only that, when one more comes", () => {
    const map = filled(3, "a", "b", "c", "d");
    expect(map.size).toBe(3);
    expect(map.get("a")).toBeUndefined();
    expect(map.get("b")).toBe("value of b");
    expect(map.get("d")).toBe("value of d");
  });

  test("a new value for a known key forgets nothing", () => {
    const map = filled(2, "a", "b");
    map.set("b", "new");
    expect(map.get("a")).toBe("value of a");
    expect(map.get("b")).toBe("new");
  });

  test("a deleted key makes room", () => {
    const map = filled(2, "a", "b");
    map.delete("b");
    map.set("c", "value of c");
    expect(map.get("a")).toBe("value of a");
    map.clear();
    expect(map.size).toBe(0);
  });

  test("an entry whose key is undefined can be forgotten too", () => {
    const map = new BoundedMap<string | undefined, number>(1);
    map.set(undefined, 1);
    map.set("a", 2);
    expect(map.size).toBe(1);
    expect(map.get("a")).toBe(2);
  });

  test("written anew it has the same entries, in the same order", () => {
    const map = filled(3, "a", "b", "c");
    map.renewAll((value) => `${value}, anew`);
    expect(map.set("d", "last")).toBe("a");
    expect([...map.keys()]).toEqual(["b", "c", "d"]);
    expect([...map.values()]).toEqual(["value of b, anew", "value of c, anew", "last"]);
  });
});
