/** The command lines by which doctor finds keepalived and its configuration, on this very machine: a shell script has the name. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { VRRP_CONFIG, VRRP_RUNS } from "../../src/setup/doctor/families.ts";

let folder = "";
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "doctor-vrrp-"));
});

afterEach(() => {
  child?.kill("SIGKILL");
  child = undefined;
  rmSync(folder, { recursive: true });
});

function sh(line: string): string {
  return execFileSync("/bin/sh", ["-c", `{ ${line}; } 2>/dev/null`], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function start(...options: string[]): Promise<void> {
  const script = join(folder, "keepalived");
  writeFileSync(script, "#!/bin/sh\nread -r nothing\n");
  chmodSync(script, 0o755);
  child = spawn(script, options, { stdio: ["pipe", "ignore", "ignore"] });
  await new Promise((resolve) => child?.once("spawn", resolve));
  await expect.poll(() => readFileSync(`/proc/${child?.pid}/comm`, "utf8")).toBe("keepalived\n");
}

test.each([[["-n", "-f"]], [["--use-file"]]])("a keepalived that runs with its file behind %j", async (options) => {
  mkdirSync(join(folder, "conf.d"));
  const file = join(folder, "own.conf");
  writeFileSync(file, "# the file\ninclude conf.d/*.conf\n");
  for (const name of ["a", "b"]) writeFileSync(join(folder, "conf.d", `${name}.conf`), `# included ${name}\n`);
  await start(...options, file);
  expect(sh(VRRP_RUNS).split("\n")).toContain("keepalived");
  expect(sh(VRRP_RUNS)).toMatch(/\n#\n$/);
  expect(sh(VRRP_CONFIG)).toBe("# the file\ninclude conf.d/*.conf\n# included a\n# included b\n");
});

test.each(["-f", "--use-file="])("%s right before the file", async (option) => {
  const file = join(folder, "own.conf");
  writeFileSync(file, "# alone\n");
  await start(`${option}${file}`);
  expect(sh(VRRP_CONFIG)).toBe("# alone\n");
});
