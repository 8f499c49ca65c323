/** Archives that any tar unpacks. */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tarGz } from "../../src/io/node/tar-gz.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

cleanUpAfterEach();

test("what was put in comes out, octet by octet, and only its owner may read it", () => {
  const folder = temporaryFolder();
  const file = join(folder, "a.tar.gz");
  const texts = ["", "a", "x".repeat(512), "y".repeat(513), "\xe4\xff\n"];
  const files = texts.map((text, index) => ({ path: `report/${index}.txt`, text }));
  writeFileSync(file, tarGz(files, 1_767_225_600_000));
  execFileSync("tar", ["-xzf", file, "-C", folder]);
  expect(texts.map((_, index) => readFileSync(join(folder, "report", `${index}.txt`), "latin1"))).toEqual(texts);
  const { mode, mtimeMs } = statSync(join(folder, "report", "1.txt"));
  expect([mode & 0o777, mtimeMs]).toEqual([0o600, 1_767_225_600_000]);
});

test("a path that no header has room for is refused", () => {
  expect(() => tarGz([{ path: "x".repeat(101), text: "" }], 0)).toThrow(/too long/);
});
