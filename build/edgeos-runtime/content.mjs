/** What is in the image, and how it differs from Debian's files. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadedPart } from "./elf.mjs";
import { trimIcuData } from "./icu.mjs";

const STARTER = fileURLToPath(new URL("node.sh", import.meta.url));
const LIBRARIES = `ld.so.1 libc.so.6 libm.so.6 libgcc_s.so.1 libstdc++.so.6 libatomic.so.1 libnode.so.108 libuv.so.1
  libcares.so.2 libnghttp2.so.14 libbrotlicommon.so.1 libbrotlidec.so.1 libbrotlienc.so.1 libz.so.1 libssl.so.3
  libcrypto.so.3 libicuuc.so.72 libicui18n.so.72 libicudata.so.72`.split(/\s+/);
const LIBRARY_FOLDERS = ["lib/mipsel-linux-gnu", "usr/lib/mipsel-linux-gnu"];
/** Debian's Node has taken them out of itself, and ends at once when one of them is missing. */
const SCRIPTS = `cjs-module-lexer/lexer.js cjs-module-lexer/dist/lexer.js undici/undici-fetch.js acorn/dist/acorn.js
  acorn-walk/dist/walk.js`.split(/\s+/);
/** Where the image must be mounted: libnode knows it. */
export const MOUNT_POINT = "/run/branchline/node";

/**
 * Lays out the image.
 * @param content its folder
 * @param packages the folder with all packages unpacked
 * @returns what is left of ICU's data: how many items, and bytes
 */
export function fill(content, packages) {
  write(join(content, "bin/node"), readFileSync(STARTER), 0o755);
  write(join(content, "bin/node.bin"), loadedPart(readFileSync(join(packages, "usr/bin/node"))), 0o755);
  let icu;
  for (const name of LIBRARIES) {
    let library = loadedPart(readFileSync(libraryFile(packages, name)));
    if (name.startsWith("libnode.")) library = withScriptsFromImage(library);
    if (name.startsWith("libicudata.")) ({ library, ...icu } = trimIcuData(library));
    write(join(content, "lib", name), library, 0o755);
  }
  for (const script of SCRIPTS) {
    const source = join(packages, "usr/share/nodejs", script);
    write(join(content, nameInImage(script)), readFileSync(source), 0o644);
  }
  return icu;
}

function libraryFile(packages, name) {
  for (const folder of LIBRARY_FOLDERS) {
    try {
      return realpathSync(join(packages, folder, name));
    } catch {
      // In the other one.
    }
  }
  throw new Error(`${name} is in none of the packages`);
}

/** A path within libnode can't grow: what the mount point is longer than Debian's folder, the script's folder is shorter. */
function nameInImage(script) {
  const longer = MOUNT_POINT.length - "/usr/share/nodejs".length;
  const [folder, ...rest] = script.split("/");
  return [folder.slice(0, -longer), ...rest].join("/");
}

/** libnode with other places for {@link SCRIPTS}, of the same length. */
function withScriptsFromImage(library) {
  const changed = Buffer.from(library);
  for (const script of SCRIPTS) {
    const [from, to] = [`/usr/share/nodejs/${script}\0`, `${MOUNT_POINT}/${nameInImage(script)}\0`];
    let at = library.indexOf(from);
    if (at < 0) throw new Error(`libnode doesn't name ${from}`);
    for (; at >= 0; at = library.indexOf(from, at + 1)) changed.write(to, at, "latin1");
  }
  return changed;
}

/** Each package's own notice, and the licences that they refer to. */
export function addLicences(content, packages, pins) {
  for (const { name } of pins.packages) {
    const notice = readFileSync(join(packages, "usr/share/doc", name, "copyright"));
    write(join(content, "licences", name), notice, 0o644);
  }
  const common = join(packages, "usr/share/common-licenses");
  for (const name of readdirSync(common))
    write(join(content, "licences/common", name), readFileSync(join(common, name)), 0o644);
}

function write(path, bytes, mode) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  chmodSync(path, mode);
}
