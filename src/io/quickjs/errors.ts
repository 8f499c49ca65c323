/** Errors of the system with the fields and sentences that Node's have: commands print some of them as they are. */
import * as native from "native";

/** libuv's sentences where they differ from the C library's, by name. */
const SENTENCES: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "address not available",
  EAFNOSUPPORT: "address family not supported",
  EAGAIN: "resource temporarily unavailable",
  EBADF: "bad file descriptor",
  EBUSY: "resource busy or locked",
  ECONNABORTED: "software caused connection abort",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EEXIST: "file already exists",
  EFBIG: "file too large",
  EHOSTUNREACH: "host is unreachable",
  EINTR: "interrupted system call",
  EINVAL: "invalid argument",
  EIO: "i/o error",
  EISDIR: "illegal operation on a directory",
  ELOOP: "too many symbolic links encountered",
  EMFILE: "too many open files",
  EMLINK: "too many links",
  EMSGSIZE: "message too long",
  ENAMETOOLONG: "name too long",
  ENETDOWN: "network is down",
  ENETUNREACH: "network is unreachable",
  ENFILE: "file table overflow",
  ENOBUFS: "no buffer space available",
  ENODEV: "no such device",
  ENOENT: "no such file or directory",
  ENOMEM: "not enough memory",
  ENOSPC: "no space left on device",
  ENOSYS: "function not implemented",
  ENOTCONN: "socket is not connected",
  ENOTDIR: "not a directory",
  ENOTEMPTY: "directory not empty",
  ENOTSOCK: "socket operation on non-socket",
  ENOTSUP: "operation not supported on socket",
  ENXIO: "no such device or address",
  EPERM: "operation not permitted",
  EPIPE: "broken pipe",
  EROFS: "read-only file system",
  ESPIPE: "invalid seek",
  ESRCH: "no such process",
  ETIMEDOUT: "connection timed out",
  ETXTBSY: "text file is busy",
  EXDEV: "cross-device link not permitted",
};

/** As Node throws it; `errno` is below 0. */
export interface SystemError extends Error {
  code: string;
  errno: number;
  syscall: string;
  path?: string;
  dest?: string;
  address?: string;
  port?: number;
}

/** What an errno is called; one that has no name is told by its number. @param errno above 0 */
export function codeOf(errno: number): string {
  return native.errorName(errno) || `E${errno}`;
}

/** What an errno means, in libuv's words. @param errno above 0 */
export function sentenceOf(errno: number): string {
  return SENTENCES[native.errorName(errno)] ?? native.errorText(errno).toLowerCase();
}

/**
 * Such as "ENOENT: no such file or directory, open 'x'".
 * @param result what a function of the host has returned: minus an errno
 */
export function systemError(result: number, syscall: string, path?: string, dest?: string): SystemError {
  const code = codeOf(-result);
  const places = `${path === undefined ? "" : ` '${path}'`}${dest === undefined ? "" : ` -> '${dest}'`}`;
  const error = new Error(`${code}: ${sentenceOf(-result)}, ${syscall}${places}`);
  return Object.assign(
    error,
    { errno: result, syscall, code },
    path !== undefined && { path },
    dest !== undefined && { dest },
  );
}

/** Such as "kill ESRCH": of a call about which there is no more to say. */
export function callError(result: number, syscall: string): SystemError {
  const code = codeOf(-result);
  return Object.assign(new Error(`${syscall} ${code}`), { errno: result, code, syscall });
}

/** What the host has returned, unless it is minus an errno. @throws SystemError */
export function checked<T>(result: T | number, syscall: string, path?: string, dest?: string): T;
export function checked(result: number, syscall: string, path?: string, dest?: string): number;
export function checked<T>(result: T | number, syscall: string, path?: string, dest?: string): T | number {
  if (typeof result === "number" && result < 0) throw systemError(result, syscall, path, dest);
  return result;
}
