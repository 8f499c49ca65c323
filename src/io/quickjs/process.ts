/** Node's `process`. */
import * as native from "native";
import { env } from "./environment.ts";
import { callError } from "./errors.ts";
import { accessSync, constants } from "./fs-sync.ts";
import { hearSignal } from "./loop.ts";
import { resolve } from "./path.ts";
import { StandardInput, StandardOutput } from "./standard-streams.ts";

/** Their numbers are the same on all kernels, but for the last one. */
const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGWINCH: native.arch.startsWith("mips") ? 20 : 28,
};

export { env } from "./environment.ts";

type Heard = (signal: string) => void;

const [name = "branchline", ...words] = native.argv();
const listeners = new Map<string, readonly Heard[]>();
let exitStatus: number | undefined;
let title = name;

/** The binary itself, absolute where it can be found. */
export const execPath = ownPath();

function ownPath(): string {
  const known = native.executable();
  if (known !== "") return known;
  if (name.includes("/")) return resolve(name);
  const folders = (env["PATH"] ?? "").split(":");
  return folders.map((folder) => resolve(folder, name)).find(isProgram) ?? name;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** As Node has it for a program that is one file: itself twice, and the words. */
export const argv = [execPath, execPath, ...words];
export const argv0 = name;
export const execArgv: readonly string[] = [];
export const pid = native.pid();
export const platform = "linux";
export const arch = native.arch;
/** Neither Node, nor V8, nor OpenSSL: `io/node/engine.ts` says what that means. */
export const versions = { quickjs: "2025-04-26" };
export const stdout = new StandardOutput(1);
export const stderr = new StandardOutput(2);
export const stdin = new StandardInput(0);

export function getuid(): number {
  return native.uid();
}

/** @param process below 0: a group @throws SystemError */
export function kill(process: number, signal: string | number = "SIGTERM"): true {
  const number = typeof signal === "number" ? signal : numberOf(signal);
  const result = native.kill(process, number);
  if (result < 0) throw callError(result, "kill");
  return true;
}

function numberOf(signal: string): number {
  const number = SIGNALS[signal];
  if (number === undefined) throw new TypeError(`Unknown signal: ${signal}`);
  return number;
}

/** Node's name of a signal; its number where it has none here. */
export function signalName(number: number): string {
  return Object.keys(SIGNALS).find((signal) => SIGNALS[signal] === number) ?? String(number);
}

/** Hears of a signal from now on. */
export function on(signal: string, heard: Heard): void {
  setListeners(signal, [...(listeners.get(signal) ?? []), heard]);
}

/** Hears of it once; then the kernel's own rule holds again, unless others hear. */
export function once(signal: string, heard: Heard): void {
  const first = () => {
    off(signal, first);
    heard(signal);
  };
  on(signal, first);
}

export function off(signal: string, heard: Heard): void {
  setListeners(
    signal,
    (listeners.get(signal) ?? []).filter((one) => one !== heard),
  );
}

function setListeners(signal: string, all: readonly Heard[]): void {
  const number = numberOf(signal);
  const wasHeard = listeners.has(signal);
  if (all.length > 0) listeners.set(signal, all);
  else listeners.delete(signal);
  const tell = () => {
    for (const heard of listeners.get(signal) ?? []) heard(signal);
  };
  if (all.length === 0) hearSignal(number, undefined);
  else if (!wasHeard) hearSignal(number, tell);
}

/** Ends the process: nothing that waits is done. */
export function exit(status = exitStatus ?? 0): never {
  return native.exit(status);
}

/** Properties that can be set: a module's own names can't. */
export const settable = {
  get exitCode(): number | undefined {
    return exitStatus;
  },
  set exitCode(status: number | undefined) {
    exitStatus = status;
    native.setExitStatus(status ?? 0);
  },
  get title(): string {
    return title;
  },
  set title(given: string) {
    title = given;
    native.setTitle(given);
  },
};
