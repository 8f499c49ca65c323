/** fetch-root.sh where it can't do what it should: each cause has its own exit status, and nothing half-done stays. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

const SCRIPT = fileURLToPath(new URL("fetch-root.sh", import.meta.url));

cleanUpAfterEach();

function fetchRoot(mirror: string, suite: string, architecture: string) {
  const folder = temporaryFolder();
  const impatient = join(temporaryFolder(), "apt.conf");
  writeFileSync(impatient, 'Acquire::Retries "0";\n');
  const env = { ...process.env, BRANCHLINE_DEBIAN_MIRROR: mirror, APT_CONFIG: impatient };
  const args = [SCRIPT, suite, architecture, join(folder, "root")];
  const { status, stderr } = spawnSync("sh", args, { encoding: "utf8", env });
  return { status, said: stderr.trim(), left: readdirSync(folder) };
}

/** A mirror that has no suite at all. */
function emptyMirror(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "dists"));
  return `file:${folder}`;
}

describeWith(["apt-get", "qemu-mipsel-static"], "fetch-root.sh", () => {
  test("a mirror that has given up the suite: 3, which no test counts as a failure", () => {
    const { status, said, left } = fetchRoot(emptyMirror(), "bookworm", "mipsel");
    expect({ status, said, left }).toEqual({ status: 3, said: "the mirror has no bookworm", left: [] });
  });

  test("a mirror that can't be reached: 1, and apt's own words", () => {
    const { status, said, left } = fetchRoot("http://127.0.0.1:9/debian", "bookworm", "mipsel");
    expect({ status, left }).toEqual({ status: 1, left: [] });
    expect(said).toMatch(/^apt can't read bookworm: .*127\.0\.0\.1:9/);
  });

  test("a processor that no lane is for: 2", () => {
    const { status, said, left } = fetchRoot(emptyMirror(), "bookworm", "vax");
    expect({ status, said, left }).toEqual({ status: 2, said: "no lane for vax", left: [] });
  });
});
