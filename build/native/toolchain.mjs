/** The machine's compiler and linker, as each target uses them. */
import { mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inParallel, run } from "./run.mjs";

/** Each function in a section of its own, so that the linker leaves out what nobody calls; nothing unwinds a stack here. */
const STATIC = [
  "-Os",
  "-fno-pic",
  "-fno-pie",
  "-ffunction-sections",
  "-fdata-sections",
  "-fno-unwind-tables",
  "-fno-asynchronous-unwind-tables",
];
const LINK = ["-static", "-no-pie", "-nostdlib", "-nostartfiles"];
const LINKER = ["-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,--fatal-warnings"];
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The first lines of what compiler and linker say of themselves. */
export async function versionsOf({ prefix }) {
  const said = [await run(`${prefix}gcc`, ["--version"]), await run(`${prefix}ld`, ["--version"])];
  return said.map((text) => text.split("\n", 1)[0]).join("; ");
}

/** The flags that all of a target's C gets, and that change what comes out. */
export function flagsOf({ musl, flags }) {
  return musl === undefined ? flags : [...STATIC, ...flags];
}

/** The same bytes, wherever these folders are, one within the other perhaps: the last that fits a path counts, and so the longest. */
export function withoutPaths(folders) {
  const inOrder = [...folders].sort((one, other) => one.length - other.length);
  return inOrder.map((folder) => `-ffile-prefix-map=${folder.replace(/\/$/, "")}=.`);
}

/** How C finds the C library's headers, and the compiler's own. */
async function libraryHeaders({ prefix }, musl) {
  const own = (await run(`${prefix}gcc`, ["-print-file-name=include"])).trim();
  return ["-nostdinc", "-isystem", join(musl, "include"), "-isystem", own];
}

/**
 * Compiles C, and assembly without a preprocessor.
 * @param {import("./targets.mjs").Target} target
 * @param {readonly string[]} files
 * @param {object} options
 * @param {string} options.folder where objects go
 * @param {string} [options.musl] where musl is installed, for targets that have it
 * @param {readonly string[]} options.flags beside `flagsOf`
 * @returns {Promise<string[]>} the objects, in the order of the files
 */
export async function compile(target, files, { folder, musl, flags }) {
  mkdirSync(folder, { recursive: true });
  const places = [...new Set(files.map((file) => dirname(file))), folder, ROOT];
  // A debugger wants to find the files.
  const library =
    musl === undefined ? [] : [...(await libraryHeaders(target, musl)), ...withoutPaths([musl, ...places])];
  const all = [...flagsOf(target), ...library, ...flags];
  return inParallel(files, async (file) => {
    const object = join(folder, `${basename(file).replace(/\.[cs]$/, "")}.o`);
    await run(`${target.prefix}gcc`, [...all, "-c", file, "-o", object]);
    return object;
  });
}

/**
 * Links objects with the engine, and strips what routers get.
 * @param {import("./targets.mjs").Target} target
 * @param {import("./engine.mjs").Engine} engine
 * @param {readonly string[]} objects
 * @param {string} out the program's path
 */
export async function link(target, engine, objects, out) {
  const gcc = `${target.prefix}gcc`;
  const all = [...objects, ...engine.objects];
  if (engine.musl === undefined) {
    await run(gcc, [...target.flags, "-Wl,--gc-sections", ...all, "-lm", "-o", out]);
    return;
  }
  const library = (name) => join(engine.musl, "lib", name);
  const libgcc =
    target.softFloat === true ? [] : [(await run(gcc, [...target.flags, "-print-libgcc-file-name"])).trim()];
  const libraries = ["-Wl,--start-group", library("libc.a"), ...engine.runtime, ...libgcc, "-Wl,--end-group"];
  const parts = [library("crt1.o"), library("crti.o"), ...all, ...libraries, library("crtn.o")];
  await run(gcc, [...target.flags, ...LINK, ...LINKER, ...parts, "-o", out]);
  await run(`${target.prefix}strip`, ["-s", "-R", ".comment", "-R", ".note*", out]);
}
