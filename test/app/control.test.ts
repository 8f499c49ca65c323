/** What a running branchline answers: to root, and to those who may only look. */
import { expect, test } from "vitest";
import { answerControl, answerReadOnly, type Controlled } from "../../src/app/control.ts";

/** A branchline that only notes what it is asked for. */
function noting() {
  const asked: string[] = [];
  const running = new Proxy({} as Controlled, {
    get: (_, name) => () => {
      if (name !== "status") asked.push(String(name));
      return {};
    },
  });
  return { asked, running };
}

const ASKED_BY_EVERYBODY = ["status", "registered", "calls", "trace", "history", "readiness"];

test.each(ASKED_BY_EVERYBODY)("who may only look may ask for %s, and hears the same as root", (command) => {
  const { running } = noting();
  const line = JSON.stringify({ command, after: "" });
  expect(answerReadOnly(line, running)).toBe(answerControl(line, running));
  expect(JSON.parse(answerReadOnly(line, running))).toMatchObject({ ok: true });
});

test.each([
  ["force", { state: "down" }],
  ["reload", {}],
  ["snapshot", {}],
  ["file", {}],
  ["nonsense", {}],
  ["trace", { unmasked: true }],
])("who may only look is refused %s, and nothing is done", (command, more) => {
  const { asked, running } = noting();
  expect(JSON.parse(answerReadOnly(JSON.stringify({ command, ...more }), running))).toEqual({
    ok: false,
    error: "only root may ask for that; others: status, registered, calls, trace, history, readiness",
  });
  expect(asked).toEqual([]);
});

test.each(["", "nonsense", "null", "[]", '"status"', '{"command":["status"]}', '{"command":"status ","x":1}'])(
  "what is no question is refused: %s",
  (line) => {
    const { asked, running } = noting();
    expect(JSON.parse(answerReadOnly(line, running))).toMatchObject({ ok: false });
    expect(asked).toEqual([]);
  },
);
