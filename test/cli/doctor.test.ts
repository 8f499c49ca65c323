/** The command line of `doctor`: which checks, how much, and the exit status. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { PROGRAM } from "../support/program.ts";

cleanUpAfterEach();

function doctor(...words: readonly string[]) {
  const file = join(temporaryFolder(), "branchline.yaml");
  writeFileSync(file, "listen: [udp:127.62.1.1:5060]\nlocalnet: [127.62.1.0/24]\n");
  return spawnSync(PROGRAM.command, [...PROGRAM.first, "doctor", "-c", file, ...words], { encoding: "utf8" });
}

test("--only runs the checks that are named, and says of each what it has found", () => {
  const { stdout, status } = doctor("--only", "clock,memory");
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^Platform: \w+\nok {7}clock: the clock says [\s\S]*\nok {7}memory: .* of memory available\n0 faults, 0 warnings\n$/,
  );
});

test("a check that isn't there is refused with the list of those that are", () => {
  const { stderr, status } = doctor("--only", "clok");
  expect(status).toBe(2);
  expect(stderr).toContain("There is no check clok. The checks are file, running, ports, listen,");
});

test("--json has the same as data, and no colours are in what isn't a terminal", () => {
  const { findings, summary } = JSON.parse(doctor("--json", "--only", "file,clock").stdout);
  expect(findings.map(({ check }: { check: string }) => check)).toEqual(["file", "clock"]);
  expect(summary).toEqual({ faults: 0, warnings: 0, skipped: 0, ok: 2 });
  expect(doctor("--only", "clock").stdout).not.toContain("\u001b");
});

test("a file that isn't there is a finding, and exit status 2", () => {
  const { stdout, status } = doctor("-c", "/nowhere/branchline.yaml", "--only", "file");
  expect(status).toBe(2);
  expect(stdout).toContain("FAULT    file: /nowhere/branchline.yaml: ");
  expect(stdout).toMatch(/\n1 fault, 0 warnings\n$/);
});

test("--fix says so where it has nothing to change", () => {
  const { stdout, stderr } = doctor("--only", "clock", "--fix");
  expect(stderr).toBe("doctor has found nothing that --fix changes\n");
  expect(stdout).toMatch(/^Platform: /);
  expect(doctor("--only", "clock").stderr).toBe("");
});
