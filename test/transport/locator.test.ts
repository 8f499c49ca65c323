/** From hosts to flows: DNS and the kernel are asked through a port, and answer as events. */
import { describe, expect, test } from "vitest";
import type { Flow, Listener } from "../../src/transport/flow.ts";
import { type Hop, isHost, Locator } from "../../src/transport/locator.ts";
import { flowFrom, LAN, LAN6, listener, WAN } from "./flows.ts";

/** A locator with the questions that it asked its host. */
function setUp(...listeners: Listener[]) {
  const questions: string[] = [];
  const lookup = {
    query: () => questions.push("dns"),
    findSource: (address: string) => questions.push(`route ${address}`),
  };
  const locator = new Locator(listeners, lookup, { token: () => "", fraction: () => 0 });
  return { locator, questions };
}

/** Notes what it is told. */
function waiter() {
  const told: (readonly Flow[])[] = [];
  return { told, onLocated: (flows: readonly Flow[]) => void told.push(flows) };
}

function literal(host: string, port?: number): Hop {
  return { host, port, protocol: undefined };
}

describe("IP addresses", () => {
  test("with one listener of that version there is nothing to ask", () => {
    const { locator, questions } = setUp(LAN, LAN6);
    expect(locator.locate(literal("10.9.9.9", 5070), waiter(), 0)).toEqual([flowFrom("10.9.9.9", 5070, LAN)]);
    expect(locator.locate(literal("2001:db8::9"), waiter(), 0)).toEqual([flowFrom("2001:db8::9", 5060, LAN6)]);
    expect(questions).toEqual([]);
  });

  test.each(["255.255.255.255", "0.0.0.0", "224.0.1.75", "239.255.255.255", "::", "ff02::1"])(
    "RFC 4475 §3.3.10: %s is nobody's, and nothing is sent there",
    (address) => {
      const { locator, questions } = setUp(LAN, WAN, LAN6);
      expect(locator.locate(literal(address), waiter(), 0)).toEqual([]);
      const asked = waiter();
      locator.locate(literal("pbx.example.com", 5060), asked, 0);
      for (const type of ["A", "AAAA"] as const) {
        const records = type === "A" ? [address] : [];
        locator.onAnswer({ type, name: "pbx.example.com" }, { records, lifetime_ms: 60_000 }, 1);
      }
      expect(asked.told).toEqual([[]]);
      expect(questions).toEqual(["dns", "dns"]);
    },
  );

  test("without a listener of that version the host can't be reached", () => {
    const { locator, questions } = setUp(LAN);
    expect(locator.locate(literal("2001:db8::9"), waiter(), 0)).toEqual([]);
    expect(questions).toEqual([]);
  });

  test("with two listeners the kernel decides, and is believed for 30 s", () => {
    const { locator, questions } = setUp(LAN, WAN);
    const first = waiter();
    expect(locator.locate(literal("203.0.113.5"), first, 0)).toBeUndefined();
    expect(questions).toEqual(["route 203.0.113.5"]);
    locator.onSource("203.0.113.5", "198.51.100.1", 10);
    expect(first.told).toEqual([[flowFrom("203.0.113.5", 5060, WAN)]]);
    expect(locator.locate(literal("203.0.113.5"), waiter(), 29_999)).toEqual([flowFrom("203.0.113.5", 5060, WAN)]);
    expect(questions).toHaveLength(1);
  });

  test("an old route is still used while the kernel is asked anew", () => {
    const { locator, questions } = setUp(LAN, WAN);
    locator.locate(literal("203.0.113.5"), waiter(), 0);
    locator.onSource("203.0.113.5", "198.51.100.1", 0);
    expect(locator.locate(literal("203.0.113.5"), waiter(), 30_000)).toEqual([flowFrom("203.0.113.5", 5060, WAN)]);
    expect(questions).toHaveLength(2);
    locator.onSource("203.0.113.5", "10.222.237.1", 30_001);
    expect(locator.locate(literal("203.0.113.5"), waiter(), 36_000)).toEqual([flowFrom("203.0.113.5", 5060, LAN)]);
  });

  test("a source address that is no listener's belongs to the nearest", () => {
    const near = listener(0, "10.222.237.1");
    const far = listener(1, "198.51.100.1");
    const { locator } = setUp(near, far);
    const asked = waiter();
    locator.locate(literal("10.222.0.9"), asked, 0);
    locator.onSource("10.222.0.9", "10.222.238.1", 0);
    expect(asked.told).toEqual([[flowFrom("10.222.0.9", 5060, near)]]);
  });

  test("a source address of another version belongs to nobody", () => {
    const { locator } = setUp(LAN, WAN);
    const asked = waiter();
    locator.locate(literal("10.0.0.9"), asked, 0);
    locator.onSource("10.0.0.9", "2001:db8::1", 0);
    expect(asked.told).toEqual([[]]);
  });

  test("without a route nobody waits, and the next question goes to the kernel again", () => {
    const { locator, questions } = setUp(LAN, WAN);
    const asked = waiter();
    locator.locate(literal("203.0.113.5"), asked, 0);
    locator.onSource("203.0.113.5", undefined, 5);
    expect(asked.told).toEqual([[]]);
    const again = waiter();
    expect(locator.locate(literal("203.0.113.5"), again, 6)).toBeUndefined();
    expect(questions).toHaveLength(2);
    locator.onSource("203.0.113.5", "198.51.100.1", 7);
    expect(again.told).toEqual([[flowFrom("203.0.113.5", 5060, WAN)]]);
  });

  test("all who wait are told, and the kernel is asked once", () => {
    const { locator, questions } = setUp(LAN, WAN);
    const waiters = [waiter(), waiter(), waiter()];
    for (const [index, one] of waiters.entries()) locator.locate(literal("203.0.113.5", 5060 + index), one, 0);
    expect(questions).toHaveLength(1);
    locator.onSource("203.0.113.5", "198.51.100.1", 1);
    expect(waiters.map((one) => one.told)).toEqual(
      [5060, 5061, 5062].map((port) => [[flowFrom("203.0.113.5", port, WAN)]]),
    );
  });

  test("a forgotten route is asked for again", () => {
    const { locator, questions } = setUp(LAN, WAN);
    locator.locate(literal("203.0.113.5"), waiter(), 0);
    locator.onSource("203.0.113.5", "198.51.100.1", 0);
    expect(locator.locate(literal("203.0.113.5"), waiter(), 0)).toHaveLength(1);
    locator.forgetRoute("203.0.113.5");
    expect(locator.locate(literal("203.0.113.5"), waiter(), 1)).toHaveLength(1); // the last good answer serves
    expect(questions).toEqual(["route 203.0.113.5", "route 203.0.113.5"]);
  });

  test("who waits while a route is forgotten is still told", () => {
    const { locator } = setUp(LAN, WAN);
    const one = waiter();
    locator.locate(literal("203.0.113.5"), one, 0);
    locator.forgetRoute("203.0.113.5");
    locator.onSource("203.0.113.5", "198.51.100.1", 5);
    expect(one.told).toHaveLength(1);
  });

  test("answers that nobody asked for do no harm", () => {
    const { locator } = setUp(LAN, WAN);
    locator.onAnswer({ type: "A", name: "unasked.example.com" }, undefined, 0);
    locator.onSource("192.0.2.77", undefined, 0);
    expect(locator.locate(literal("192.0.2.78"), waiter(), 0)).toBeUndefined();
  });

  test("a table full of questions refuses the next, and forgets nobody who waits", () => {
    const { locator } = setUp(LAN);
    const waiters = Array.from({ length: 1_500 }, () => waiter());
    waiters.forEach((one, index) => {
      const flows = locator.locate(literal(`h${index}.example.com`, 5060), one, 0);
      expect(flows === undefined).toBe(index < 1_024);
    });
    for (let index = 0; index < 1_500; index++) {
      locator.onAnswer({ type: "A", name: `h${index}.example.com` }, undefined, 10);
    }
    expect(waiters.filter((one) => one.told.length === 1)).toHaveLength(1_024);
  });
});

test.each([
  ["pbx.example.com", "PBX.example.com", true],
  ["10.0.0.1", "10.0.0.1", true],
  ["2001:db8:0::1", "2001:DB8::1", true],
  ["10.0.0.1", "10.0.0.2", false],
  ["2001:db8::1", "2001:db8::2", false],
])("isHost(%s, %s) is %s", (a, b, isSame) => {
  expect(isHost(a, b)).toBe(isSame);
});
