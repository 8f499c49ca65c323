/** The synchronous functions of Node's `fs`. All throw a `SystemError`. */
import * as native from "native";
import { Buffer, type Encoding } from "./buffer.ts";
import { checked, systemError } from "./errors.ts";
import { dirname, resolve } from "./path.ts";
import { Stats } from "./stats.ts";

export const constants = { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 } as const;

const PIECE_BYTES = 65_536;
const FILE_MODE = 0o666;
const FOLDER_MODE = 0o777;

/** How a file is opened, by Node's words. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  r: ["O_RDONLY"],
  "r+": ["O_RDWR"],
  w: ["O_WRONLY", "O_CREAT", "O_TRUNC"],
  wx: ["O_WRONLY", "O_CREAT", "O_TRUNC", "O_EXCL"],
  a: ["O_WRONLY", "O_CREAT", "O_APPEND"],
};

export function openSync(path: string, flags = "r", mode = FILE_MODE): number {
  const names = FLAGS[flags];
  if (names === undefined) throw new TypeError(`The argument 'flags' is invalid. Received '${flags}'`);
  const bits = names.reduce((sum, name) => sum | (native.flags[name] ?? 0), 0);
  return checked(native.open(path, bits, mode), "open", path);
}

export function closeSync(fd: number): void {
  checked(native.close(fd), "close");
}

/** @returns octets that were read; 0 is the end */
export function readSync(fd: number, buffer: Uint8Array, offset: number, length: number, _position: null): number {
  const bytes = checked<ArrayBuffer>(native.readBytes(fd, length), "read");
  buffer.set(new Uint8Array(bytes), offset);
  return bytes.byteLength;
}

/** @returns octets that were written: it may be less than all */
export function writeSync(fd: number, data: string | Uint8Array, offset = 0): number {
  const bytes = typeof data === "string" ? Buffer.from(data) : data.subarray(offset);
  return checked(native.writeBytes(fd, bytes), "write");
}

export function fsyncSync(fd: number): void {
  checked(native.fsync(fd), "fsync");
}

/** @param file a path, or a descriptor, which is read from where it stands */
export function readFileSync(file: string | number): Buffer;
export function readFileSync(file: string | number, encoding: Encoding): string;
export function readFileSync(file: string | number, encoding?: Encoding): Buffer | string {
  const fd = typeof file === "number" ? file : openSync(file);
  try {
    return encoding === "latin1" ? allText(fd) : allBytes(fd, encoding);
  } finally {
    if (fd !== file) closeSync(fd);
  }
}

/** One character an octet. */
function allText(fd: number): string {
  let text = "";
  for (;;) {
    const piece = checked<string>(native.readText(fd, PIECE_BYTES), "read");
    if (piece === "") return text;
    text += piece;
  }
}

function allBytes(fd: number, encoding: Encoding | undefined): Buffer | string {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = checked<ArrayBuffer>(native.readBytes(fd, PIECE_BYTES), "read");
    if (piece.byteLength === 0) break;
    pieces.push(new Uint8Array(piece));
  }
  const bytes = Buffer.concat(pieces);
  return encoding === undefined ? bytes : bytes.toString(encoding);
}

/** @param file a path, or a descriptor, which is written from where it stands */
export function writeFileSync(
  file: string | number,
  data: string | Uint8Array,
  { flag = "w", mode = FILE_MODE }: { readonly flag?: string; readonly mode?: number } = {},
): void {
  const fd = typeof file === "number" ? file : openSync(file, flag, mode);
  try {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } finally {
    if (fd !== file) closeSync(fd);
  }
}

export function statSync(path: string): Stats {
  return new Stats(checked<readonly number[]>(native.stat(path, true), "stat", path));
}

/** A link isn't followed. */
export function lstatSync(path: string): Stats {
  return new Stats(checked<readonly number[]>(native.stat(path, false), "lstat", path));
}

export function fstatSync(fd: number): Stats {
  return new Stats(checked<readonly number[]>(native.fstat(fd), "fstat"));
}

export function existsSync(path: string): boolean {
  return native.access(path, constants.F_OK) >= 0;
}

export function accessSync(path: string, mode: number = constants.F_OK): void {
  checked(native.access(path, mode), "access", path);
}

/** Names in the order of their octets, as libuv sorts them. */
export function readdirSync(path: string): string[] {
  const names = checked<readonly string[]>(native.readdir(path), "scandir", path);
  return [...names].sort();
}

export function realpathSync(path: string): string {
  return checked<string>(native.realpath(path), "lstat", resolve(path));
}

export function readlinkSync(path: string): string {
  return checked<string>(native.readlink(path), "readlink", path);
}

export function renameSync(from: string, to: string): void {
  checked(native.rename(from, to), "rename", from, to);
}

export function linkSync(from: string, to: string): void {
  checked(native.link(from, to), "link", from, to);
}

export function unlinkSync(path: string): void {
  checked(native.unlink(path), "unlink", path);
}

export function chmodSync(path: string, mode: number): void {
  checked(native.chmod(path, mode), "chmod", path);
}

interface FolderOptions {
  /** The folders above it are made, too, and one that is there is no fault. */
  readonly recursive?: boolean;
  readonly mode?: number;
}

/** @returns with `recursive` the uppermost folder that had to be made, if any */
export function mkdirSync(
  path: string,
  { recursive = false, mode = FOLDER_MODE }: FolderOptions = {},
): string | undefined {
  if (recursive) return makeAll(path, mode, path);
  checked(native.mkdir(path, mode), "mkdir", path);
  return undefined;
}

/** @param asked the path that errors tell */
function makeAll(path: string, mode: number, asked: string): string | undefined {
  const result = native.mkdir(path, mode);
  if (result >= 0) return path;
  const code = native.errorName(-result);
  const above = dirname(path);
  if (code === "ENOENT" && above !== path) {
    const first = makeAll(above, mode, asked);
    const own = native.mkdir(path, mode);
    if (own < 0 && native.errorName(-own) !== "EEXIST") throw systemError(own, "mkdir", asked);
    return first ?? path;
  }
  const found = native.stat(path, true);
  if (typeof found !== "number" && new Stats(found).isDirectory()) return undefined;
  throw systemError(result, "mkdir", asked);
}

/** A file of the other name is overwritten; a new one has the mode of the old one. */
export function copyFileSync(from: string, to: string): void {
  const text = readFileSync(from);
  writeFileSync(to, text, { mode: statSync(from).mode & 0o7777 });
}
