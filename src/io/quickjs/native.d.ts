/**
 * What the C host offers: the ES module "native" of the QuickJS binary, written in `native/*.c`.
 *
 * A function returns what it has made, or a number below 0: minus the kernel's errno. It throws only for an argument of a
 * wrong type. Descriptors are never inherited by children, and sockets, pipes and terminals never block. Text of the wire
 * has one character an octet; a name of the file system, an address or a line of a terminal is Unicode, UTF-8 outside.
 */
declare module "native" {
  /** A descriptor, a count, or minus an errno. */
  export type Result = number;

  /** Octets as JavaScript sees them. */
  export type Bytes = Uint8Array;

  // ── the process (process.c) ──
  /** The program's own name first. */
  export function argv(): string[];
  /** "NAME=value" each. */
  export function environment(): string[];
  /** The path of the running binary, as the kernel knows it; "" where it doesn't say. */
  export function executable(): string;
  export function pid(): number;
  export function uid(): number;
  /** What `ps` and `killall` see, at most 15 octets. */
  export function setTitle(name: string): void;
  /** Ends the process now: nothing that waits is done. */
  export function exit(status: number): never;
  /** The status with which the process ends when nothing is left to wait for. */
  export function setExitStatus(status: number): void;
  /** @param pid below 0: a group */
  export function kill(pid: number, signal: number): Result;
  /** From now on `onSignal` hears of it (`isCaught`), or the kernel's own rule holds again. */
  export function catchSignal(signal: number, isCaught: boolean): Result;
  /**
   * Starts a program; its own group where `isDetached`.
   * @param stdio for each of the three: 0 is /dev/null, 1 a pipe, 2 ours
   * @returns [pid, its standard input, output, error; -1 where it is no pipe], or minus an errno
   */
  export function spawn(
    argv: readonly string[],
    environment: readonly string[],
    isDetached: boolean,
    stdio: readonly number[],
  ): readonly number[] | Result;
  /** Whether a child has ended, without waiting: -EAGAIN, or its status (>= 0), or 256 + the signal that ended it. */
  export function reap(pid: number): Result;

  // ── the machine (machine.c, interfaces.c, errors.c; the heap: heap.c, slab.c) ──
  /** [system, release, machine], as uname(2). */
  export function uname(): readonly string[];
  export function cpuCount(): number;
  /** [whole, free], in bytes. */
  export function memory_bytes(): readonly number[];
  export function uptime_s(): number;
  /** Name of the processor family in Node's words: "mipsel", "mips", "arm", "arm64", "x64", "ia32". */
  export const arch: string;
  export const isBigEndian: boolean;
  /** What an errno is called, such as "ENOENT"; "" for one that has no name here. */
  export function errorName(errno: number): string;
  /** Its sentence, in the C library's words. */
  export function errorText(errno: number): string;
  /** IPv4 addresses of interfaces that are up, by ioctl: [name, address, prefix length] each, or minus an errno. */
  export function ipv4Interfaces(): readonly (readonly [string, string, number])[] | Result;
  /** The index of an interface; 0: there is none. */
  export function interfaceIndex(name: string): number;
  /** Bytes that the engine has taken for its heap. */
  export function heapUsed_bytes(): number;
  /** Beyond that, allocations fail: a router's memory isn't ours alone. */
  export function limitHeap(bytes: number): void;
  export function collectGarbage(): void;

  // ── the terminal (terminal.c) ──
  export function isTerminal(fd: number): boolean;
  /** [columns, rows]; 0 and 0 where it is none, or doesn't know. */
  export function terminalSize(fd: number): readonly number[];
  /** Tells each key as it is pressed, Ctrl-C too, and shows none; or is as before, also once the process ends. One terminal at a time. */
  export function setRaw(fd: number, isRaw: boolean): Result;

  // ── time and the loop (clock.c, timer.c, descriptors.c, datagrams.c, loop.c) ──
  /** Milliseconds that never jump, with fractions. */
  export function monotonic_ms(): number;
  export interface Handlers {
    /** Readable and writable as poll(2) means it; both where there is an error. */
    onReady(fd: number, isReadable: boolean, isWritable: boolean): void;
    /** Of a socket for which `hearDatagrams` was asked. */
    onDatagram(fd: number, text: string, address: string, port: number): void;
    /** ICMP has said something of it, or another error waited on it. */
    onSocketError(fd: number, errno: number): void;
    onTimer(): void;
    onSignal(signal: number): void;
    /** A child may have ended: ask `reap`. */
    onChild(): void;
    /**
     * Something has been thrown that nobody has caught, or a promise was rejected that nobody has handled.
     * Without this handler, or when it throws itself, the process says so and ends with 1.
     */
    onUncaught(error: unknown): void;
    /** Nothing is left to wait for: the process ends with its exit status after it, unless it sets something going. */
    onIdle(): void;
  }
  export function setHandlers(handlers: Handlers): void;
  /** One timer: at this time, as `monotonic_ms` counts, or never (Infinity). Below 0: before any descriptor has its turn. */
  export function setTimer(at_ms: number): void;
  /** What of a descriptor is waited for: 1 reading, 2 writing, 3 both, 0 nothing: then the loop forgets it. */
  export function watch(fd: number, interest: number): Result;
  /**
   * The loop reads the socket itself, some datagrams at a time, and tells `onDatagram` and `onSocketError`.
   * @param isWaiting `onReady` tells, too, when one can be sent
   */
  export function hearDatagrams(fd: number, isWaiting?: boolean): Result;
  /** The loop goes on as long as it is true, whatever there is to wait for. */
  export function setAlive(isAlive: boolean): void;
  /**
   * Waits here, and blocks everything.
   * @returns the first of `fds` that can be read, or -1 when none could in time
   */
  export function wait(fds: readonly number[], limit_ms: number): number;
  /**
   * An event that runs longer is ended by an error that can't be caught, and `onUncaught` hears of it. 0: no limit.
   */
  export function setWatchdog(limit_ms: number): void;

