/**
 * Builds dist/: branchline.js, the one file that goes to a router, with its LICENSES, and the programs that drive it here.
 * branchline.js is CommonJS for Node 12: as an ES module, commander's require() of Node's own modules fails.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { bundledNotices, licensesText } from "./licenses.mjs";
import { oneFile } from "./one-file.mjs";
import { inOnePiece, program, root, shared } from "./program.mjs";
import { trimLibraries } from "./trim-libraries.mjs";

/**
 * Two thirds are the proxy; the rest is there for the person who sets it up, or for several routers that work together (a pair, or members
 * behind one anycast address with the configurations of three routing daemons), and costs no memory before it is used.
 */
const ROUTER_LIMIT_BYTES = 850_000;
const router = {
  ...program,
  platform: "node",
  outdir: "dist",
  target: "node12",
  // Names that begin with on… are functions of the program alone: no text, no message to a member of a cluster and no part of Node has them.
  mangleProps: new RegExp(`${program.mangleProps.source}|^on[A-Z]`),
};
const { metafile } = await build({ ...router, plugins: [inOnePiece], metafile: true });
// Absolute as esbuild has them: node_modules may be a link.
const files = Object.keys(metafile.inputs).map((path) => resolve(root, path));
const { outputFiles } = await build({ ...router, plugins: [inOnePiece, trimLibraries(files)] });
mkdirSync(`${root}dist`, { recursive: true });
writeFileSync(`${root}dist/branchline.js`, await oneFile(outputFiles, "#!/usr/bin/env node"));
chmodSync(`${root}dist/branchline.js`, 0o755);
// Where `init` looks for it, as in the packages.
copyFileSync(`${root}deploy/branchline.schema.json`, `${root}dist/branchline.schema.json`);
writeFileSync(`${root}dist/LICENSES`, licensesText(bundledNotices(files, root)));

for (const name of ["demo", "bench", "fuzz"]) {
  const entry = `test/${name}/${name}.ts`;
  if (!existsSync(root + entry)) continue;
  await build({
    ...shared,
    platform: "node",
    entryPoints: [entry],
    outfile: `dist/${name}.mjs`,
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
