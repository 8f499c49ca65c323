/** The recipe of the native binaries: what is pinned, what can be built, and what is said where it can't. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import {
  chosenTargets,
  elfFaults,
  keepWhole,
  LEFT_OUT_OF_MATH,
  nativeBundle,
  readPins,
  readTargets,
  sourceFolder,
  withoutPaths,
} from "./support/build.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** They may have to be fetched. */
const SOURCES_LIMIT_MS = 600_000;
const FOR_ROUTERS = ["mipsel", "mips", "armv5", "armv7", "arm64", "amd64"];

cleanUpAfterEach();

/** Runs `npm run native -- WORDS` with nothing in its PATH, and other variables as given. */
function build(words: readonly string[], env: NodeJS.ProcessEnv) {
  const argv = [join(ROOT, "build/native.mjs"), ...words];
  return spawnSync(process.execPath, argv, { encoding: "utf8", env });
}

/** Nothing can be fetched, until the test ends. */
function withEmptyMirror(): void {
  vi.stubEnv("BRANCHLINE_DEBIAN_MIRROR", `file:${temporaryFolder()}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

describe("sources", () => {
  test("each file is pinned by its place on Debian's mirror and its SHA-256, and is of the version that is told", () => {
    const pins = readPins();
    expect(pins.map(({ name }) => name)).toEqual(["quickjs", "musl", "libgcc"]);
    const places = pins.flatMap(({ files }) =>
      files.flatMap(({ path, excerpt }) => [basename(path), excerpt?.name ?? path]),
    );
    expect(new Set(places).size).toBe(places.length);
    for (const { version, license, files } of pins) {
      expect(license).not.toMatch(/[()]|^$/);
      for (const { path, sha256, excerpt } of files) {
        expect(path).toMatch(/^pool\/main\/[a-z0-9]\/[a-z0-9.+-]+\/[^/]+\.(?:tar\.[gx]z|deb)$/);
        for (const sum of [sha256, excerpt?.sha256 ?? sha256]) expect(sum).toMatch(/^[0-9a-f]{64}$/);
        const [upstream = ""] = version.split("-");
        expect(basename(path)).toContain(`_${upstream}`);
      }
    }
  });

  test("a file with other bytes is never unpacked: it is named with what was pinned, and with what to do", async () => {
    const cache = join(temporaryFolder(), "branchline-native");
    mkdirSync(cache);
    const [
      {
        files: [pin],
      } = { files: [] },
    ] = readPins();
    const [path, sha256] = [pin?.path ?? "", pin?.sha256 ?? ""];
    writeFileSync(join(cache, basename(path)), "something else");
    withEmptyMirror();
    await expect(sourceFolder("quickjs", cache)).rejects.toThrow(new RegExp(`${path}.* ${sha256}[^]*${cache}`));
    expect(readdirSync(cache)).toEqual([basename(path)]);
  });

  test("those kept beside a release are the pinned ones: the same can be built of them without any mirror", {
    timeout: SOURCES_LIMIT_MS,
  }, async () => {
    const kept = join(temporaryFolder(), "sources/of this release");
    const words = ["dev", "--out", temporaryFolder(), "--keep-sources", kept];
    const { status, stdout, stderr } = build(words, process.env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const pins = readPins().flatMap(({ files }) => files);
    const names = pins.map(({ path, excerpt }) => excerpt?.name ?? basename(path));
    expect(readdirSync(kept).sort()).toEqual([...names].sort());
    expect(stdout.trim().split("\n").slice(-names.length)).toEqual(names.map((name) => join(kept, name)));
    for (const { path, sha256, excerpt } of pins) {
      const bytes = readFileSync(join(kept, excerpt?.name ?? basename(path)));
      expect(createHash("sha256").update(bytes).digest("hex"), path).toBe(excerpt?.sha256 ?? sha256);
    }
    withEmptyMirror();
    const cache = join(temporaryFolder(), "branchline-native");
    cpSync(kept, cache, { recursive: true });
    for (const name of ["quickjs", "musl", "libgcc"]) {
      expect(readdirSync(await sourceFolder(name, cache))).not.toEqual([]);
    }
  });

  test("where apt knows no mirror of Debian, as on Ubuntu, it is said what to set", () => {
    const programs = temporaryFolder();
    writeFileSync(join(programs, "apt-get"), "#!/bin/sh\necho http://mirror.example/ubuntu/\n", { mode: 0o755 });
    const { BRANCHLINE_DEBIAN_MIRROR, PATH, ...others } = process.env;
    const empty = { XDG_CACHE_HOME: temporaryFolder(), PATH: `${programs}:${PATH}` };
    const { status, stderr } = build(["dev", "--out", temporaryFolder()], { ...others, ...empty });
    expect(status).toBe(1);
    expect(stderr.trim()).toBe(
      "native: apt's sources name no mirror of Debian: set BRANCHLINE_DEBIAN_MIRROR to the address of one, which ends in /debian",
    );
  });

  test("nothing of other authors' lies in the repository, patch files neither", () => {
    const all = execFileSync("git", ["ls-files", "build/native", "src/io/quickjs"], { cwd: ROOT, encoding: "utf8" });
    expect(all.split("\n").filter((path) => /\.(?:patch|diff|tar|gz|xz|bin|o|a)$/.test(path))).toEqual([]);
    const c = all.split("\n").filter((path) => /\.[chs]$/.test(path));
    expect(c.filter((path) => /copyright|licen[cs]e/i.test(readFileSync(join(ROOT, path), "utf8")))).toEqual([]);
  });
});

describe("targets", () => {
  test("without a name all that routers have are built; others by their name alone", () => {
    expect(chosenTargets([])).toEqual(FOR_ROUTERS);
    expect(chosenTargets(["i386", "mips", "i386"])).toEqual(["i386", "mips"]);
    expect(Object.keys(readTargets())).toEqual([...FOR_ROUTERS, "i386", "dev", "sanitized"]);
  });

  test("a name that isn't there is told, with all that are", () => {
    expect(() => chosenTargets(["mips", "arm", "constructor"])).toThrow(
      "no such target: arm, constructor; there are mipsel, mips, armv5, armv7, arm64, amd64, i386, dev, sanitized",
    );
  });

  test("each that is static says what it must be, and where it can be run", () => {
    for (const [name, target] of Object.entries(readTargets())) {
      if (target.musl === undefined) continue;
      const { emulator = ["", ""], readelf = {}, flags } = target;
      expect(target.prefix, name).toMatch(/-$/);
      expect(target.package, name).toMatch(/^gcc-[a-z0-9-]+$/);
      expect(
        emulator.every((word) => word !== ""),
        name,
      ).toBe(true);
      expect(Object.keys(readelf), name).toEqual(expect.arrayContaining(["Class", "Data", "Machine"]));
      expect(readelf["Data"]?.includes("big"), name).toBe(target.bytecode === "be");
      expect(readelf["FP ABI"] === "Soft float", name).toBe(flags.includes("-msoft-float"));
    }
  });
});

describe("what is missing", () => {
  test("is told at once with all programs, and how to install them", () => {
    const { status, stderr } = build(["mipsel", "mips", "armv5"], { PATH: temporaryFolder() });
    expect(status).toBe(1);
    expect(stderr.trim()).toBe(
      "native: gcc, make, patch, tar, xz, readelf, dpkg-deb, mipsel-linux-gnu-gcc, mips-linux-gnu-gcc, " +
        "arm-linux-gnueabi-gcc, qemu-mips-static missing: apt-get install gcc libc6-dev make patch tar xz-utils binutils dpkg " +
        "gcc-mipsel-linux-gnu gcc-mips-linux-gnu gcc-arm-linux-gnueabi qemu-user-static",
    );
  });
});

test("all is compiled where no processor is known, as in a chroot without /proc", () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, "before.cjs"),
    'require("os").cpus = () => []; require("module").syncBuiltinESMExports();\n',
  );
  const run = JSON.stringify(join(ROOT, "build/native/run.mjs"));
  const program = `import(${run}).then(({ inParallel }) => inParallel([1, 2], async (n) => 2 * n)).then(String).then(console.log)`;
  const words = ["--require", join(folder, "before.cjs"), "-e", program];
  expect(execFileSync(process.execPath, words, { encoding: "utf8" })).toBe("2,4\n");
});

describe("paths", () => {
  test.each([
    ["within", (root: string) => join(root, "cache/branchline-native")],
    ["outside", () => temporaryFolder()],
    ["around", (root: string) => join(root, "..")],
  ])("what a compiler embeds of them is the same with the cache %s the repository", (_, place) => {
    const root = join(temporaryFolder(), "repository");
    const source = join(place(root), "source-quickjs-1");
    mkdirSync(root, { recursive: true });
    mkdirSync(source, { recursive: true });
    const file = join(source, "file.c");
    writeFileSync(file, "__FILE__\n");
    for (const folders of [
      [source, join(place(root), "out"), root],
      [root, source],
    ]) {
      const said = execFileSync("gcc", [...withoutPaths(folders), "-E", "-P", file], { encoding: "utf8" });
      expect(said.trim()).toBe('"./file.c"');
    }
  });
});

describe("readelf", () => {
  const MIPSEL = `  Class:                             ELF32
  Data:                              2's complement, little endian
  Type:                              EXEC (Executable file)
  Machine:                           MIPS R3000
  LOAD           0x000000 0x00400000 0x00400000 0xc9244 0xc9244 R E 0x10000
  GNU_STACK      0x000000 0x00000000 0x00000000 0x00000 0x00000 RW  0x10
ISA: MIPS32
FP ABI: Soft float
`;
  const wanted = readTargets()["mipsel"]?.readelf ?? {};

  test("finds nothing wrong with what is as it must be", () => {
    expect(elfFaults(MIPSEL, wanted)).toEqual([]);
  });

  test.each([
    [
      "another order of bytes",
      "little",
      "big",
      "Data is 2's complement, big endian, not 2's complement, little endian",
    ],
    ["a newer processor", "ISA: MIPS32", "ISA: MIPS32r2", "ISA is MIPS32r2, not MIPS32"],
    ["a floating point unit", "FP ABI: Soft", "FP ABI: Hard", "FP ABI is Hard float, not Soft float"],
    ["nothing about floating point", "FP ABI: Soft float\n", "", "FP ABI is not told, not Soft float"],
    [
      "a program that wants to be moved",
      "EXEC (Executable",
      "DYN (Shared object",
      "Type is DYN (Shared object file), not EXEC (Executable file)",
    ],
    ["a loader", "  LOAD ", "  INTERP         0x000134\n  LOAD ", "it asks for a loader"],
    ["a library", "ISA:", " 0x00000001 (NEEDED)    Shared library: [libc.so.6]\nISA:", "it is linked dynamically"],
    ["a stack of code", "0x00000 RW ", "0x00000 RWE", "its stack can be executed"],
  ])("tells of %s", (_, from, to, told) => {
    expect(MIPSEL).toContain(from);
    expect(elfFaults(MIPSEL.replace(from, to), wanted)).toEqual([told]);
  });
});

describe("the bundle for QuickJS", () => {
  test("is modules that import each other and the C host, by names that don't tell where it was made", async () => {
    const { modules, files } = await nativeBundle();
    const names = modules.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toContain("main.js");
    expect(names.filter((name) => !/^(?:main|part-\d+)\.js$/.test(name))).toEqual([]);
    const imported = modules.flatMap(({ text }) =>
      [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()"([\w./-]+)"/g)].map(([, name = ""]) => name),
    );
    expect(new Set(imported)).toEqual(
      new Set(["native", ...names.filter((name) => name !== "main.js").map((name) => `./${name}`)]),
    );
    expect(files.every((path) => existsSync(path))).toBe(true);
    const nodes = files.filter((path) => path.endsWith("/udp-socket.ts"));
    expect(nodes).toEqual([join(ROOT, "src/io/quickjs/udp-socket.ts")]);
  });

  test("asks Math for nothing that is left out of the engine", async () => {
    const { modules } = await nativeBundle();
    const asked = modules.flatMap(({ text }) => [...text.matchAll(/\bMath\.(\w+)/g)].map(([, name = ""]) => name));
    expect(asked).toContain("floor");
    expect(asked.filter((name) => LEFT_OUT_OF_MATH.includes(name))).toEqual([]);
  });

  test("is refused with the names of all of Node's modules that nothing stands for", async () => {
    const folder = temporaryFolder();
    const program = join(folder, "main.ts");
    writeFileSync(program, 'import "worker_threads"; import "node:http2"; import "os";\n');
    await expect(nativeBundle({ main: program })).rejects.toThrow(
      "QuickJS has nothing for modules of Node's: src/io/quickjs/http2.ts (http2), src/io/quickjs/worker-threads.ts (worker_threads)",
    );
  });
});

describe("the cache", () => {
  test("has a folder whole or not at all, and makes it once for all that want it at the same time", async () => {
    const folder = join(temporaryFolder(), "cache/made");
    let times = 0;
    const make = async (part: string) => {
      times += 1;
      await new Promise((resolve) => setImmediate(resolve));
      expect(existsSync(folder)).toBe(false);
      writeFileSync(join(part, "content"), "");
    };
    await expect(keepWhole(folder, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(readdirSync(join(folder, ".."))).toEqual([]);
    await Promise.all([keepWhole(folder, make), keepWhole(folder, make), keepWhole(folder, make)]);
    expect(times).toBe(1);
    expect(readdirSync(join(folder, ".."))).toEqual(["made"]);
  });

  test("takes no notice of a lock whose process was killed", async () => {
    const folder = join(temporaryFolder(), "made");
    const { pid } = spawnSync("true");
    writeFileSync(`${folder}.lock`, `${pid}`);
    await keepWhole(folder, () => undefined);
    expect(existsSync(folder)).toBe(true);
  });
});
