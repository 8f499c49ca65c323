/** The binaries that need no Node, for packages: as many as this machine has compilers for, and what they are made of. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { CACHE, sourceFiles } from "../native/sources.mjs";
import { chosenTargets, demandTools, readTargets } from "../native/targets.mjs";
import { buildNative } from "../native.mjs";
import { root } from "../program.mjs";

/**
 * @typedef {object} Native
 * @property {ReadonlyMap<string, Buffer>} binaries by target
 * @property {string} licenses the text of LICENSES for each of them; empty without binaries
 * @property {readonly {name: string, contents: Buffer}[]} sources tarballs of the engine, the C library and libgcc
 */

/** @type {Native} */
export const NO_NATIVE = { binaries: new Map(), licenses: "", sources: [] };

/**
 * Builds them. Says what is left out, and what to install for it.
 * @returns {Promise<Native>}
 * @throws when one could be built, and isn't
 */
export async function nativeFiles() {
  const targets = readTargets();
  const possible = chosenTargets([]).filter((name) => {
    try {
      demandTools([targets[name]]);
      return true;
    } catch (error) {
      console.error(`release: without the binary for ${name}, and so without its packages: ${error.message}`);
      return false;
    }
  });
  if (possible.length === 0) return NO_NATIVE;
  const built = await buildNative(possible);
  return {
    binaries: new Map(built.map(({ target, path }) => [target, readFileSync(path)])),
    licenses: readFileSync(`${root}dist/native/LICENSES`, "utf8"),
    // Debian's mirror forgets old versions: what the binaries are made of stays where they are.
    sources: sourceFiles(CACHE).map((path) => ({ name: basename(path), contents: readFileSync(path) })),
  };
}
