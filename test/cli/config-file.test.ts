/** The command line that services start with is read without commander, and nothing else is. */
import { expect, test } from "vitest";
import { fileToRun, STANDARD_FILE } from "../../src/cli/config-file.ts";

test.each([
  [["run"], STANDARD_FILE],
  [["run", "-c", "/config/branchline.yaml"], "/config/branchline.yaml"],
  [["run", "--config", "a b.yaml"], "a b.yaml"],
])("%j runs the proxy", (words, file) => {
  expect(fileToRun(words)).toBe(file);
});

test.each([
  [[]],
  [["check", "-c", "a.yaml"]],
  [["run", "--help"]],
  [["run", "-c"]],
  [["run", "-c", ""]],
  [["run", "-c", "--help"]],
  [["run", "-ca.yaml"]],
  [["run", "--config=a.yaml"]],
  [["run", "-c", "a.yaml", "b"]],
  [["-c", "a.yaml", "run"]],
])("%j is for commander to read", (words) => {
  expect(fileToRun(words)).toBeUndefined();
});
