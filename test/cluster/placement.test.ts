/** Members that make a call, hear of it and go on with it, where messages may come to any of them. */
import { expect, test } from "vitest";
import type { OwnState } from "../../src/cluster/member-machine.ts";
import { orderOf, type Seat } from "../../src/cluster/order.ts";
import { type Members, OrderedPlacement } from "../../src/cluster/placement.ts";

interface Other {
  readonly state?: OwnState | undefined;
  /** This one doesn't hear it, and another one does. */
  readonly isCut?: boolean;
  readonly isGone?: boolean;
  /** Members that it hadn't heard until their end. */
  readonly missed?: readonly string[];
}

const NAMES = ["a", "b", "c", "d", "e"];
const SEATS: readonly Seat[] = NAMES.map((name, index) => ({ name, seed: 77_777 * (index + 1) }));
const CALLS = Array.from({ length: 200 }, (_, index) => `call-${index}@x`);

/** As A sees it. */
function placed(others: Readonly<Record<string, Other>>, missed: readonly string[] = [], state: OwnState = "active") {
  const of = (name: string): Other => others[name] ?? { isGone: true };
  const isReached = (name: string) => name !== "a" && of(name).isGone !== true;
  const isAlive = (name: string) => isReached(name) && of(name).isCut !== true;
  const members: Members = {
    ...{ name: "a", state, isAlive, isReached },
    live: () => NAMES.filter(isAlive),
    hasHeardOut: (listener, member) => !(listener === "a" ? missed : (of(listener).missed ?? [])).includes(member),
    factsOf: () => undefined,
    stateOf: (name) => (isReached(name) ? of(name).state : undefined),
  };
  return new OrderedPlacement(members, SEATS);
}

const seatsOf = (...names: readonly string[]) => SEATS.filter(({ name }) => names.includes(name));
const ACTIVE: Other = { state: "active" };

test("those that are active have calls, in the same order at all", () => {
  const placement = placed({
    b: ACTIVE,
    c: { state: "draining" },
    d: { state: "syncing" },
    e: { ...ACTIVE, isCut: true },
  });
  for (const callId of CALLS) expect(placement.order(callId)).toEqual(orderOf(callId, seatsOf("a", "b", "e")));
});

test("where none is active, a call is made where it comes", () => {
  expect(placed({ b: { state: "syncing" } }, [], "syncing").order("x")).toEqual(["a"]);
});

test("the two that would be next hear of a call, and each that may come before them", () => {
  const placement = placed({ b: ACTIVE, c: { state: "syncing" }, d: ACTIVE, e: { state: "drained" } });
  for (const callId of CALLS) {
    const heirs = placement.heirs(callId);
    const order = orderOf(callId, seatsOf("b", "c", "d", "e"));
    expect(heirs).toEqual(order.slice(0, heirs.length));
    expect(heirs.filter((name) => ["b", "d"].includes(name))).toEqual(orderOf(callId, seatsOf("b", "d")));
    expect(["b", "d"]).toContain(heirs.at(-1));
  }
});

test("so does one that lives and hasn't said what it does, and none from which this one is cut", () => {
  const placement = placed({ b: { state: undefined }, c: { ...ACTIVE, isCut: true } });
  for (const callId of CALLS) expect(placement.heirs(callId)).toEqual(["b"]);
});

test("a call of a dead member goes to the first that has heard it until its end", () => {
  const placement = placed({ b: ACTIVE, c: { ...ACTIVE, missed: ["e"] } });
  for (const callId of CALLS) {
    expect(placement.heirOf(callId, "e")).toBe(orderOf(callId, seatsOf("a", "b"))[0]);
    expect(placement.isHeir(callId, "e")).toBe(placement.heirOf(callId, "e") === "a");
    expect(placement.heirOf(callId, "d")).toBe(orderOf(callId, seatsOf("a", "b", "c"))[0]);
  }
});

test("where none has, to the first of all", () => {
  const placement = placed({ b: { ...ACTIVE, missed: ["e"] } }, ["e"]);
  for (const callId of CALLS) expect(placement.heirOf(callId, "e")).toBe(orderOf(callId, seatsOf("a", "b"))[0]);
});

test("rivals for channels are all that may have calls, those too that only others hear", () => {
  const placement = placed({ b: ACTIVE, c: { state: "syncing" }, d: { ...ACTIVE, isCut: true } });
  expect(placement.rivals()).toEqual(["b", "d"]);
});
