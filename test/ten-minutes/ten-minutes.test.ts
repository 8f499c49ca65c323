/**
 * README's "Ten minutes to a call in an outage", as it stands there: the commands are taken from the page, and run in one shell.
 * Only the names of the namespaces are others than a reader's.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksOf, page, ROOT } from "../pages/pages.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { describeWith, pathOf } from "../peers/support/peers.ts";

const TITLE = "## Ten minutes to a call in an outage";
const LIMIT_MS = 600_000;
const NAME = `branchline-${process.pid}-lab`;
const NEXT = "@@ ";

cleanUpAfterEach();

/** The blocks of the section: what is installed, what root says, and what `calls` answers. */
function walk(): { install: string; commands: string[]; calls: string } {
  const { path, text } = page("README.md");
  const [, section = ""] = text.split(`${TITLE}\n`);
  const [install, lab, calls] = blocksOf({ path, text: section.split("\n## ")[0] ?? "" });
  if (install?.language !== "sh" || lab?.language !== "sh") throw new Error(`README has no commands below ${TITLE}`);
  const commands = lab.text
    .trim()
    .replace(/\\\n */g, "")
    .split("\n");
  return { install: install.text, commands, calls: calls?.text ?? "" };
}

/** Runs the commands in one shell, as root types them; what each has printed. */
function runAll(commands: readonly string[]): Map<string, string> {
  const script = commands.map((command) => `echo '${NEXT}'; ${command}\n`).join("");
  const env = { ...process.env, BRANCHLINE_LAB: NAME };
  const { status, stdout, stderr } = spawnSync("sh", ["-e", "-c", script], { cwd: ROOT, env, encoding: "utf8" });
  expect(status, `${stdout}${stderr}`).toBe(0);
  const outputs = stdout.split(`${NEXT}\n`).slice(1);
  return new Map(commands.map((command, index) => [`${index} ${command.replace(/ *#.*/, "")}`, outputs[index] ?? ""]));
}

const withoutTime = (calls: string) =>
  calls
    .replace(/^\d{4}-\d\d-\d\d \S+/gm, "")
    .replace(/\s+/g, " ")
    .replace(/\b(after|lasted) [\d.]+ s\b/g, "$1 … s");

const namespaces = () => execFileSync(pathOf("ip"), ["netns", "list"], { encoding: "utf8" });

test("what the page has its reader install is what CI installs", () => {
  const { install } = walk();
  const named = /apt-get install (.*)/.exec(install)?.[1]?.split(" ") ?? [];
  expect(named.length).toBeGreaterThan(2);
  const ours = /^PACKAGES="(.*)"$/m.exec(readFileSync(join(ROOT, "test/peers/install.sh"), "utf8"))?.[1]?.split(" ");
  expect(named.filter((name) => ours?.includes(name) !== true)).toEqual([]);
});

describeWith(["kamailio", "baresip", "sipp", "namespaces"], "README's ten minutes", () => {
  test("the commands as they are written lead to calls that survive the cut, and leave nothing behind", {
    timeout: LIMIT_MS,
  }, () => {
    const { commands, calls: expected } = walk();
    defer(() =>
      spawnSync("sh", ["test/ten-minutes/lab.sh", "down"], {
        cwd: ROOT,
        env: { ...process.env, BRANCHLINE_LAB: NAME },
      }),
    );
    const said = runAll(commands);
    const called = [...said].filter(([command]) => / lab call 7654321$/.test(command)).map(([, text]) => text);
    expect(called.map((text) => /answered by (?:the )?(.*)/.exec(text)?.[1])).toEqual([
      "PBX's trunk (198.51.100.11)",
      "branch's gateway (10.10.1.3)",
      "branch's gateway (10.10.1.3)",
    ]);
    const inside = [...said].find(([command]) => / lab call 202$/.test(command))?.[1];
    expect(inside).toContain("answered by a phone");
    const calls = [...said].find(([command]) => / lab branchline calls$/.test(command))?.[1];
    expect(withoutTime(expected).length).toBeGreaterThan(50);
    expect(withoutTime(calls ?? "")).toContain(withoutTime(expected));
    const [cut, repaired] = [...said].filter(([command]) => / lab branchline status$/.test(command));
    expect(cut?.[1]).toMatch(/pbx\.example\.com.*\bdown\b/i);
    expect(repaired?.[1]).toMatch(/pbx\.example\.com.*\brecovering\b/i);
    expect(namespaces()).not.toContain(NAME);
    expect(existsSync(`/etc/netns/${NAME}-router`)).toBe(false);
    expect(existsSync(`/run/${NAME}`)).toBe(false);
  });
});
