/** The built bundle as a command. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const BUNDLE = fileURLToPath(new URL("../../dist/branchline.js", import.meta.url));

interface Circumstances {
  /** What comes in by standard input. */
  readonly input?: string;
  readonly cwd?: string;
  /** Beside the test's own; without colours and without a standard file unless they are named. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command of the bundle to its end. */
export function branchline(words: readonly string[], { input = "", cwd, env }: Circumstances = {}) {
  const { BRANCHLINE_CONFIG: _, ...rest } = process.env;
  return spawnSync(process.execPath, [BUNDLE, ...words], {
    encoding: "utf8",
    input,
    env: { ...rest, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  }) as SpawnSyncReturns<string>;
}
