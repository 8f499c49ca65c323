/**
 * What a target's binary is made of beside our own C: its C library, floating point where the processor has none, and the
 * engine. They take half a minute of a processor, and each is kept in the cache until its source, its flags or the compiler change.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { hashOf, JOBS, keepWhole, run } from "./run.mjs";
import { readPins, softFloatFiles, sourceFolder } from "./sources.mjs";
import { compile, flagsOf, versionsOf, withoutPaths } from "./toolchain.mjs";

/** The engine without its command line and without its library for files and processes: the host is ours. */
const ENGINE = ["quickjs.c", "libregexp.c", "libunicode.c", "cutils.c", "dtoa.c"];
const VERSION = readPins().find(({ name }) => name === "quickjs").version;
/** Signed numbers wrap around in it: its own makefile says so. */
const ENGINE_FLAGS = ["-D_GNU_SOURCE", `-DCONFIG_VERSION="${VERSION}"`, "-fwrapv", "-w"];
/** Small: what it does for us is mostly to call the kernel. Only copying and comparing is worth its size. */
const MUSL_FLAGS = ["-Os", "-fno-pic", "-fno-pie"];
const MUSL_CHOICES = ["--disable-shared", "--enable-optimize=string"];
/** gcc knows the loops by which rt64.c counts, and would call the very function that they are in. */
const RUNTIME_FLAGS = ["-w", "-fno-tree-loop-distribute-patterns", "-fno-tree-scev-cprop"];
const RUNTIME_HEADERS = ["libgcc/soft-fp", "libgcc/config/mips", "include"];
const RT64 = fileURLToPath(new URL("rt64.c", import.meta.url));

/**
 * @typedef {object} Engine
 * @property {string} recipe changes when anything about it does
 * @property {string} compiler the compiler's own words about itself
 * @property {string} headers the folder of the engine's
 * @property {string | undefined} musl where musl is installed
 * @property {string[]} objects the engine's
 * @property {string[]} runtime what gcc calls where the processor can't do it, if it isn't in the compiler's libgcc
 */

/**
 * The engine for a target, from the cache or built now.
 * @param {import("./targets.mjs").Target} target
 * @param {string} cache
 * @returns {Promise<Engine>}
 */
export async function engineFor(target, cache) {
  const compiler = await versionsOf(target);
  const musl = target.musl === undefined ? undefined : await muslFor(target, { cache, compiler });
  const headers = await sourceFolder("quickjs", cache);
  const quickjs = await quickjsFor(target, { cache, compiler, musl, headers });
  const runtime = target.softFloat === true ? [await runtimeFor(target, { cache, compiler, musl })] : [];
  const folders = [musl ?? "no musl", quickjs, ...runtime];
  const recipe = hashOf(compiler, JSON.stringify(target), ...folders.map((folder) => basename(folder)));
  return { recipe, compiler, headers, musl, objects: objectsIn(quickjs), runtime: runtime.flatMap(objectsIn) };
}

async function muslFor({ prefix, musl, flags }, { cache, compiler }) {
  const source = await sourceFolder("musl", cache);
  const own = [...flags, ...MUSL_FLAGS];
  const recipe = hashOf(basename(source), compiler, JSON.stringify([musl, own, MUSL_CHOICES]));
  return keepWhole(join(cache, `musl-${recipe}`), async (folder) => {
    const work = join(folder, "build");
    mkdirSync(work);
    const cflags = [...own, ...withoutPaths([work, source])].join(" ");
    const tools = [`CROSS_COMPILE=${prefix}`, `CC=${prefix}gcc`, `CFLAGS=${cflags}`];
    const choices = [`--prefix=${folder}`, `--target=${musl}`, ...MUSL_CHOICES];
    await run(join(source, "configure"), [...choices, ...tools], { cwd: work });
    await run("make", [`-j${JOBS}`, "-s", "install-headers", "install-libs"], { cwd: work });
    rmSync(work, { recursive: true });
  });
}

function quickjsFor(target, { cache, compiler, musl, headers }) {
  const flags = JSON.stringify([flagsOf(target), ENGINE_FLAGS, ENGINE]);
  const recipe = hashOf(basename(headers), basename(musl ?? ""), compiler, flags);
  const files = ENGINE.map((name) => join(headers, name));
  return keepWhole(join(cache, `quickjs-${recipe}`), (folder) =>
    compile(target, files, { folder, musl, flags: ENGINE_FLAGS }),
  );
}

/** Floating point in software, and what 32-bit processors can't do with 64 bits. */
async function runtimeFor(target, { cache, compiler, musl }) {
  const libgcc = await sourceFolder("libgcc", cache);
  const flags = JSON.stringify([flagsOf(target), RUNTIME_FLAGS]);
  const recipe = hashOf(basename(libgcc), basename(musl), compiler, flags, readFileSync(RT64));
  const headers = RUNTIME_HEADERS.flatMap((name) => ["-I", join(libgcc, name)]);
  const files = [...softFloatFiles(libgcc), RT64];
  return keepWhole(join(cache, `runtime-${recipe}`), (folder) =>
    compile(target, files, { folder, musl, flags: [...RUNTIME_FLAGS, ...headers] }),
  );
}

function objectsIn(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".o"));
  return names.sort().map((name) => join(folder, name));
}
