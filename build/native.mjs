/**
 * `npm run native -- [TARGET…] [--out FOLDER] [--entry FILE] [--keep-sources FOLDER]`: branchline for routers without Node, one static file
 * for each processor, dist/native/branchline-TARGET, with LICENSES. Without a name: all that routers have. `dev` and
 * `sanitized` are made with this machine's own C library, for tests; --entry puts another program in the place of src/main.ts.
 *
 * C comes from src/io/quickjs/native/, the program from src/main.ts, the engine and the C library from Debian's sources,
 * compilers are the machine's. The same sources, commit and compilers give the same bytes.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { sha256Of } from "./debian-mirror.mjs";
import { licensesText } from "./licenses.mjs";
import { nativeBundle } from "./native/bundle.mjs";
import { bytecode, writeTable } from "./native/bytecode.mjs";
import { checkBinary } from "./native/checks.mjs";
import { engineFor } from "./native/engine.mjs";
import { hostFlags, hostFor } from "./native/host.mjs";
import { nativeNotices } from "./native/licenses.mjs";
import { forgetOld, hashOf } from "./native/run.mjs";
import { CACHE, sourceFiles } from "./native/sources.mjs";
import { chosenTargets, demandTools, readTargets } from "./native/targets.mjs";
import { compile, link } from "./native/toolchain.mjs";
import { root } from "./program.mjs";

/** What decides how parts become a binary. */
const PARTS = ["native.mjs", "native/toolchain.mjs", "native/checks.mjs"].map((name) => join(root, "build", name));

/**
 * Builds the binaries of some targets.
 * @param {readonly string[]} names without one: all that routers have
 * @param {object} [options]
 * @param {string} [options.out] folder for them
 * @param {string} [options.cache] folder for downloads, and for what changes seldom
 * @param {Readonly<Record<string, string>>} [options.entryPoints] another program than src/main.ts, see `nativeBundle`
 * @param {Readonly<Record<string, string>>} [options.aliases] see `nativeBundle`
 * @param {readonly {name: string, text: string}[]} [options.modules] what is embedded, in the order of names, instead of a bundle
 * @returns {Promise<{target: string, path: string, bytes: number, xz_bytes?: number, sha256: string, compiler: string}[]>}
 */
export async function buildNative(
  names,
  { out = join(root, "dist/native"), cache = CACHE, entryPoints, aliases, modules: given } = {},
) {
  const targets = readTargets();
  const chosen = chosenTargets(names, targets);
  demandTools(chosen.map((name) => targets[name]));
  mkdirSync(out, { recursive: true });
  const bundle = given === undefined ? await nativeBundle(entryPoints, aliases) : { modules: given, files: [] };
  const built = [];
  for (const name of chosen) built.push(await buildOne(name, targets[name], { modules: bundle.modules, out, cache }));
  const isForRouters = given === undefined && chosen.some((name) => targets[name].readelf !== undefined);
  if (isForRouters) writeFileSync(join(out, "LICENSES"), licensesText(await nativeNotices(bundle.files, cache)));
  forgetOld(cache);
  return built;
}

async function buildOne(name, target, { modules, out, cache }) {
  const engine = await engineFor(target, cache);
  const host = await hostFor(target, engine, cache);
  const code = await bytecode(modules, target.bytecode, cache);
  const path = join(out, `branchline-${name}`);
  const recipe = hashOf(host.recipe, JSON.stringify(code), ...PARTS.map((file) => readFileSync(file)));
  const known = builtAlready(path, recipe);
  if (known !== undefined) return { target: name, path, ...known };

  const work = mkdtempSync(join(out, ".build-"));
  try {
    const table = writeTable(code, work);
    const options = { folder: work, musl: engine.musl, flags: hostFlags(engine) };
    const program = join(work, "branchline");
    await link(target, engine, [...host.objects, ...(await compile(target, table, options))], program);
    const sizes = target.readelf === undefined ? {} : await checkBinary(program, target);
    const made = { recipe, compiler: engine.compiler, bytecode_bytes: sum(code), ...sizes, sha256: sha256Of(program) };
    renameSync(program, path);
    writeFileSync(`${path}.json`, `${JSON.stringify(made, null, 2)}\n`);
    return { target: name, path, ...made };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** What was written beside the binary when it was built, if it is still that. */
function builtAlready(path, recipe) {
  try {
    const made = JSON.parse(readFileSync(`${path}.json`, "utf8"));
    return made.recipe === recipe && made.sha256 === sha256Of(path) ? made : undefined;
  } catch {
    return undefined;
  }
}

const sum = (code) => code.reduce((total, { length }) => total + length, 0);

function printTable(built) {
  const rows = built.map(({ target, bytecode_bytes, bytes, xz_bytes, sha256 }) =>
    [target, bytes ?? "-", bytecode_bytes, xz_bytes ?? "-", sha256].map(String),
  );
  const all = [["target", "bytes", "bytecode", "xz", "SHA-256"], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const isText = (column) => column === 0 || column === 4;
  for (const row of all) {
    const cells = row.map((cell, column) =>
      isText(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
    );
    console.log(cells.join("  ").trimEnd());
  }
  for (const compiler of new Set(built.map((one) => one.compiler))) console.log(compiler);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string" }, entry: { type: "string" }, "keep-sources": { type: "string" } },
  });
  const out = resolve(values.out ?? join(root, "dist/native"));
  const entryPoints = values.entry === undefined ? undefined : { main: resolve(values.entry) };
  printTable(await buildNative(positionals, { out, entryPoints }));
  const folder = values["keep-sources"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  for (const path of sourceFiles(CACHE)) {
    copyFileSync(path, join(folder, basename(path)));
    console.log(join(folder, basename(path)));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(`native: ${error.message}`);
    process.exit(1);
  });
}
