/** doctor's own commands, run by a real shell. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "../../src/io/node/host.ts";
import { space } from "../../src/setup/doctor/families.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { configOf, YAML } from "./healthy.ts";

cleanUpAfterEach();

test("a folder of state with quotes in its name is a name, not a command that root runs", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "it's"));
  const proof = join(folder, "proof");
  const state = `${folder}/it's/$(touch ${proof});touch ${proof};'`;
  const config = configOf(YAML.replace("/tmp/branchline", JSON.stringify(state)));
  const { code, text } = await runCommand(space(config), 5_000);
  expect(existsSync(proof)).toBe(false);
  expect(code).toBe(0);
  expect(text).toMatch(/\s\d+\s+\d+%/);
});
