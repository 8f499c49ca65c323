/** The three machines of branches, every state with every input, and what holds for all of them. */
import { describe, expect, test } from "vitest";
import type {
  AnyBranchMachine,
  BranchAction,
  BranchInput,
  BranchState,
} from "../../../src/proxy/branch/branch-machine.ts";
import { inviteBranch } from "../../../src/proxy/branch/invite-branch.ts";
import { byeBranch, nonInviteBranch } from "../../../src/proxy/branch/non-invite-branch.ts";
import { BYE, INVITE, NON_INVITE, type Table } from "./branch-tables.ts";

const MACHINES: readonly (readonly [name: string, machine: AnyBranchMachine, table: Table])[] = [
  ["the branch of an INVITE", inviteBranch, INVITE],
  ["the branch of another request", nonInviteBranch, NON_INVITE],
  ["the branch of a BYE", byeBranch, BYE],
];

/** Actions whose answer is the next input, and which answers they can give. */
const QUESTIONS: Partial<Record<BranchAction, readonly BranchInput[]>> = {
  locate: ["address", "silent", "later", "nowhere"],
  seek: ["address", "silent", "later", "nowhere"],
  hear: ["trying", "hush", "ringing"],
  weighShare: ["elsewhere", "stay"],
  weighHush: ["elsewhere", "stay"],
  weighVerdict: ["elsewhere", "stay"],
};
/** An observer of the branch may act upon it in return. */
const isTelling = (action: BranchAction) => /^(tell|end)/.test(action);

function cell(machine: AnyBranchMachine, state: string, input: BranchInput): string {
  const transition = machine.states[state as BranchState]?.[input];
  return transition === undefined ? "-" : `${transition.next}: ${transition.actions.join(" ")}`.trimEnd();
}

function transitionsOf(machine: AnyBranchMachine) {
  return Object.entries(machine.states).flatMap(([state, row]) =>
    Object.entries(row).flatMap(([input, one]) => (one === undefined ? [] : [{ state, input, ...one }])),
  );
}

/** The states in which something has yet to come: their wait, or a timer of the transaction, must end them. */
function openStates(table: Table): string[] {
  return Object.keys(table).filter((state) => state !== "over" && state !== "parting");
}

for (const [name, machine, table] of MACHINES) {
  describe(name, () => {
    for (const [state, row] of Object.entries(table)) {
      for (const [input, expected] of Object.entries(row)) {
        test(`${state} × ${input} → ${expected}`, () => {
          expect(cell(machine, state, input as BranchInput)).toBe(expected);
        });
      }
    }

    test("has the states of the table and no others, and starts in its first with a look at the addresses", () => {
      expect(Object.keys(machine.states)).toEqual(Object.keys(table));
      expect(machine.initial).toBe(Object.keys(table)[0]);
      expect(machine.start).toEqual(["startFr", "locate"]);
    });

    test("every state is reached from the first", () => {
      const reached = new Set<string>([machine.initial]);
      for (const state of reached) {
        for (const { next } of transitionsOf(machine).filter((one) => one.state === state)) reached.add(next);
      }
      expect(reached).toEqual(new Set(Object.keys(table)));
    });

    test("what tells others comes last, so that they find the branch in its next state", () => {
      for (const { state, input, actions } of transitionsOf(machine)) {
        const first = actions.findIndex(isTelling);
        if (first >= 0)
          expect([state, input, actions.slice(first).filter((one) => !isTelling(one))]).toEqual([state, input, []]);
      }
    });

    test("a question comes last, and its answers are inputs that the next state knows", () => {
      for (const { state, input, next, actions } of transitionsOf(machine)) {
        for (const [index, action] of actions.entries()) {
          const answers = QUESTIONS[action];
          if (answers === undefined) continue;
          expect([state, input, index]).toEqual([state, input, actions.length - 1]);
          // "stay" may mean that nothing changes; only an INVITE has others that may still answer.
          const known = answers.filter(
            (answer) => answer !== "stay" && (answer !== "silent" || name.includes("INVITE")),
          );
          for (const answer of known) expect(`${next} × ${answer}: ${cell(machine, next, answer)}`).not.toMatch(/-$/);
        }
      }
    });

    test("each open state is ended by an answer, by a 2xx, by the transaction's timer and by the stage's", () => {
      for (const state of openStates(table)) {
        for (const input of ["failure", "success", "timeout"] as const) {
          expect([state, input, table[state]?.[input]]).toEqual([state, input, expect.stringMatching(/^over: /)]);
        }
        expect([state, table[state]?.ringOver]).toEqual([state, expect.stringMatching(/^(over|parting): .*endRung$/)]);
      }
    });

    test("once over it never opens again, and tells no second end but another 2xx", () => {
      for (const transition of transitionsOf(machine).filter(({ state }) => state === "over")) {
        expect(transition.next).toBe("over");
      }
    });

    test("an open branch ends by the very transition that leads to over or parting", () => {
      for (const { state, input, next, actions } of transitionsOf(machine)) {
        const ends = actions.filter((one) => one.startsWith("end")).length;
        const isEnd = openStates(table).includes(state) && (next === "over" || next === "parting");
        if (isEnd) expect([state, input, ends]).toEqual([state, input, 1]);
        else if (next !== "over") expect([state, input, ends]).toEqual([state, input, 0]);
      }
    });
  });
}

test("RFC 3261 §9.1: nothing but an INVITE is cancelled, and none without a provisional response", () => {
  for (const [, machine] of MACHINES.slice(1)) {
    expect(transitionsOf(machine).flatMap(({ actions }) => actions)).not.toContain("cancel");
  }
  for (const state of ["locating", "asking", "waiting"] as const) {
    for (const transition of Object.values(inviteBranch.states[state])) {
      expect(transition?.actions).not.toContain("cancel");
    }
  }
});
