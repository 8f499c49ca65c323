/** Installs the locked packages when they are missing or older than the lock file: one command sets everything up. */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const modified_ms = (path) => statSync(root + path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modified_ms("node_modules/.package-lock.json") < modified_ms("package-lock.json")) {
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  process.exit(status ?? 1);
}
