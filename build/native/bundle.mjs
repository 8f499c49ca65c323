/**
 * The program for QuickJS: the same sources, with files of src/io/quickjs/ in the place of what only Node has.
 * - a module of Node's: `fs` is src/io/quickjs/fs.ts, `fs/promises` is fs-promises.ts, `child_process` child-process.ts
 * - a file of src/io/node/ whose name is there too, and isn't that of a module of Node's: udp-socket.ts
 * - globals.ts, if it is there, comes before everything else
 */
import { existsSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { inOnePiece, packedAs, program, root } from "../program.mjs";
import { trimLibraries } from "../trim-libraries.mjs";

const OURS = join(root, "src/io/quickjs");
const NODES = join(root, "src/io/node");
/** esbuild names parts by hashes, in which the repository's place has a share. */
const PART = /\b(?:chunk|cli|pair|web|outlets)-[A-Z0-9]{8}\.js\b/g;

/**
 * Bundles the program, or tests of it, for QuickJS.
 * @param {Readonly<Record<string, string>>} [entryPoints] name of the module without ".js" → file, below the repository's folder
 * @param {Readonly<Record<string, string>>} [aliases] beside those above: module or file that is imported → file in its place
 * @throws with esbuild's words, or the names of all modules of Node's that are used and not there
 * @returns {Promise<{modules: {name: string, text: string}[], files: string[]}>} modules in the order of their names, as they
 *   import each other without "./"; and all files that are in them, absolute
 */
export async function nativeBundle(entryPoints = { main: "src/main.ts" }, aliases = {}) {
  const globals = join(OURS, "globals.ts");
  const missing = new Set();
  const plugin = forQuickJs(aliases, missing);
  const options = {
    ...program,
    logLevel: "silent",
    entryPoints,
    outdir: "dist/native",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2020",
    external: ["native"],
    inject: existsSync(globals) ? [globals] : [],
    // A module in a binary has no place.
    define: { ...program.define, ...packedAs("latin1"), "import.meta.url": '""' },
  };
  const { metafile } = await build({ ...options, metafile: true, plugins: [inOnePiece, plugin] });
  if (missing.size > 0) throw new Error(`QuickJS has nothing for modules of Node's: ${[...missing].sort().join(", ")}`);
  const files = Object.keys(metafile.inputs).map((path) => resolve(root, path));
  const { outputFiles } = await build({ ...options, plugins: [inOnePiece, plugin, trimLibraries(files)] });
  return { modules: named(outputFiles), files: files.filter((path) => existsSync(path)) };
}

/** Which file is meant where a module of Node's, or a file that is written for Node, is imported. */
function forQuickJs(aliases, missing) {
  return {
    name: "for-quickjs",
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ path, resolveDir, importer }) => {
        if (Object.hasOwn(aliases, path)) return { path: resolve(root, aliases[path]) };
        const name = path.replace(/^node:/, "");
        if (builtinModules.includes(name)) return shimOf(name, missing);
        if (!path.startsWith(".")) return undefined;
        const file = resolve(resolveDir, path);
        const own = join(OURS, basename(file));
        const isReplaced = dirname(file) === NODES && importer !== own && existsSync(own) && !isOfNode(basename(file));
        return isReplaced ? { path: own } : undefined;
      });
    },
  };
}

/** What is missing is named at the end, all at once. */
function shimOf(name, missing) {
  const path = join(OURS, `${name.replace(/[_/]/g, "-")}.ts`);
  if (existsSync(path)) return { path };
  missing.add(`${path.slice(root.length)} (${name})`);
  return { path: name, external: true };
}

/** Whether the file's name is that of a module of Node's. */
function isOfNode(file) {
  const name = file.replace(/\.ts$/, "");
  return builtinModules.some((module) => module.replace(/[_/]/g, "-") === name);
}

/** Parts get numbers, in the order in which the entry points reach them. */
function named(outputFiles) {
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const names = new Map([...texts.keys()].filter((name) => !name.match(PART)).map((name) => [name, name]));
  // The map grows as it is gone through.
  for (const old of names.keys()) {
    for (const [part] of texts.get(old).matchAll(PART)) {
      if (texts.has(part) && !names.has(part)) names.set(part, `part-${names.size}.js`);
    }
  }
  const lost = [...texts.keys()].filter((name) => !names.has(name));
  if (lost.length > 0) throw new Error(`nothing imports ${lost.join(", ")}`);
  const renamed = [...names].map(([old, name]) => {
    const text = texts.get(old).replace(PART, (part) => names.get(part) ?? part);
    return { name, text };
  });
  return renamed.sort((one, other) => (one.name < other.name ? -1 : 1));
}
