/** What can be read of the machine: files, which ports are taken; and its own commands, each with a time limit. */
import * as dgram from "dgram";
import * as fs from "fs";
import * as net from "net";
import * as os from "os";
import { type Protocol, TRANSPORTS } from "../../transport/flow.ts";
import { START_kB } from "./engine.ts";
import { readText } from "./read-text.ts";
import { type Ran, runTool } from "./run-program.ts";

export type { Ran } from "./run-program.ts";

/** Runs a shell's command line, as {@link runTool} does. */
export function runCommand(line: string, limit_ms: number): Promise<Ran> {
  return runTool(["/bin/sh", "-c", line], limit_ms);
}

/** What the promise brings within `limit_ms`; else undefined. */
export function within<T>(limit_ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limit_ms);
  });
  return Promise.race([promise, late]).then((value) => {
    if (timer !== undefined) clearTimeout(timer);
    return value;
  });
}

/** Whether `path`, or else the folder in which it would be made, can be written: undefined, or the error's code. */
export function writeFault(path: string): string | undefined {
  try {
    fs.accessSync(path, fs.constants.W_OK);
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" && path !== "/" ? writeFault(path.replace(/\/[^/]*$/, "") || "/") : code;
  }
}

/** Whose a file or folder is, who may use it, and when it was written. */
export interface FileStamp {
  /** Bits of permission, such as 0o600. */
  readonly mode: number;
  /** By number. */
  readonly owner: number;
  /** ISO 8601, UTC, to the second. */
  readonly changed_at: string;
  /** Less than 0: the clock has been set back. */
  readonly age_s: number;
}

/** The stamp of what is at `path`, or why there is none: the error's code. Nothing of a file is read. */
export function fileStamp(path: string): { readonly stamp: FileStamp | undefined; readonly error: string } {
  try {
    const { mode, uid, mtimeMs } = fs.statSync(path);
    const age_s = Math.round((Date.now() - mtimeMs) / 1_000);
    return { stamp: { mode: mode & 0o7777, owner: uid, changed_at: isoSeconds(mtimeMs), age_s }, error: "" };
  } catch (error) {
    return { stamp: undefined, error: codeOf(error) };
  }
}

function isoSeconds(time_ms: number): string {
  return `${new Date(time_ms).toISOString().slice(0, 19)}Z`;
}

/** Whether a socket could be bound there: undefined, or the error's code. */
export function bindFault(protocol: Protocol, address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const isUdp = TRANSPORTS[protocol].layer === "udp";
    const socket = isUdp ? dgram.createSocket(address.includes(":") ? "udp6" : "udp4") : net.createServer();
    const free = () => socket.close(() => resolve(undefined));
    socket.on("error", (error: Error) => resolve(codeOf(error)));
    if (socket instanceof net.Server) socket.listen(port, address, free);
    else socket.bind({ address, port, exclusive: true }, free);
  });
}

export interface Machine {
  readonly isRoot: boolean;
  /** The kernel's version, as 4.14 is 414. */
  readonly kernel: number;
  /** kB of memory that must be available before branchline starts. */
  readonly start_kB: number;
  /** ISO 8601, UTC, to the second. */
  readonly now: string;
  readonly inThreeWeeks: string;
}

/** What the engine itself knows of the machine. */
export function readMachine(): Machine {
  const [major = 0, minor = 0] = os.release().split(/\D/).map(Number);
  const now_ms = Date.now();
  return {
    isRoot: process.getuid?.() === 0,
    kernel: major * 100 + minor,
    start_kB: START_kB,
    now: isoSeconds(now_ms),
    inThreeWeeks: isoSeconds(now_ms + 21 * 86_400_000),
  };
}

/** A sequence of two times, UTCTime or GeneralizedTime, in hexadecimal digits; their own digits are ASCII. */
const DATES = /30(?:1e|20|22)(?:170d|180f)((?:3\d)+)5a(?:170d|180f)((?:3\d)+)5a/;

/**
 * From when to when the first certificate of a PEM file is valid, ISO 8601; undefined when that can't be read. X.509's
 * Validity is found by its looks: Node 12 has no X509Certificate.
 */
export function certificateDates(path: string): readonly [string, string] | undefined {
  const pem = /-----BEGIN CERTIFICATE-----([^-]+)/.exec(readText(path) ?? "")?.[1];
  const found = DATES.exec(Buffer.from(pem ?? "", "base64").toString("hex"));
  if (found === null) return undefined;
  const iso = (ascii = "") => {
    const text = ascii.replace(/3(.)/g, "$1");
    // RFC 5280 §4.1.2.5.1: two digits mean 1950 to 2049.
    const full = text.length > 12 ? text : `${text < "5" ? 20 : 19}${text}`;
    return full.replace(/(....)(..)(..)(..)(..)(..)/, "$1-$2-$3T$4:$5:$6Z");
  };
  return [iso(found[1]), iso(found[2])];
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
