/** The same sources, compilers and commit make the same binaries, byte for byte, whoever builds them, and wherever. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { buildNative, CACHE, chosenTargets, noticesIn, whyNotBuilt } from "./support/build.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = ["src", "build", "deploy", "package.json", "tsconfig.json", "LICENSE"];
const isLong = process.env["BRANCHLINE_LONG"] !== undefined;
/** Of these the engine is built in each place, too. */
const targets = isLong ? chosenTargets([]) : ["mipsel"];
const BUILD_LIMIT_MS = isLong ? 7_200_000 : 1_800_000;

cleanUpAfterEach();

interface Surroundings {
  /** Where the copy of the sources is, below a folder of its own; and where the cache is, seen from there. */
  readonly place: string;
  readonly cachePlace: string;
  readonly umask: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Builds `targets` from a copy of the sources, with a cache of its own, and returns the folder of the binaries. */
async function build({ place, cachePlace, umask, variables }: Surroundings): Promise<string> {
  const folder = join(temporaryFolder(), place);
  for (const name of SOURCES) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const caches = join(folder, cachePlace);
  const cache = join(caches, "branchline-native");
  mkdirSync(cache, { recursive: true });
  for (const entry of readdirSync(CACHE, { withFileTypes: true })) {
    if (entry.isFile() && !/\.(?:lock|part)$/.test(entry.name))
      cpSync(join(CACHE, entry.name), join(cache, entry.name));
    // Our C is compiled in each place.
    const isEngine = entry.isDirectory() && /^(?:source|musl|quickjs|runtime|compiler)-\w+$/.test(entry.name);
    if (isEngine && !isLong) symlinkSync(join(CACHE, entry.name), join(cache, entry.name));
  }
  const command = `umask ${umask}; exec "$NODE" build/native.mjs --out "$OUT" ${targets.join(" ")}`;
  const OUT = join(folder, "out");
  const env = { ...process.env, NODE: process.execPath, OUT, XDG_CACHE_HOME: caches, ...variables };
  const options = { cwd: folder, env: { ...env, SOURCE_DATE_EPOCH: "1700000000", SOURCE_COMMIT: "0123456789ab" } };
  const child = spawn("sh", ["-c", command], { ...options, stdio: ["ignore", "ignore", "inherit"] });
  expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(0);
  return OUT;
}

describeUnless(whyNotBuilt(targets), "built twice", () => {
  test(
    `${targets.join(", ")}: the same bytes, from other folders, in other surroundings`,
    async () => {
      await buildNative(targets, { out: temporaryFolder() });
      const plain = { TZ: "UTC", LC_ALL: "C" };
      const first = await build({ place: "one", cachePlace: "cache", umask: "022", variables: plain });
      const other = { TZ: "Asia/Kathmandu", LC_ALL: "C.UTF-8", HOME: "/nonexistent", CFLAGS: "-O0 -g" };
      const place = "another-place/with-a-longer-name";
      const second = await build({ place, cachePlace: "../beside-it", umask: "077", variables: other });
      const binaries = targets.map((name) => `branchline-${name}`);
      expect(readdirSync(first)).toEqual(expect.arrayContaining([...binaries, "LICENSES"]));
      for (const name of [...binaries, "LICENSES"]) {
        expect(readFileSync(join(second, name)).equals(readFileSync(join(first, name))), name).toBe(true);
      }
      const notices = noticesIn(readFileSync(join(first, "LICENSES"), "utf8"));
      expect(notices[0]?.name).toBe("branchline");
      expect(notices.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["commander", "yaml", "quickjs", "musl", "libgcc"]),
      );
      const words = { quickjs: "Fabrice Bellard", musl: "Rich Felker", libgcc: "GCC Runtime Library Exception" };
      for (const [name, word] of Object.entries(words)) {
        expect(
          notices
            .find((one) => one.name === name)
            ?.text.replace(/\s+/g, " ")
            .toLowerCase(),
        ).toContain(word.toLowerCase());
      }
    },
    BUILD_LIMIT_MS,
  );
});
