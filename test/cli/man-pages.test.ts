/** The committed man pages. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { describeWith, pathOf } from "../peers/support/peers.ts";

const FOLDER = fileURLToPath(new URL("../../deploy/man", import.meta.url));
const PAGES = readdirSync(FOLDER);

describeWith(["mandoc"], "man page", () => {
  test.each(PAGES)("%s is clean", (name) => {
    const { status, stdout, stderr } = spawnSync(pathOf("mandoc"), ["-Tlint", join(FOLDER, name)], {
      encoding: "utf8",
    });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
  });

  test("branchline(1) names every command and its page", () => {
    const { stdout } = spawnSync(pathOf("mandoc"), ["-Tutf8", join(FOLDER, "branchline.1")], { encoding: "utf8" });
    const text = stdout.split(/.\cH/).join("");
    for (const { name } of COMMANDS) expect(text).toContain(`branchline-${name}(1)`);
  });
});

test("there is a page for each command", () => {
  for (const { name } of COMMANDS) expect(PAGES).toContain(`branchline-${name}.1`);
});
