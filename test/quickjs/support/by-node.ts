/** The programs of these tests, bundled for the Node that runs the tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface ByNode {
  /** For this test file alone. */
  readonly folder: string;
  /** What `node` runs. */
  readonly program: string;
}

/** Bundles before the tests, and removes the folder after them. @param name of a file in test/quickjs/programs/ */
export function bundledForNode(name: string): () => ByNode {
  let made: ByNode | undefined;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "branchline-by-node-"));
    made = { folder, program: join(folder, "program.mjs") };
    await build({
      absWorkingDir: root,
      entryPoints: [`test/quickjs/programs/${name}`],
      outfile: made.program,
      bundle: true,
      format: "esm",
      platform: "node",
    });
  });
  afterAll(() => {
    if (made !== undefined) rmSync(made.folder, { recursive: true });
  });
  return () => {
    if (made === undefined) throw new Error(`${name} is bundled before the first test`);
    return made;
  };
}
