/**
 * `npm run release [-- --out FOLDER --without-runtime --without-native]`: the bundle, the binaries that need no Node with the
 * sources that they are made of, and the packages of every family of routers, in dist/release/, with their sums. The same
 * commit gives the same bytes.
 *
 * So anybody can check that what is installed is what has been read.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * Each is a module build/release/NAME.mjs with
 *   export async function packages({ version, bundle, licenses, native, epoch_s, root, withRuntime }) → [{ name, contents }]
 * where `bundle` has the bytes of branchline.js, `licenses` the text of LICENSES, `native` the binaries by target
 * (`native.binaries`, a Map that is empty where they are left out) and their LICENSES (`native.licenses`), `root` is the
 * repository's folder with a slash at its end, `epoch_s` the time that all files get; `name` is a file's name in the release,
 * `contents` its bytes.
 */
const FAMILIES = ["debian", "edgeos", "entware", "openwrt", "tomato"];

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    out: { type: "string", default: `${root}dist/release` },
    // Node for ER-X takes minutes to build, and a network.
    "without-runtime": { type: "boolean", default: false },
    // Minutes, the first time, and cross compilers.
    "without-native": { type: "boolean", default: false },
  },
});
const withRuntime = !values["without-runtime"];
const folder = resolve(values.out);

const built = spawnSync(process.execPath, [`${root}build/bundle.mjs`, "--quiet"], { stdio: "inherit" });
if (built.status !== 0) process.exit(1);
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const bundle = readFileSync(`${root}dist/branchline.js`);
const licenses = readFileSync(`${root}dist/LICENSES`, "utf8");

const { NO_NATIVE, nativeFiles } = await import("./release/native.mjs");
const native = values["without-native"] ? NO_NATIVE : await nativeFiles();

const files = [
  { name: "branchline.js", contents: bundle },
  { name: "LICENSES", contents: licenses },
  ...[...native.binaries].map(([target, contents]) => ({ name: `branchline-${target}`, contents })),
  ...(native.licenses === "" ? [] : [{ name: "LICENSES-native", contents: native.licenses }]),
  ...native.sources,
];
const all = { version, bundle, licenses, native };
for (const family of FAMILIES) {
  const { packages } = await import(`./release/${family}.mjs`);
  files.push(...(await packages({ ...all, epoch_s: commitTime_s(), root, withRuntime })));
}
files.sort((one, other) => (one.name < other.name ? -1 : 1));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const sums = files.map(({ contents }) => createHash("sha256").update(contents).digest("hex"));
for (const { name, contents } of files) writeFileSync(`${folder}/${name}`, contents);
// As `sha256sum -c SHA256SUMS` reads it.
writeFileSync(`${folder}/SHA256SUMS`, files.map(({ name }, index) => `${sums[index]}  ${name}\n`).join(""));

const width = Math.max(...files.map(({ name }) => name.length));
files.forEach(({ name, contents }, index) => {
  console.log(`${name.padEnd(width)} ${String(contents.length).padStart(10)} ${sums[index]}`);
});

/** When the commit was made, or what SOURCE_DATE_EPOCH says, in seconds since 1970. */
function commitTime_s() {
  const given = process.env.SOURCE_DATE_EPOCH;
  const text = given ?? spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" }).stdout;
  if (/^\d+\s*$/.test(text ?? "")) return Number(text);
  console.error("release: no commit here to take the time from: set SOURCE_DATE_EPOCH");
  process.exit(1);
}
