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

const ASKED_BY_EVERYBODY = ["status", "registered", "calls", "trace", "history", "readiness", "drills"];

test.each(ASKED_BY_EVERYBODY)("who may only look may ask for %s, and hears the same as root", (command) => {
  const { running } = noting();
  const line = JSON.stringify({ command, after: "" });
  expect(answerReadOnly(line, running)).toBe(answerControl(line, running));
  expect(JSON.parse(answerReadOnly(line, running))).toMatchObject({ ok: true });
});

test.each([
  ["force", { state: "down" }],
  ["drill", { phones: "all", for_s: 60 }],
  ["end-drill", {}],
  ["reload", {}],
  ["snapshot", {}],
  ["file", {}],
  ["nonsense", {}],
  ["trace", { unmasked: true }],
])("who may only look is refused %s, and nothing is done", (command, more) => {
  const { asked, running } = noting();
  expect(JSON.parse(answerReadOnly(JSON.stringify({ command, ...more }), running))).toEqual({
    ok: false,
    error: "only root may ask for that; others: status, registered, calls, trace, history, readiness, drills",
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

test.each([
  ["no phone", { phones: [], for_s: 60 }, "no phone is named"],
  ["phones of another type", { phones: [201, null], for_s: 60 }, "no phone is named"],
  ["no time", { phones: ["201"] }, "a drill lasts from 1 to 14400 seconds"],
  ["too long a time", { phones: "all", for_s: 14_401 }, "a drill lasts from 1 to 14400 seconds"],
  ["a time that is no number", { phones: "all", for_s: "60" }, "a drill lasts from 1 to 14400 seconds"],
])("a drill with %s isn't begun", (_, more, error) => {
  const { asked, running } = noting();
  expect(JSON.parse(answerControl(JSON.stringify({ command: "drill", ...more }), running))).toEqual({
    ok: false,
    error,
  });
  expect(asked).toEqual([]);
});

test("a drill that can't begin is refused with the reason", () => {
  const running = { drill: () => "no drill can run now: a drill runs already" } as unknown as Controlled;
  const line = JSON.stringify({ command: "drill", phones: ["201"], for_s: 60 });
  const error = "no drill can run now: a drill runs already";
  expect(JSON.parse(answerControl(line, running))).toEqual({ ok: false, error });
});
