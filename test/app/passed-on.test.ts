/** A message that has come to the wrong member, as another member has sent it on: believed no more than a message. */
import { describe, expect, test } from "vitest";
import { readPassed } from "../../src/app/passed-on.ts";

const PART = { listener: "udp:10.206.206.1:5060", address: "10.204.204.11", port: 5060, wire: "OPTIONS" };

describe("the members that have had a message", () => {
  test("are those that it names, and the one that has sent it on", () => {
    expect(readPassed({ ...PART, hops: ["a"] }, "b")?.hops).toEqual(["a", "b"]);
    expect(readPassed({ ...PART, hops: ["a", "b"] }, "b")?.hops).toEqual(["a", "b"]);
    expect(readPassed(PART, "b")?.hops).toEqual(["b"]);
  });

  test("are without the one that has only passed it on for another one: it may have the call", () => {
    expect(readPassed({ ...PART, hops: ["a"], receiver: "c" }, "b")?.hops).toEqual(["a"]);
  });
});
