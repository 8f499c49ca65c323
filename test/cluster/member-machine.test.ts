/** The machines of a peer's life and of this member's own: every state with every input. */
import { describe, expect, test } from "vitest";
import type { Row } from "../../src/base/machine.ts";
import { OWN, type OwnAction, PEER_LIFE, PEER_WHY, WHY } from "../../src/cluster/member-machine.ts";
import { OWN_TABLE, PEER_TABLE } from "./member-tables.ts";

type Machine = Readonly<Record<string, Row<string, string, string>>>;
type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

const MACHINES: readonly (readonly [string, Machine, Table, string])[] = [
  ["a peer's life", PEER_LIFE, PEER_TABLE, "unheard"],
  ["this member's state", OWN, OWN_TABLE, "stopped"],
];

for (const [name, machine, table, first] of MACHINES) {
  describe(name, () => {
    for (const [state, row] of Object.entries(table)) {
      for (const [input, expected] of Object.entries(row)) {
        test(`${state} × ${input} → ${expected}`, () => {
          const transition = machine[state]?.[input];
          const cell = transition && `${transition.next}: ${transition.actions.join(" ")}`;
          expect(cell ?? "-").toBe(expected);
        });
      }
    }

    test("there are no other states, and each is reached from the first", () => {
      expect(Object.keys(machine)).toEqual(Object.keys(table));
      const reached = new Set([first]);
      for (const state of reached) {
        for (const transition of Object.values(machine[state] ?? {})) if (transition) reached.add(transition.next);
      }
      expect([...reached].sort()).toEqual(Object.keys(table).sort());
    });
  });
}

test("who waits for a member that is alive is always told of its end, and no other end is told", () => {
  for (const [life, row] of Object.entries(PEER_LIFE)) {
    for (const transition of Object.values(row)) {
      const isEnd = life === "alive" && transition.next !== "alive";
      const isBirth = life !== "alive" && transition.next === "alive";
      expect(transition.actions.includes("tellDead")).toBe(isEnd);
      expect(transition.actions.includes("tellAlive")).toBe(isBirth);
    }
  }
});

test("each change of this member's state is told to those here, and to the other members", () => {
  for (const [state, row] of Object.entries(OWN)) {
    for (const { next, actions } of Object.values(row)) {
      const isTold = (action: OwnAction) => actions.includes(action);
      expect(isTold("tell")).toBe(next !== state);
      expect(isTold("beat") || isTold("farewell")).toBe(next !== state);
    }
  }
});

test("the waiting ends with syncing", () => {
  for (const [state, row] of Object.entries(OWN)) {
    for (const { next, actions } of Object.values(row)) {
      if (state !== "syncing" || next === "syncing") continue;
      expect(actions).toEqual(expect.arrayContaining(["stopAlone", "stopOverdue"]));
    }
  }
});

test("each input is evidence that has words", () => {
  expect(Object.keys(WHY).sort()).toEqual(Object.keys(OWN_TABLE["syncing"] ?? {}).sort());
  expect(Object.keys(PEER_WHY).sort()).toEqual(Object.keys(PEER_TABLE["alive"] ?? {}).sort());
});
