/**
 * Programs for tests, built as the real one is: QuickJS, the C host and a bundle, with this machine's compiler and C library
 * under AddressSanitizer and UndefinedBehaviorSanitizer. Each finding of a sanitizer ends the process with its words.
 */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll } from "vitest";
import { describeUnless } from "../../peers/support/peers.ts";
import { COMMAND_LIMIT_MS } from "../../support/machine.ts";
import { SANITIZERS, TARGET, whyNoHost } from "./host-binary.ts";

interface Build {
  buildNative(
    names: readonly string[],
    options: { readonly out: string; readonly entryPoints: Readonly<Record<string, string>> },
  ): Promise<readonly { readonly path: string }[]>;
}

const root = new URL("../../../", import.meta.url);
const BUILD_LIMIT_MS = 900_000;

export interface Ended {
  readonly status: number | string | null;
  readonly out: string;
  readonly error: string;
}

/**
 * `describe` for tests of a program, which is built before them; without a compiler they are skipped, and fail in CI.
 * @param program file in test/quickjs/programs/
 * @param tests gets a function that says where the binary is
 */
export async function describeProgram(
  title: string,
  program: string,
  tests: (path: () => string) => void,
): Promise<void> {
  describeUnless(await whyNoHost(), title, () => {
    let path = "";
    beforeAll(async () => {
      path = await build(program);
    }, BUILD_LIMIT_MS);
    tests(() => path);
  });
}

/** Each program has a folder of its own: several are built at a time. */
async function build(program: string): Promise<string> {
  const { buildNative } = (await import(new URL("build/native.mjs", root).href)) as Build;
  const out = fileURLToPath(new URL(`dist/native/test-${basename(program, ".ts")}`, root));
  mkdirSync(out, { recursive: true });
  const [built] = await buildNative([TARGET], { out, entryPoints: { main: `test/quickjs/programs/${program}` } });
  if (built === undefined) throw new Error(`${program} has not been built`);
  return built.path;
}

/** What is around a binary. */
export interface Circumstances {
  /** What it can read. */
  readonly input?: string;
  readonly limit_ms?: number;
  readonly cwd?: string;
  /** Variables beside the test's own. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Options of AddressSanitizer beside ours. */
  readonly sanitizers?: string;
}

/** Runs a binary to its end. */
export function runBinary(
  path: string,
  args: readonly string[] = [],
  { input = "", limit_ms = COMMAND_LIMIT_MS, cwd, variables, sanitizers = "" }: Circumstances = {},
): Promise<Ended> {
  const ASAN_OPTIONS = `${SANITIZERS.ASAN_OPTIONS}:${sanitizers}`;
  const env = { ...process.env, ...variables, ...SANITIZERS, ASAN_OPTIONS };
  return new Promise((resolve) => {
    const options = { env, cwd, timeout: limit_ms, maxBuffer: 64 * 1_048_576 };
    const child = execFile(path, [...args], options, (failure, out, error) => {
      const status = failure === null ? 0 : (failure.code ?? failure.signal ?? null);
      resolve({ status, out, error });
    });
    child.stdin?.end(input);
  });
}
