/** A folder for the files of one test; gone when it ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defer } from "./cleanup.ts";

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "branchline-test-"));
  defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
