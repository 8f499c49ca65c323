/** An old Node from the npm registry, such as routers run. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const INSTALL_LIMIT_MS = 120_000;

export interface InstalledNode {
  readonly path: string;
  /** Why there is none; undefined when there is. */
  readonly missing: string | undefined;
  remove(): void;
}

/** Installs the newest Node of `major` with npm, in a folder of its own. */
export function installNode(major: number): InstalledNode {
  const folder = mkdtempSync(join(tmpdir(), "branchline-node-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const args = ["install", "--prefix", folder, "--no-audit", "--no-fund", `node@${major}`];
  const { error, status, stderr } = spawnSync("npm", args, {
    cwd: folder,
    encoding: "utf8",
    timeout: INSTALL_LIMIT_MS,
  });
  const path = join(folder, "node_modules/node/bin/node");
  if (error === undefined && status === 0 && existsSync(path)) return { path, missing: undefined, remove };
  remove();
  const why = error?.message ?? (stderr.match(/npm (?:error|ERR!).*/)?.[0] || `npm ended with ${status}`);
  return { path, missing: `npm can't install node@${major} (${why})`, remove };
}
