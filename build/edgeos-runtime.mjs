/**
 * Builds dist/edgeos-runtime/: node.sqsh, the Node that an EdgeRouter X mounts at /run/branchline/node, its manifest.json and LICENSES.
 * Made of Debian's packages for mipsel, pinned in edgeos-runtime/packages.json: the same pins and tools give the same
 * bytes. Usage: node build/edgeos-runtime.mjs [--repin | --out FOLDER]
 *
 * Debian's Node, because it is kept up for this processor: a build of our own would have to be kept by us. With its own loader and
 * libraries it needs none of EdgeOS's, which firmware upgrades change. Compressed and mounted it takes 15 MB of flash instead of 67, twice
 * while a firmware upgrade copies /config.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Of } from "./debian-mirror.mjs";
import { addLicences, fill, MOUNT_POINT } from "./edgeos-runtime/content.mjs";
import { fetchPackages, readPins, repin } from "./edgeos-runtime/packages.mjs";
import { demandTools } from "./edgeos-runtime/tools.mjs";
import { debianNotices, licensesText } from "./licenses.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const LIMIT_BYTES = 16_000_000;

function main(args) {
  if (args[0] === "--repin") return repin();
  if (args.length > 0 && (args[0] !== "--out" || args.length !== 2)) throw new Error("usage: [--repin | --out FOLDER]");
  const out = resolve(args[1] ?? join(root, "dist/edgeos-runtime"));
  // The modes of folders are part of the image.
  process.umask(0o022);
  const tools = versionsOfTools();
  const pins = readPins();
  const recipe = recipeOf(tools);
  const image = join(out, "node.sqsh");
  if (isBuilt(out, recipe)) return report(image, "was built already");

  const work = mkdtempSync(join(tmpdir(), "branchline-runtime-"));
  try {
    const packages = unpack(fetchPackages(pins), join(work, "packages"));
    const content = join(work, "image");
    const manifest = { ...pins, mounted_at: MOUNT_POINT, icu: fill(content, packages) };
    addLicences(content, packages, pins);
    writeFileSync(join(content, "manifest.json"), json(manifest));
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "LICENSES"), licensesText(debianNotices(packages, pins.packages)));
    pack(content, image, Date.parse(pins.pinned) / 1_000);
    const made = { tools, recipe, bytes: statSync(image).size, sha256: sha256Of(image) };
    writeFileSync(join(out, "manifest.json"), json({ ...manifest, ...made }));
  } finally {
    rmSync(work, { recursive: true });
  }
  report(image, `built from ${pins.packages.length} packages of Debian ${pins.suite}`);
}

/** All into one tree, as on a Debian. */
function unpack(files, folder) {
  for (const file of files.values()) execFileSync("dpkg-deb", ["-x", file, folder]);
  return folder;
}

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

function versionsOfTools() {
  demandTools();
  // It shows its version and fails.
  const { stdout } = spawnSync("mksquashfs", ["-version"], { encoding: "utf8" });
  return { mksquashfs: /version (\S+)/.exec(stdout)?.[1] };
}

/** Changes with whatever may change the image or its LICENSES. */
function recipeOf(tools) {
  const folder = join(root, "build/edgeos-runtime");
  const files = [
    fileURLToPath(import.meta.url),
    join(root, "build/debian-mirror.mjs"),
    join(root, "build/licenses.mjs"),
    ...readdirSync(folder)
      .sort()
      .map((name) => join(folder, name)),
  ];
  const hash = createHash("sha256").update(JSON.stringify(tools));
  for (const file of files) hash.update(`${basename(file)}\n`).update(readFileSync(file));
  return hash.digest("hex");
}

function isBuilt(out, recipe) {
  try {
    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    const isWhole = manifest.sha256 === sha256Of(join(out, "node.sqsh")) && existsSync(join(out, "LICENSES"));
    return isWhole && manifest.recipe === recipe;
  } catch {
    return false;
  }
}

/** Blocks of 256 KiB: larger ones save 6 %, and cost four times as much for each page that is read. */
function pack(content, image, time_s) {
  const { SOURCE_DATE_EPOCH: _, ...env } = process.env;
  const format = ["-comp", "xz", "-b", "256K", "-no-xattrs", "-all-root"];
  const times = ["-mkfs-time", String(time_s), "-all-time", String(time_s)];
  const part = `${image}.${process.pid}`;
  const args = [content, part, "-noappend", "-no-progress", "-quiet", ...format, ...times];
  execFileSync("mksquashfs", args, { env, stdio: ["ignore", "ignore", "inherit"] });
  renameSync(part, image);
}

function report(image, how) {
  const { size } = statSync(image);
  console.log(`${image} ${size} bytes (limit ${LIMIT_BYTES}), ${how}; SHA-256 ${sha256Of(image)}`);
  if (size > LIMIT_BYTES) throw new Error(`${image} is over its limit`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(`edgeos-runtime: ${error.message}`);
  process.exit(1);
}
