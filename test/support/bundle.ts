/** The built bundle as a command. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { PROGRAM } from "./program.ts";

export { BUNDLE } from "./program.ts";

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
  return spawnSync(PROGRAM.command, [...PROGRAM.first, ...words], {
    encoding: "utf8",
    input,
    env: { ...rest, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  }) as SpawnSyncReturns<string>;
}
