/**
 * The contract of `native.d.ts` made of Node's own modules, as far as files, digests and the machine go: shims are tried with it
 * before there is a host in C. `nodes.mjs` puts the modules there: what imports them by name gets the shims.
 */
import type * as fs from "node:fs";

interface Nodes {
  readonly fs: typeof import("node:fs");
  readonly os: typeof import("node:os");
  readonly crypto: typeof import("node:crypto");
  readonly tty: typeof import("node:tty");
  readonly util: typeof import("node:util");
  readonly process: NodeJS.Process;
  readonly buffer: typeof Buffer;
}

const nodes = (globalThis as unknown as { nodes: Nodes }).nodes;
const { os, crypto, tty, util, buffer: NodeBuffer } = nodes;
const own = nodes.process;

/** What the call gives, or minus an errno. */
function result<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno ?? -22;
  }
}

const done = (call: () => void) =>
  result(() => {
    call();
    return 0;
  });
const octetsOf = (bytes: Uint8Array) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);

function fieldsOf({ mode, size, uid, dev, ino, mtimeMs, ctimeMs }: fs.Stats): number[] {
  return [mode, size, uid, dev, ino, mtimeMs, ctimeMs];
}

function read(fd: number, most_bytes: number): Buffer {
  const piece = NodeBuffer.alloc(most_bytes);
  return piece.subarray(0, nodes.fs.readSync(fd, piece, 0, most_bytes, null));
}

export const argv = () => [own.argv0, ...own.argv.slice(2)];
export const environment = () => Object.entries(own.env).map(([name, value]) => `${name}=${value}`);
export const executable = () => own.execPath;
export const pid = () => own.pid;
export const uid = () => own.getuid?.() ?? 0;
export const setTitle = () => {};
export const exit = (status: number) => own.exit(status);
export const setExitStatus = (status: number) => {
  own.exitCode = status;
};
export const kill = (process: number, signal: number) => done(() => own.kill(process, signal));
export const catchSignal = () => 0;

export const uname = () => [os.type(), os.release(), os.arch()];
export const cpuCount = () => os.cpus().length;
export const memory_bytes = () => [os.totalmem(), os.freemem()];
export const uptime_s = () => os.uptime();
export const { arch } = own;
export const isBigEndian = os.endianness() === "BE";
export const errorName = (errno: number) => result(() => util.getSystemErrorName(-errno));
export const errorText = (errno: number) => `error ${errno}`;
export const ipv4Interfaces = () =>
  Object.entries(os.networkInterfaces()).flatMap(([name, list = []]) =>
    list
      .filter(({ family }) => family === "IPv4")
      .map(({ address, cidr }) => [name, address, Number(cidr?.replace(/.*\//, ""))]),
  );
export const isTerminal = (fd: number) => tty.isatty(fd);
export const terminalSize = () => [0, 0];
export const setRaw = () => 0;
export const limitHeap = () => {};

export const monotonic_ms = () => performance.now();
export const setHandlers = () => {};
/** Of files, as epoll has it. */
export const watch = () => -1;
export const wait = (_: readonly number[], limit_ms: number) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, limit_ms);
  return -1;
};

export const { constants: flags } = nodes.fs;
export const open = (path: string, bits: number, mode: number) => result(() => nodes.fs.openSync(path, bits, mode));
export const close = (fd: number) => done(() => nodes.fs.closeSync(fd));
export const readText = (fd: number, most_bytes: number) => result(() => read(fd, most_bytes).toString("latin1"));
export const readBytes = (fd: number, most_bytes: number) => result(() => octetsOf(read(fd, most_bytes)));
export const writeBytes = (fd: number, bytes: Uint8Array) => result(() => nodes.fs.writeSync(fd, bytes));
export const fsync = (fd: number) => done(() => nodes.fs.fsyncSync(fd));
export const rename = (from: string, to: string) => done(() => nodes.fs.renameSync(from, to));
export const unlink = (path: string) => done(() => nodes.fs.unlinkSync(path));
export const link = (from: string, to: string) => done(() => nodes.fs.linkSync(from, to));
export const mkdir = (path: string, mode: number) => done(() => nodes.fs.mkdirSync(path, mode));
export const chmod = (path: string, mode: number) => done(() => nodes.fs.chmodSync(path, mode));
export const access = (path: string, mode: number) => done(() => nodes.fs.accessSync(path, mode));
export const realpath = (path: string) => result(() => nodes.fs.realpathSync.native(path));
export const readlink = (path: string) => result(() => nodes.fs.readlinkSync(path));
export const readdir = (path: string) => result(() => nodes.fs.readdirSync(path).reverse());
export const stat = (path: string, isFollowing: boolean) =>
  result(() => fieldsOf(isFollowing ? nodes.fs.statSync(path) : nodes.fs.lstatSync(path)));
export const fstat = (fd: number) => result(() => fieldsOf(nodes.fs.fstatSync(fd)));

const keys: Uint8Array[] = [];
export const sha256 = (text: string) => crypto.createHash("sha256").update(text).digest("hex");
export const hmacKey = (key: Uint8Array) => keys.push(key.slice()) - 1;
export const hmac = (key: number, text: string) =>
  crypto
    .createHmac("sha256", keys[key] ?? "")
    .update(text)
    .digest("base64");
export const random = (bytes: number) => octetsOf(crypto.randomBytes(bytes));

export const encodeUtf8 = (text: string) => octetsOf(NodeBuffer.from(text));
export const decodeUtf8 = (bytes: Uint8Array) => NodeBuffer.from(bytes).toString();
export const encodeLatin1 = (text: string) => octetsOf(NodeBuffer.from(text, "latin1"));
export const decodeLatin1 = (bytes: Uint8Array) => NodeBuffer.from(bytes).toString("latin1");
