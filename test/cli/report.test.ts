/** `branchline report`: one archive, whatever is broken. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { engineOf, PROGRAM } from "../support/program.ts";

const YAML = `listen: [udp:127.0.0.1:5099]
localnet: [127.0.0.0/8]
upstream: sip:trunk:geheim@127.0.0.2
hunt_groups: {default: {members: ["201"]}}
`;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "report-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The files of the archive that the command writes, by name, and what it says. */
async function reported(yaml: string | undefined, ...words: readonly string[]) {
  const file = join(folder, "branchline.yaml");
  if (yaml !== undefined) writeFileSync(file, yaml);
  const { stderr, stdout } = await promisify(execFile)(
    PROGRAM.command,
    [...PROGRAM.first, "report", "-c", file, "-o", folder, ...words],
    { cwd: folder, timeout: 240_000 },
  );
  const archive = join(folder, readdirSync(folder).find((name) => name.endsWith(".tar.gz")) ?? "");
  execFileSync("tar", ["-xzf", archive, "-C", folder]);
  const inside = join(folder, readdirSync(folder).find((name) => /^branchline-report-[\d-]+$/.test(name)) ?? "");
  const text = (name: string) => readFileSync(join(inside, name), "latin1");
  return { archive, said: `${stdout}${stderr}`, names: readdirSync(inside).sort(), text };
}

test("with nothing running it holds what there is, without passwords, for its owner alone", {
  timeout: 240_000,
}, async () => {
  const { archive, said, names, text } = await reported(YAML);
  expect(statSync(archive).mode & 0o777).toBe(0o600);
  expect(said).toContain(archive);
  expect(names).toContain("doctor.txt");
  expect(text("README.txt")).toContain("status.txt");
  expect(text("versions.txt")).toMatch(
    new RegExp(
      `^branchline: \\d+\\.\\d+\\.\\d+.*\nengine: ${engineOf(PROGRAM).source}${PROGRAM.node === undefined ? "" : ", V8 "}`,
    ),
  );
  expect(text("branchline.yaml")).toContain("sip:trunk:***@127.0.0.2");
  expect(text("status.txt")).toMatch(/branchline/);
  expect(text("check.txt")).toContain("127.0.0.2");
  for (const name of names) expect(text(name)).not.toContain("geheim");
});

test("with a faulty file: its faults are in it, and the file as it is", { timeout: 240_000 }, async () => {
  const { text } = await reported(`${YAML}nonsense: {password: geheim\n`);
  expect(text("check.txt")).toMatch(/branchline\.yaml:\d+:\d+/);
  expect(text("branchline.yaml")).toContain("nonsense: {password: ***");
  expect(text("state-folder.txt")).toMatch(/^not available: /);
});

test("without a file: what can't be had says why", { timeout: 240_000 }, async () => {
  const { text } = await reported(undefined);
  expect(text("branchline.yaml")).toMatch(/^not available: .*ENOENT/);
  expect(text("versions.txt")).toMatch(new RegExp(`engine: ${engineOf(PROGRAM).source}`));
});

test("--anonymous replaces extensions and numbers, the same everywhere", { timeout: 240_000 }, async () => {
  const { names, text } = await reported(YAML, "--anonymous");
  expect(text("branchline.yaml")).toMatch(/members: \["user-\d+"\]/);
  expect(text("branchline.yaml")).toMatch(/sip:user-\d+:\*\*\*@127\.0\.0\.2/);
  for (const name of names) expect(text(name)).not.toMatch(/"201"|trunk/);
});
