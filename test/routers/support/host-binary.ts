/** The binary that needs no Node, of this machine's processor: in tests it has the place of a router's own. */
import { readFileSync } from "node:fs";
import { VERSION } from "./edgeos-package.ts";

/** Node's name of a processor → the target for it. */
const TARGETS: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
/** The target for this machine. */
export const HOST = TARGETS[process.arch] ?? "";

interface Build {
  buildNative(names: readonly string[]): Promise<readonly { readonly path: string }[]>;
}
interface Targets {
  demandTools(targets: readonly unknown[]): void;
  readTargets(): Readonly<Record<string, unknown>>;
}

const root = new URL("../../../", import.meta.url);
/** An own C library is compiled. */
export const BUILD_LIMIT_MS = 300_000;

/** Why there can't be one; empty when it can be built. */
export async function missingForBinary(): Promise<string[]> {
  const { demandTools, readTargets } = (await import(new URL("build/native/targets.mjs", root).href)) as Targets;
  const target = readTargets()[HOST];
  if (target === undefined) return [`a binary for ${process.arch}`];
  try {
    demandTools([target]);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** Its path: built once for all that is packed by a process. */
let building: Promise<string> | undefined;

async function build(): Promise<string> {
  const { buildNative } = (await import(new URL("build/native.mjs", root).href)) as Build;
  const [built] = await buildNative([HOST]);
  if (built === undefined) throw new Error(`no binary for ${HOST}`);
  return built.path;
}

/** The program, as it is released. @param version as long as the real one, which it takes the place of */
export async function hostBinary(version = VERSION): Promise<Buffer> {
  building ??= build();
  if (version.length !== VERSION.length) throw new Error(`not as long as ${VERSION}: ${version}`);
  const text = readFileSync(await building, "latin1");
  return Buffer.from(text.replaceAll(VERSION, version), "latin1");
}

/** The LICENSES of all that is in it. */
export async function binaryLicenses(): Promise<string> {
  await hostBinary();
  return readFileSync(new URL("dist/native/LICENSES", root), "utf8");
}
