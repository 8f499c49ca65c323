/** Commands that are printed can be typed as they stand: as branchline itself was started. */
import { spawnSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { BUNDLE } from "../support/program.ts";

cleanUpAfterEach();

const SITE = [
  ...["--localnet", "127.62.2.0/24", "--listen", "127.62.2.1", "--upstream", "127.62.3.1"],
  ...["--gateway", "127.62.2.3", "--members", "201", "--emergency", "112"],
];

/** Where no shell finds `branchline`. */
function plain(folder: string, more: Readonly<Record<string, string>>, file: string, ...words: readonly string[]) {
  const { BRANCHLINE_CONFIG: _, ...others } = process.env;
  const env = { ...others, PATH: "/nowhere", ...more };
  return spawnSync(process.execPath, [file, ...words], { cwd: folder, env, encoding: "utf8" });
}

test("the bundle in a folder of its own: its commands begin with node and its file", () => {
  const folder = temporaryFolder();
  copyFileSync(BUNDLE, join(folder, "branchline.js"));
  const { stdout } = plain(folder, {}, "branchline.js", "init", "-c", "site.yaml", ...SITE);
  expect(stdout).toContain("\n  node branchline.js check -c site.yaml    what it will do, in words\n");
  expect(stdout).not.toMatch(/(?:^|[^/.\w])branchline (?:check|doctor|run|phones)/);
  // What it names can be typed.
  const [, words = ""] = /^ {2}node (branchline\.js check -c \S+)/m.exec(stdout) ?? [];
  const [file = "", ...rest] = words.split(" ");
  expect(plain(folder, {}, file, ...rest).status).toBe(0);
  const { stderr } = plain(folder, {}, "branchline.js", "status", "-c", "none.yaml");
  expect(stderr).toContain("write it with `node branchline.js init`");
  expect(plain("/", {}, join(folder, "branchline.js"), "status", "-c", "none.yaml").stderr).toContain(
    `\`node ${folder}/branchline.js init\``,
  );
});

test("a package's commands, and those that the shell finds, are called branchline", () => {
  const folder = temporaryFolder();
  const asked = ["status", "-c", "none.yaml"] as const;
  expect(plain(folder, { BRANCHLINE_CONFIG: "/etc/x.yaml" }, BUNDLE, ...asked).stderr).toContain("`branchline init`");
  writeFileSync(join(folder, "branchline"), "");
  expect(plain(folder, { PATH: `/nowhere:${folder}` }, BUNDLE, ...asked).stderr).toContain("`branchline init`");
});

test("a working folder that has been removed is no obstacle", () => {
  const folder = temporaryFolder();
  const { BRANCHLINE_CONFIG: _, ...others } = process.env;
  const env = { ...others, PATH: "/nowhere" };
  const gone = `cd ${folder} && /bin/rmdir ${folder} && exec ${process.execPath} ${BUNDLE} --version`;
  const { status, stdout } = spawnSync("/bin/sh", ["-c", gone], { env, encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^branchline /) });
});

test("what is for programs keeps its names", () => {
  const run = (...words: readonly string[]) => plain(temporaryFolder(), {}, BUNDLE, ...words).stdout;
  expect(run("completion", "bash")).not.toContain("node ");
  expect(run("doctor", "--json", "-c", "none.yaml", "--only", "file")).toContain("`branchline init`");
});
