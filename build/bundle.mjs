/**
 * Builds dist/: branchline.js, the one file that goes to a router, with its LICENSES, and the programs that drive it here.
 * branchline.js is CommonJS for Node 12: as an ES module, commander's require() of Node's own modules fails.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { deflateSync } from "fflate";
import { bundledNotices, licensesText } from "./licenses.mjs";
import { oneFile } from "./one-file.mjs";
import { trimLibraries } from "./trim-libraries.mjs";

/** Two thirds are the proxy; the rest is there for the person who sets it up, and costs no memory before it is used. */
const ROUTER_LIMIT_BYTES = 630_000;
const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const shared = { bundle: true, platform: "node", legalComments: "none", logLevel: "warning", absWorkingDir: root };

/** The time of the commit, or SOURCE_DATE_EPOCH: the same commit gives the same bytes. Without both, of this file. */
function builtAt() {
  const { stdout } = spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" });
  const given_s = Number(process.env.SOURCE_DATE_EPOCH ?? (stdout?.trim() || Number.NaN));
  const time_ms = Number.isFinite(given_s) ? given_s * 1_000 : statSync(fileURLToPath(import.meta.url)).mtimeMs;
  return `${new Date(time_ms).toISOString().slice(0, 19)}Z`;
}

/** The commit, 12 digits; with a + when files that git knows were changed since. SOURCE_COMMIT counts for more. */
function commit() {
  const git = (...words) => spawnSync("git", words, { cwd: root, encoding: "utf8" });
  const { status, stdout } = git("rev-parse", "HEAD");
  const given = process.env.SOURCE_COMMIT ?? (status === 0 ? stdout.trim().slice(0, 12) : "");
  if (!/^[0-9a-f]{7,40}\+?$/.test(given)) return "unknown";
  const isClean = process.env.SOURCE_COMMIT !== undefined || git("diff", "--quiet", "HEAD").status === 0;
  return isClean ? given : `${given}+`;
}

/** A file as text a third as long. Node's own zlib gives other bytes in other versions. */
function packed(path) {
  return Buffer.from(deflateSync(readFileSync(root + path), { level: 9 })).toString("base64");
}

const router = {
  ...shared,
  entryPoints: ["src/main.ts"],
  outdir: "dist",
  // Parts that are loaded on demand become files of their own, which one-file.mjs puts into one; only ES modules are split.
  format: "esm",
  splitting: true,
  write: false,
  target: "node12",
  supported: { "dynamic-import": true },
  minify: true,
  // What libraries call private.
  mangleProps: /^_[a-z]/,
  // The build of yaml that is made of ES modules: unused parts of it stay outside.
  alias: { yaml: `${root}node_modules/yaml/browser/index.js` },
  define: {
    BRANCHLINE_VERSION: JSON.stringify(version),
    BRANCHLINE_BUILT: JSON.stringify(builtAt()),
    BRANCHLINE_COMMIT: JSON.stringify(commit()),
    BRANCHLINE_SCHEMA: JSON.stringify(packed("deploy/branchline.schema.json")),
  },
};
const { metafile } = await build({ ...router, metafile: true });
// Absolute as esbuild has them: node_modules may be a link.
const files = Object.keys(metafile.inputs).map((path) => resolve(root, path));
const { outputFiles } = await build({ ...router, plugins: [trimLibraries(files)] });
mkdirSync(`${root}dist`, { recursive: true });
writeFileSync(`${root}dist/branchline.js`, await oneFile(outputFiles, "#!/usr/bin/env node"));
chmodSync(`${root}dist/branchline.js`, 0o755);
// Where `init` looks for it, as in the packages.
copyFileSync(`${root}deploy/branchline.schema.json`, `${root}dist/branchline.schema.json`);
writeFileSync(`${root}dist/LICENSES`, licensesText(bundledNotices(files, root)));

for (const program of ["demo", "bench", "fuzz"]) {
  const entry = `test/${program}/${program}.ts`;
  if (!existsSync(root + entry)) continue;
  await build({
    ...shared,
    entryPoints: [entry],
    outfile: `dist/${program}.mjs`,
    format: "esm",
    target: "node20",
    // Packages that are CommonJS ask for Node's own modules by require().
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
}

const bundle = readFileSync(`${root}dist/branchline.js`);
const { size } = statSync(`${root}dist/branchline.js`);
if (!process.argv.includes("--quiet")) {
  console.log(`dist/branchline.js ${size} bytes, ${gzipSync(bundle).length} gzipped (limit ${ROUTER_LIMIT_BYTES})`);
}
if (size > ROUTER_LIMIT_BYTES) {
  console.error(`dist/branchline.js is over its limit of ${ROUTER_LIMIT_BYTES} bytes`);
  process.exit(1);
}