  // ── files (files.c, folders.c) ──
  /** @param flags of open(2), see `flags` */
  export function open(path: string, flags: number, mode: number): Result;
  /** What differs from kernel to kernel: O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK. */
  export const flags: Readonly<Record<string, number>>;
  export function close(fd: number): Result;
  /** At most `most_bytes`; an empty text is the end. */
  export function readText(fd: number, most_bytes: number): string | Result;
  export function readBytes(fd: number, most_bytes: number): ArrayBuffer | Result;
  /** One write(2): less than all may be written. */
  export function writeText(fd: number, text: string): Result;
  export function writeBytes(fd: number, bytes: Bytes): Result;
  export function fsync(fd: number): Result;
  export function rename(from: string, to: string): Result;
  export function unlink(path: string): Result;
  export function link(from: string, to: string): Result;
  export function mkdir(path: string, mode: number): Result;
  export function chmod(path: string, mode: number): Result;
  export function access(path: string, mode: number): Result;
  export function realpath(path: string): string | Result;
  export function readlink(path: string): string | Result;
  /** Names without "." and ".."; -EOVERFLOW when there are more than 16,384. */
  export function readdir(path: string): readonly string[] | Result;
  /** [mode, size, uid, dev, ino, mtime_ms, ctime_ms] */
  export function stat(path: string, isFollowing: boolean): readonly number[] | Result;
  export function fstat(fd: number): readonly number[] | Result;

  // ── sockets (sockets.c) ──
  /** @param family 4, 6, or 1: Unix @param isStream otherwise datagrams */
  export function socket(family: number, isStream: boolean): Result;
  /** Options by name: "reuseaddr", "rcvbuf", "v6only", "keepalive", "keepidle" and "keepintvl" (seconds), "keepcnt", "nodelay", "broadcast". */
  export function setOption(fd: number, name: string, value: number): Result;
  /** "rcvbuf", "error": the error that waited, which is forgotten by it. */
  export function getOption(fd: number, name: string): Result;
  /** @param address "" any of the socket's family; IPv6 may have a scope ("fe80::1%eth0"); of Unix: a path */
  export function bind(fd: number, address: string, port: number): Result;
  /** -EINPROGRESS: `onReady` tells when it can be written, and `getOption(fd, "error")` how it went. */
  export function connect(fd: number, address: string, port: number): Result;
  /** Undoes `connect`; the peer of a TCP stream hears of a reset, and what it hasn't acknowledged is forgotten. */
  export function disconnect(fd: number): Result;
  export function listen(fd: number, backlog: number): Result;
  export function accept(fd: number): Result;
  export function localAddress(fd: number): readonly [string, number] | Result;
  export function peerAddress(fd: number): readonly [string, number] | Result;
  /** No more will be written. */
  export function shutdown(fd: number): Result;
  /** One datagram. @param text one character an octet: the higher ones' upper bits are dropped */
  export function sendTo(fd: number, text: string, address: string, port: number): Result;
  /** One datagram of a connected socket, or what fits of a stream; never a SIGPIPE. */
  export function send(fd: number, text: string): Result;
  /** Octets that a stream has sent and its peer hasn't acknowledged yet. */
  export function unsent_bytes(fd: number): Result;

  // ── digests and chance (digest.c, sha256.c) ──
  /** SHA-256 in hexadecimal digits. @param text UTF-8 outside */
  export function sha256(text: string): string;
  /** Keeps a key of HMAC-SHA-256, by a number; the same key has the same. @throws RangeError when there are 64 */
  export function hmacKey(key: Bytes): number;
  /** HMAC-SHA-256 in base64, padded. @param text UTF-8 outside */
  export function hmac(key: number, text: string): string;
  /** From the kernel, at most 65,536. @throws RangeError; InternalError when the kernel gives nothing random */
  export function random(bytes: number): ArrayBuffer;

  // ── text (text.c) ──
  /** UTF-8 octets of a text, and back; what isn't UTF-8 becomes U+FFFD, as TextDecoder does it. */
  export function encodeUtf8(text: string): ArrayBuffer;
  export function decodeUtf8(bytes: Bytes): string;
  /** One character an octet, and back. */
  export function encodeLatin1(text: string): ArrayBuffer;
  export function decodeLatin1(bytes: Bytes): string;
}
