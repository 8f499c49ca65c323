/** Every script that goes to a router is POSIX sh: shellcheck has nothing to say, and busybox's ash can read it. */
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { describeWith } from "../peers/support/peers.ts";
import { packages } from "./support/release.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = ["build", "deploy", "post-config.d", "test"];

/** Files that a shell runs: by their first line. */
function scripts(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : scripts(path);
    return entry.isFile() && /^#!\/bin\/sh\b/.test(readFileSync(join(ROOT, path), "utf8")) ? [relative(".", path)] : [];
  });
}

const ALL = FOLDERS.flatMap(scripts).sort();
const FAMILIES = ["entware", "openwrt"];

/** The scripts that are written when a package is built. */
async function packaged(family: string): Promise<string[]> {
  const { ipk } = await packages(family, "1.0.0");
  const part = (archive: Uint8Array, path: string) => execFileSync("tar", ["-xzO", path], { input: archive });
  const control = part(ipk.contents, "./control.tar.gz");
  const data = part(ipk.contents, "./data.tar.gz");
  return [
    ...["preinst", "postinst", "prerm", "postrm"].map((name) => part(control, `./${name}`).toString()),
    part(data, family === "entware" ? "./opt/bin/branchline" : "./usr/bin/branchline").toString(),
  ];
}

test("the scripts are found", () => {
  expect(ALL).toContain("post-config.d/50-branchline");
  expect(ALL).toContain("deploy/entware/S80branchline");
  expect(ALL).toContain("deploy/openwrt/branchline.init");
});

describeWith(["shellcheck"], "shellcheck", () => {
  test("all scripts", () => {
    const { status, stdout } = spawnSync("shellcheck", ["-s", "sh", ...ALL], { cwd: ROOT, encoding: "utf8" });
    expect([status, stdout]).toEqual([0, ""]);
  });

  test.each(FAMILIES)("what the package for %s brings of its own", async (family) => {
    for (const text of await packaged(family)) {
      const { status, stdout } = spawnSync("shellcheck", ["-s", "sh", "-"], { input: text, encoding: "utf8" });
      expect([status, stdout]).toEqual([0, ""]);
    }
  });
});

describeWith(["busybox"], "busybox ash", () => {
  test.each(ALL)("%s", (path) => {
    const { status, stderr } = spawnSync("busybox", ["ash", "-n", path], { cwd: ROOT, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });

  test.each(FAMILIES)("what the package for %s brings of its own", async (family) => {
    for (const text of await packaged(family)) {
      const { status, stderr } = spawnSync("busybox", ["ash", "-n"], { input: text, encoding: "utf8" });
      expect([status, stderr]).toEqual([0, ""]);
    }
  });
});
