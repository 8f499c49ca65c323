/**
 * The C host with the programs of test/quickjs/host/ in it, and nothing else: built with AddressSanitizer and UBSan, so that
 * what they find ends the program with a status of its own.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { COMMAND_LIMIT_MS } from "../../support/machine.ts";

interface Module {
  readonly name: string;
  readonly text: string;
}
interface Builder {
  buildNative(
    targets: readonly string[],
    options: { readonly out: string; readonly modules: readonly Module[] },
  ): Promise<readonly { readonly path: string }[]>;
}
interface Targets {
  readTargets(): Readonly<Record<string, unknown>>;
  demandTools(targets: readonly unknown[]): void;
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
export const TARGET = "sanitized";
/** Of a program in which a sanitizer has found something. */
const FOUND = 99;
/** It finds nothing, or it ends the program. */
export const SANITIZERS = { ASAN_OPTIONS: `exitcode=${FOUND}`, UBSAN_OPTIONS: `exitcode=${FOUND}:print_stacktrace=1` };
/** Loads by `import()`, at run time. */
const OTHER: Module = { name: "other.js", text: 'import * as native from "native"; export const pid = native.pid();' };

const imported = <T>(path: string) => import(new URL(`../../../build/${path}`, import.meta.url).href) as Promise<T>;

/** Why the binary can't be built here. */
export async function whyNoHost(): Promise<readonly string[]> {
  const { readTargets, demandTools } = await imported<Targets>("native/targets.mjs");
  try {
    demandTools([readTargets()[TARGET]]);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** @param out folder for it @returns its path */
export async function buildHost(out: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["test/quickjs/host/main.ts"],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2020",
    external: ["native", "./other.js"],
  });
  const { buildNative } = await imported<Builder>("native.mjs");
  const modules = [{ name: "main.js", text: outputFiles[0]?.text ?? "" }, OTHER];
  const [built] = await buildNative([TARGET], { out, modules });
  return built?.path ?? "";
}

export interface Ending {
  /** The values that it said. */
  readonly said: readonly unknown[];
  readonly error: string;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Circumstances {
  readonly input?: string;
  /** A shell's words after the program's: where its descriptors come from. */
  readonly redirections?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs one of the programs to its end. @throws when a sanitizer has found something, or when it takes too long */
export function runHost(
  binary: string,
  words: readonly string[],
  { input = "", redirections = "", env = {}, cwd }: Circumstances = {},
): Ending {
  const argv = ["-c", `exec "$0" "$@" ${redirections}`, binary, ...words];
  const options = {
    input,
    encoding: "utf8",
    timeout: COMMAND_LIMIT_MS,
    env: { ...process.env, ...SANITIZERS, ...env },
  } as const;
  const { stdout, stderr, status, signal, error } = spawnSync(
    "/bin/sh",
    argv,
    cwd === undefined ? options : { ...options, cwd },
  );
  if (error !== undefined) throw error;
  if (status === FOUND || /runtime error|Sanitizer/.test(stderr)) throw new Error(stderr);
  const said = stdout.split("\n").filter((line) => line !== "");
  return { said: said.map((line) => JSON.parse(line) as unknown), error: stderr, status, signal };
}
