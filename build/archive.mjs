/**
 * Archives that are the same bytes for the same content, wherever and whenever they are made: the owner is root, every
 * time is the given one, the order is that of names, and gzip is written in JavaScript (Node's own zlib gives other
 * bytes with another processor or version).
 */
import { gzipSync } from "fflate";

/**
 * @typedef {object} Entry
 * @property {string} path where it goes, without a slash in front; a folder's ends with a slash
 * @property {number} [mode] default: 0o644; folders 0o755
 * @property {string | Uint8Array} [contents] of a file
 * @property {string} [link] what a symbolic link points to
 */

const BLOCK_BYTES = 512;
const MODE = { file: 0o644, folder: 0o755, link: 0o777 };
const TYPE = { file: "0", link: "2", folder: "5" };

/**
 * A tar archive (POSIX ustar), gzipped.
 * @param {readonly Entry[]} entries in any order
 * @param {object} options
 * @param {number} options.epoch_s the time that all get, in seconds since 1970
 * @param {string} [options.prefix] before each path: package managers want "./"
 * @param {boolean} [options.folders] whether folders are listed that files lie in. Package managers need them; what is
 *   unpacked over a living system must not: tar would change their modes, and replace links to folders
 * @returns {Buffer}
 */
export function tarGz(entries, options) {
  return gzip(tar(entries, options));
}

/** As `tarGz`, without gzip. */
export function tar(entries, { epoch_s, prefix = "", folders = true }) {
  const all = new Map(entries.map((entry) => [entry.path, entry]));
  if (all.size !== entries.length) throw new Error("a path is there twice");
  if (folders)
    for (const path of entries.flatMap(({ path }) => foldersOf(path))) all.set(path, all.get(path) ?? { path });
  const sorted = [...all.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
  const top = folders && prefix !== "" ? [header({ path: "" }, { prefix, epoch_s })] : [];
  const blocks = sorted.flatMap((entry) => [header(entry, { prefix, epoch_s }), padded(bytesOf(entry.contents ?? ""))]);
  return Buffer.concat([...top, ...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

/** @returns {Buffer} `contents` (bytes) gzipped, with neither time nor name in it */
export function gzip(contents) {
  return Buffer.from(gzipSync(contents, { level: 9, mtime: 0 }));
}

/**
 * An ar archive, as .deb files are.
 * @param {readonly {name: string, contents: string | Uint8Array}[]} members in this order; names of up to 15 characters
 */
export function ar(members, { epoch_s }) {
  const parts = members.flatMap(({ name, contents }) => {
    if (name.length > 15) throw new Error(`too long for ar: ${name}`);
    const bytes = bytesOf(contents);
    const fields = [name.padEnd(16), `${epoch_s}`.padEnd(12), "0".padEnd(6), "0".padEnd(6), "100644".padEnd(8)];
    const start = Buffer.from(`${fields.join("")}${`${bytes.length}`.padEnd(10)}\`\n`, "latin1");
    return [start, bytes, Buffer.from(bytes.length % 2 === 0 ? "" : "\n")];
  });
  return Buffer.concat([Buffer.from("!<arch>\n"), ...parts]);
}

/** "a/b/c" → "a/", "a/b/" */
function foldersOf(path) {
  const names = path.replace(/\/$/, "").split("/").slice(0, -1);
  return names.map((_, index) => `${names.slice(0, index + 1).join("/")}/`);
}

function header({ path, mode, contents, link }, { prefix, epoch_s }) {
  const name = prefix + path;
  const kind = link !== undefined ? "link" : /(^|\/)$/.test(path) ? "folder" : "file";
  if (kind === "file" && contents === undefined) throw new Error(`${name}: neither contents nor link`);
  const block = Buffer.alloc(BLOCK_BYTES);
  const write = (text, at, most) => {
    if (Buffer.byteLength(text) > most) throw new Error(`${name}: too long for tar: ${text}`);
    block.write(text, at);
  };
  const octal = (value, digits) => value.toString(8).padStart(digits, "0");
  write(name, 0, 100);
  write(octal(mode ?? MODE[kind], 7), 100, 7);
  write(octal(0, 7), 108, 7);
  write(octal(0, 7), 116, 7);
  write(octal(bytesOf(contents ?? "").length, 11), 124, 11);
  write(octal(epoch_s, 11), 136, 11);
  write(" ".repeat(8), 148, 8);
  write(TYPE[kind], 156, 1);
  write(link ?? "", 157, 100);
  write("ustar\u000000", 257, 8);
  write("root", 265, 31);
  write("root", 297, 31);
  const sum = block.reduce((total, byte) => total + byte, 0);
  write(`${octal(sum, 6)}\u0000 `, 148, 8);
  return block;
}

function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES)]);
}

function bytesOf(contents) {
  return typeof contents === "string" ? Buffer.from(contents) : Buffer.from(contents);
}
