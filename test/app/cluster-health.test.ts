/** Whether a member may hold the shared addresses, case by case. */
import { expect, test } from "vitest";
import { type HealthWord, healthWord } from "../../src/app/cluster-health.ts";
import type { OwnState } from "../../src/cluster/member-machine.ts";

const WORDS: readonly HealthWord[] = ["yes", "alone", "no"];

/** By state, and whether another member takes calls: the words after "yes", "alone" and "no". */
const TABLE: Readonly<Record<OwnState, Readonly<Record<"relieved" | "not relieved", readonly HealthWord[]>>>> = {
  stopped: { relieved: ["no", "no", "no"], "not relieved": ["no", "alone", "no"] },
  syncing: { relieved: ["no", "no", "no"], "not relieved": ["no", "alone", "no"] },
  active: { relieved: ["yes", "yes", "yes"], "not relieved": ["alone", "alone", "alone"] },
  draining: { relieved: ["no", "no", "no"], "not relieved": ["no", "no", "no"] },
  drained: { relieved: ["no", "no", "no"], "not relieved": ["no", "no", "no"] },
};

for (const [state, rows] of Object.entries(TABLE)) {
  for (const [row, expected] of Object.entries(rows)) {
    test(`${state}, ${row}`, () => {
      const facts = { state: state as OwnState, isRelieved: row === "relieved", isHandingOver: false };
      expect(WORDS.map((before) => healthWord(facts, before))).toEqual(expected);
      const handing = WORDS.map((before) => healthWord({ ...facts, isHandingOver: true }, before));
      expect(handing).toEqual(state === "active" ? ["no", "no", "no"] : expected);
    });
  }
}
