/** The same sources make the same release, byte for byte, whoever builds it, and wherever. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = [
  "src",
  "build",
  "deploy",
  "post-config.d",
  "package.json",
  "tsconfig.json",
  "README.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "LICENSE",
];

cleanUpAfterEach();

/** Builds a release from a copy of the sources, and returns its folder. */
function release(umask: string, surroundings: Readonly<Record<string, string>>): string {
  const folder = join(temporaryFolder(), `copy${sep}`);
  for (const name of SOURCES) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const command = `umask ${umask}; find . -type f -exec chmod a=,u+rw {} +; exec "$NODE" build/release.mjs --without-runtime --without-native`;
  const env = { ...process.env, NODE: process.execPath, SOURCE_DATE_EPOCH: "1700000000", ...surroundings };
  execFileSync("sh", ["-c", command], { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
  return join(folder, "dist/release");
}

test("without compilers the release says for which processors it has no binary, and what to install", () => {
  const code =
    'import("./build/release/native.mjs").then(({ nativeFiles }) => nativeFiles()).then((all) => console.log(all.binaries.size))';
  const options = { cwd: ROOT, encoding: "utf8", env: { PATH: "/nonexistent" } } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", code], options);
  expect(stdout).toBe("0\n");
  const line = (target: string) =>
    new RegExp(`^release: without the binary for ${target}, and so without its packages: .*apt-get install .+$`, "m");
  for (const target of ["mipsel", "mips", "armv5", "armv7", "arm64", "amd64"]) expect(stderr).toMatch(line(target));
});

test("without squashfs-tools the release leaves out one package, and says which one, and what to install", () => {
  const code = `import("./build/release/edgeos.mjs")
    .then(({ packages }) => packages({ version: "1.0.0", bundle: Buffer.from(""), licenses: "", epoch_s: 0, root: "./", withRuntime: true }))
    .then((all) => console.log(all.map(({ name }) => name).join(" ")))`;
  const options = { cwd: ROOT, encoding: "utf8", env: { PATH: "/nonexistent" } } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", code], options);
  expect(stdout).toBe("branchline-1.0.0-edgeos-mips.tar.gz\n");
  expect(stderr).toMatch(
    /^release: without the runtime for ER-X, and so without the package edgeos-mipsel-node: .*apt-get install .*squashfs-tools.*$/m,
  );
});

test("built twice in different surroundings: the same bytes, and the sums are right", () => {
  const first = release("022", { TZ: "UTC", LC_ALL: "C" });
  const second = release("077", { TZ: "Asia/Kathmandu", LC_ALL: "C.UTF-8", HOME: "/nonexistent" });
  const names = readdirSync(first);
  expect(names).toEqual(expect.arrayContaining(["branchline.js", "LICENSES"]));
  expect(readdirSync(second)).toEqual(names);
  for (const name of names) {
    expect(readFileSync(join(second, name)).equals(readFileSync(join(first, name))), name).toBe(true);
  }
  const checked = execFileSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: first, encoding: "utf8" });
  expect(checked.trim().split("\n")).toHaveLength(names.length - 1);
});
