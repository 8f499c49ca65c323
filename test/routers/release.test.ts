/** The same sources make the same release, byte for byte, whoever builds it, and wherever. */
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = [
  "src",
  "build",
  "deploy",
  "post-config.d",
  "package.json",
  "tsconfig.json",
  "README.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "LICENSE",
];

cleanUpAfterEach();

/** Builds a release from a copy of the sources, and returns its folder. */
function release(umask: string, surroundings: Readonly<Record<string, string>>): string {
  const folder = join(temporaryFolder(), `copy${sep}`);
  for (const name of SOURCES) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const command = `umask ${umask}; find . -type f -exec chmod a=,u+rw {} +; exec "$NODE" build/release.mjs --without-runtime`;
  const env = { ...process.env, NODE: process.execPath, SOURCE_DATE_EPOCH: "1700000000", ...surroundings };
  execFileSync("sh", ["-c", command], { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
  return join(folder, "dist/release");
}

test("built twice in different surroundings: the same bytes, and the sums are right", () => {
  const first = release("022", { TZ: "UTC", LC_ALL: "C" });
  const second = release("077", { TZ: "Asia/Kathmandu", LC_ALL: "C.UTF-8", HOME: "/nonexistent" });
  const names = readdirSync(first);
  expect(names).toEqual(expect.arrayContaining(["branchline.js", "LICENSES"]));
  expect(readdirSync(second)).toEqual(names);
  for (const name of names) {
    expect(readFileSync(join(second, name)).equals(readFileSync(join(first, name))), name).toBe(true);
  }
  const checked = execFileSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: first, encoding: "utf8" });
  expect(checked.trim().split("\n")).toHaveLength(names.length - 1);
});
