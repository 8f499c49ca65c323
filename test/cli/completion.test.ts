/** The committed completion scripts, sourced by each shell. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { SHELLS } from "../../src/cli/completion.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith, pathOf } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { branchline } from "../support/bundle.ts";

const FOLDER = fileURLToPath(new URL("../../deploy/completion", import.meta.url));
const NAMES = COMMANDS.map(({ name }) => name).sort();

cleanUpAfterEach();

/** A folder to complete files in. */
function files(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "branch one.yaml"), "");
  writeFileSync(join(folder, "other.yaml"), "");
  mkdirSync(join(folder, "branches"));
  return folder;
}

function run(shell: string, args: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync(pathOf(shell), args, { encoding: "utf8", cwd: files() });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split("\n").filter((line) => line !== "");
}

/** What is begun on the command line, and what must be offered, in order of letters. */
const OFFERED: readonly (readonly [readonly string[], readonly string[]])[] = [
  [[""], NAMES],
  [["che"], ["check"]],
  [
    ["force", ""],
    ["auto", "down", "up"],
  ],
  [["force", "-c", "other.yaml", "d"], ["down"]],
  [["force", "down", ""], []],
  [
    ["completion", ""],
    ["bash", "fish", "zsh"],
  ],
  [["help", "expl"], ["explain"]],
  [["status", "--js"], ["--json"]],
  [["status", "-c", "other.yaml", "--js"], ["--json"]],
  [["init", "--up"], ["--upstream"]],
  [["--vers"], ["--version"]],
  [
    ["check", "branch"],
    ["branch one.yaml", "branches"],
  ],
  [["status", "-c", "o"], ["other.yaml"]],
  [
    ["check", "other.yaml", "-"],
    ["--config", "--help", "--json", "--print", "--quiet", "--secrets", "--set", "-c", "-h", "-q"],
  ],
  [["init", "--localnet", ""], []],
];

const cases = OFFERED.map(([words, offered]) => [`branchline ${words.join(" ")}`, words, offered] as const);

describeWith(["bash"], "completion in bash", () => {
  const SCRIPT =
    'source "$1"; shift; COMP_WORDS=(branchline "$@"); COMP_CWORD=$#; _branchline; printf "%s\\n" "$' +
    '{COMPREPLY[@]}"';
  const complete = (words: readonly string[]) =>
    run("bash", ["--norc", "-c", SCRIPT, "bash", join(FOLDER, "branchline.bash"), ...words]).sort();

  test.each(cases)("%s", (_title, words, offered) => {
    expect(complete(words)).toEqual(offered);
  });

  test("--config=FILE, which bash cuts in three", () => {
    expect(complete(["status", "--config", "=", "o"])).toEqual(["other.yaml"]);
    expect(complete(["status", "--config", "=", "other.yaml", "--js"])).toEqual(["--json"]);
  });

  test("is registered for branchline", () => {
    const script = 'source "$1"; complete -p branchline';
    expect(run("bash", ["--norc", "-c", script, "bash", join(FOLDER, "branchline.bash")])).toEqual([
      "complete -F _branchline branchline",
    ]);
  });
});

describeWith(["zsh"], "completion in zsh", () => {
  test("is registered for branchline when it is sourced, and when it lies where zsh looks", () => {
    const sourced = "autoload -U compinit; compinit -D; source $1; print $_comps[branchline]";
    expect(run("zsh", ["-f", "-c", sourced, "zsh", join(FOLDER, "_branchline")])).toEqual(["_branchline"]);
    const found = "fpath=($1 $fpath); autoload -U compinit; compinit -D -u; print $_comps[branchline]";
    expect(run("zsh", ["-f", "-c", found, "zsh", FOLDER])).toEqual(["_branchline"]);
  });
});

describeWith(["fish"], "completion in fish", () => {
  test.each(cases.filter(([, words]) => !words.at(-1)?.startsWith("branch")))("%s", (_title, words, offered) => {
    const line = ["branchline", ...words].join(" ");
    const script = `source ${join(FOLDER, "branchline.fish")}; complete -C "${line}"`;
    const found = run("fish", ["--no-config", "-c", script]).map((text) => text.split("\t")[0] ?? "");
    for (const word of offered) expect(found).toContain(word);
  });
});

test.each(SHELLS)("branchline completion %s prints a script with every command", (shell) => {
  const { status, stdout } = branchline(["completion", shell]);
  expect(status).toBe(0);
  for (const name of NAMES) expect(stdout).toContain(name);
});
