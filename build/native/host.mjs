/** Our own C (src/io/quickjs/native/), compiled for a target, and kept in the cache until it changes. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "../program.mjs";
import { hashOf, keepWhole } from "./run.mjs";
import { compile } from "./toolchain.mjs";

export const FOLDER = join(root, "src/io/quickjs/native");
/** An overrun in what handles the world's octets ends the process. */
const FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-fwrapv", "-fstack-protector-strong"];

/** @param {import("./engine.mjs").Engine} engine @returns {string[]} the flags for our C, and for what includes its headers */
export function hostFlags(engine) {
  return [...FLAGS, "-I", FOLDER, "-isystem", engine.headers];
}

/**
 * @param {import("./targets.mjs").Target} target
 * @param {import("./engine.mjs").Engine} engine
 * @param {string} cache
 * @returns {Promise<{recipe: string, objects: string[]}>} `recipe` changes when anything about them does
 */
export async function hostFor(target, engine, cache) {
  const names = readdirSync(FOLDER).filter((name) => /\.[ch]$/.test(name));
  const sources = names.sort().map((name) => join(FOLDER, name));
  const contents = sources.flatMap((path) => [basename(path), readFileSync(path)]);
  const recipe = hashOf(engine.recipe, JSON.stringify(FLAGS), ...contents);
  const files = sources.filter((path) => path.endsWith(".c"));
  const folder = await keepWhole(join(cache, `host-${recipe}`), (part) =>
    compile(target, files, { folder: part, musl: engine.musl, flags: hostFlags(engine) }),
  );
  return { recipe, objects: files.map((path) => join(folder, basename(path).replace(/c$/, "o"))) };
}
