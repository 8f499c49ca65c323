/** The engine's heap by itself: heap.c, slab.c and chunks.c with test/quickjs/support/heap-trial.c, which takes and frees at random. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeUnless } from "../peers/support/peers.ts";
import { whyNoHost } from "./support/host-binary.ts";

interface Sources {
  readonly CACHE: string;
  sourceFolder(name: string, cache: string): Promise<string>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const NATIVE = join(root, "src/io/quickjs/native");
const FILES = [
  join(NATIVE, "heap.c"),
  join(NATIVE, "slab.c"),
  join(NATIVE, "chunks.c"),
  join(root, "test/quickjs/support/heap-trial.c"),
];
const STRICT = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I", NATIVE];
const SANITIZED = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"];
const LIMIT_MS = 600_000;

describeUnless(await whyNoHost(), "the heap", () => {
  let folder = "";
  let quickjs = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "branchline-heap-"));
    const { sourceFolder, CACHE } = (await import(
      new URL("../../build/native/sources.mjs", import.meta.url).href
    )) as Sources;
    quickjs = await sourceFolder("quickjs", CACHE);
  }, LIMIT_MS);
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What the trial says, a line each. */
  function tryWith(...flags: string[]): string[] {
    const program = join(folder, "trial");
    execFileSync("gcc", [...STRICT, "-isystem", quickjs, ...flags, ...FILES, "-o", program]);
    return execFileSync(program, { encoding: "utf8" }).trim().split("\n");
  }

  test("blocks stay whole, limits hold, and pages go back when a burst is over", { timeout: LIMIT_MS }, () => {
    const [burst = "", ...others] = tryWith("-O2");
    expect(others).toEqual(["full 1 1", "empty 0 0 0"]);
    const [, full_KiB = 0, left_KiB = 0, renewed_KiB = 0] = burst.split(" ").map(Number);
    console.log(`heap: full ${full_KiB} KiB, a sixteenth of its pages ${left_KiB} KiB, taken anew ${renewed_KiB} KiB`);
    expect(full_KiB).toBeGreaterThan(10_000);
    // A sixteenth, and the empty pages that are kept; one more page of each chunk would be above it.
    expect(left_KiB).toBeLessThan(full_KiB / 9);
    expect(renewed_KiB).toBeLessThan(left_KiB / 2);
  });

  test("the sanitizers find nothing in the pages of small blocks", { timeout: LIMIT_MS }, () => {
    expect(tryWith(...SANITIZED, "-DSLAB_UNDER_SANITIZER").slice(1)).toEqual(["full 1 1", "empty 0 0 0"]);
  });

  test("under a sanitizer every block is malloc's, which sees what is written beside it", { timeout: LIMIT_MS }, () => {
    expect(tryWith(...SANITIZED)).toEqual(["full 1 1", "empty 0 0 0"]);
  });
});
