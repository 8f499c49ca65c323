/** The four machines, every state with every input: RFC 3261 §17, RFC 6026. */
import { describe, expect, test } from "vitest";
import { inviteClient } from "../../src/transaction/invite-client.ts";
import { inviteServer } from "../../src/transaction/invite-server.ts";
import {
  type Action,
  type AnyMachine,
  type Input,
  type State,
  step,
  TERMINATED,
} from "../../src/transaction/machine.ts";
import { nonInviteClient } from "../../src/transaction/non-invite-client.ts";
import { nonInviteServer } from "../../src/transaction/non-invite-server.ts";
import { INVITE_CLIENT, INVITE_SERVER, NON_INVITE_CLIENT, NON_INVITE_SERVER, type Table } from "./machine-tables.ts";

const MACHINES: readonly (readonly [name: string, machine: AnyMachine, table: Table])[] = [
  ["INVITE client, RFC 3261 §17.1.1", inviteClient, INVITE_CLIENT],
  ["non-INVITE client, RFC 3261 §17.1.2", nonInviteClient, NON_INVITE_CLIENT],
  ["INVITE server, RFC 3261 §17.2.1", inviteServer, INVITE_SERVER],
  ["non-INVITE server, RFC 3261 §17.2.2", nonInviteServer, NON_INVITE_SERVER],
];

function cell(machine: AnyMachine, state: string, input: Input): string {
  const transition = step(machine, state as State, input);
  return transition === undefined ? "-" : `${transition.next}: ${transition.actions.join(" ")}`.trimEnd();
}

function inputsOf(table: Table): Input[] {
  return Object.keys(Object.values(table)[0] ?? {}) as Input[];
}

/** Which of the two timers run in each state, found by walking all transitions from the start. */
function reachable(machine: AnyMachine): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const queue: [state: State, timers: string][] = [[machine.initial, afterActions("", machine.start)]];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [state, timers] = next;
    const known = found.get(state) ?? new Set<string>();
    if (known.has(timers)) continue;
    found.set(state, known.add(timers));
    for (const transition of Object.values(machine.states[state] ?? {})) {
      queue.push([transition.next, transition.next === TERMINATED ? "" : afterActions(timers, transition.actions)]);
    }
  }
  return found;
}

/** The set of running timers, "r" for retransmission and "t" or "l" for the life timer, after `actions`. */
function afterActions(timers: string, actions: readonly Action[]): string {
  let retransmit = timers.includes("r");
  let life = timers.replace("r", "");
  for (const action of actions) {
    if (/retransmit/i.test(action)) retransmit = action !== "stopRetransmit";
    else if (action === "startTimeout") life = "t";
    else if (action === "stopTimeout") life = "";
    else if (action.startsWith("linger")) life = "l";
  }
  return `${retransmit ? "r" : ""}${life}`;
}

for (const [name, machine, table] of MACHINES) {
  describe(name, () => {
    for (const [state, row] of Object.entries(table)) {
      for (const [input, expected] of Object.entries(row)) {
        test(`${state} × ${input} → ${expected}`, () => {
          expect(cell(machine, state, input as Input)).toBe(expected);
        });
      }
    }

    test("has the states of the table and no others, and starts in its first", () => {
      expect(Object.keys(machine.states)).toEqual(Object.keys(table));
      expect(machine.initial).toBe(Object.keys(table)[0]);
    });

    test("every transition leads to a state that there is, and every state is reached", () => {
      expect(new Set(reachable(machine).keys())).toEqual(new Set([...Object.keys(table), TERMINATED]));
    });

    test("terminated is left by no input", () => {
      expect(inputsOf(table).map((input) => cell(machine, TERMINATED, input))).toEqual(inputsOf(table).map(() => "-"));
    });

    test("a timer that may fire in a state is an input that the state knows", () => {
      const inputs: Readonly<Record<string, Input>> = { r: "retransmit", t: "timeout", l: "linger" };
      for (const [state, combinations] of reachable(machine)) {
        for (const timer of [...combinations].join("")) {
          expect([state, timer, cell(machine, state, inputs[timer] ?? "request")]).not.toContain("-");
        }
      }
    });
  });
}

test("RFC 3261 §17.1: clients send at their start and wait with both timers; servers do nothing by themselves", () => {
  expect(inviteClient.start).toEqual(["send", "startRetransmit", "startTimeout"]);
  expect(nonInviteClient.start).toEqual(["send", "startRetransmit", "startTimeout"]);
  expect(inviteServer.start).toEqual([]);
  expect(nonInviteServer.start).toEqual([]);
});
