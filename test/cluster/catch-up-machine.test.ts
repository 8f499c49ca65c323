/** The machine that catches up, every state with every input. */
import { describe, expect, test } from "vitest";
import { CATCH_UP, type CatchUpInput, type CatchUpPlace } from "../../src/cluster/catch-up-machine.ts";

/** "next: action action", or "-" where the input is ignored. */
const TABLE: Readonly<Record<CatchUpPlace, Readonly<Record<CatchUpInput, string>>>> = {
  idle: {
    waiting: "comparing: begin compare",
    equal: "-", // an answer to a question of long ago
    differs: "-",
    piece: "-",
    answered: "-",
    last: "-",
    silent: "-", // nothing is asked
    mute: "-",
    gone: "-",
  },
  comparing: {
    waiting: "-", // one after the other
    equal: "idle: finish look",
    differs: "fetching: want",
    piece: "-",
    answered: "-",
    last: "-",
    silent: "comparing: again",
    mute: "idle: giveUp look",
    gone: "idle: giveUp look",
  },
  fetching: {
    waiting: "-",
    equal: "-",
    differs: "-",
    piece: "fetching: want",
    answered: "fetching: want",
    last: "comparing: compare", // changes may have come meanwhile, or got lost
    silent: "fetching: again",
    mute: "idle: giveUp look",
    gone: "idle: giveUp look",
  },
};

function cell(place: CatchUpPlace, input: CatchUpInput): string {
  const transition = CATCH_UP[place][input];
  return transition === undefined ? "-" : `${transition.next}: ${transition.actions.join(" ")}`;
}

describe("every state × every input", () => {
  for (const [place, row] of Object.entries(TABLE)) {
    for (const [input, expected] of Object.entries(row)) {
      test(`${place} × ${input} → ${expected}`, () => {
        expect(cell(place as CatchUpPlace, input as CatchUpInput)).toBe(expected);
      });
    }
  }

  test("there are no other states, and the end of each exchange looks for the next", () => {
    expect(Object.keys(CATCH_UP)).toEqual(Object.keys(TABLE));
    for (const row of Object.values(CATCH_UP)) {
      for (const one of Object.values(row)) if (one?.next === "idle") expect(one.actions).toContain("look");
    }
  });
});
