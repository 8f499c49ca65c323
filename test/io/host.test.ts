/** Commands that doctor runs: none keeps it waiting, none ends it. */
import { expect, test } from "vitest";
import { runCommand } from "../../src/io/node/host.ts";
import { MACHINE_TOLERANCE_MS, PATIENCE_MS } from "../support/machine.ts";

test("what a command prints, and how it ends", async () => {
  expect(await runCommand("echo one; echo two >&2; exit 3", PATIENCE_MS)).toEqual({ code: 3, text: "one\ntwo" });
});

test("one that takes too long is stopped, with all that it has started", async () => {
  const began_ms = performance.now();
  expect(await runCommand("echo begun; sleep 60; echo never", 2_000)).toEqual({ code: null, text: "begun" });
  expect(performance.now() - began_ms).toBeLessThan(2_000 + MACHINE_TOLERANCE_MS);
});

test("one that leaves a daemon behind, which holds its output, isn't waited for longer than that", async () => {
  const began_ms = performance.now();
  expect(await runCommand("setsid sleep 40 & echo started; exit 4", 30_000)).toEqual({ code: 4, text: "started" });
  expect(performance.now() - began_ms).toBeLessThan(MACHINE_TOLERANCE_MS);
});
