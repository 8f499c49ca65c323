/** Pages and scripts that are made from the table of commands are the committed ones. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { completionOf, type Shell } from "../../src/cli/completion.ts";
import { commandsPage } from "../support/commands-page.ts";
import { manPages } from "../support/man-pages.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy", import.meta.url));
const COMPLETION: Readonly<Record<Shell, string>> = {
  bash: "branchline.bash",
  zsh: "_branchline",
  fish: "branchline.fish",
};

function made(): Map<string, string> {
  const files = new Map([["commands.md", commandsPage()]]);
  for (const [name, text] of manPages()) files.set(`man/${name}`, text);
  for (const [shell, name] of Object.entries(COMPLETION)) {
    files.set(`completion/${name}`, completionOf(shell as Shell, COMMANDS));
  }
  return files;
}

/** Page 1 of the manual: other sections have other makers. */
const madePages = () => readdirSync(join(DEPLOY, "man")).filter((name) => name.endsWith(".1"));

// `npm run reference` writes them, to be reviewed as a diff.
if (process.env["REFERENCE"] === "write") {
  mkdirSync(join(DEPLOY, "man"), { recursive: true });
  for (const name of madePages()) rmSync(join(DEPLOY, "man", name));
  for (const [path, text] of made()) {
    mkdirSync(dirname(join(DEPLOY, path)), { recursive: true });
    writeFileSync(join(DEPLOY, path), text);
  }
}

test.each([...made()])("deploy/%s is the one that the table of commands makes", (path, text) => {
  expect(readFileSync(join(DEPLOY, path), "utf8")).toBe(text);
});

test("deploy/man has no page of a command that is gone", () => {
  const expected = [...made().keys()].filter((path) => path.startsWith("man/")).map((path) => path.slice(4));
  expect(madePages().sort()).toEqual(expected.sort());
});
