/** The build of the native binaries, as tests call it. */
import { spawnSync } from "node:child_process";

export interface Built {
  readonly target: string;
  readonly path: string;
  readonly bytes?: number;
  readonly xz_bytes?: number;
  readonly sha256: string;
}

export interface Pin {
  readonly path: string;
  readonly sha256: string;
  readonly excerpt?: { readonly name: string; readonly sha256: string };
}

export interface Source {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly files: readonly Pin[];
}

export interface Target {
  readonly package: string;
  readonly prefix: string;
  readonly musl?: string;
  readonly flags: readonly string[];
  readonly softFloat?: boolean;
  readonly forTestsOnly?: boolean;
  readonly bytecode: "le" | "be";
  readonly emulator?: readonly [string, string];
  readonly readelf?: Readonly<Record<string, string>>;
}

export interface Module {
  readonly name: string;
  readonly text: string;
}

const load = <T>(path: string) => import(new URL(`../../../build/${path}`, import.meta.url).href) as Promise<T>;

interface Options {
  readonly out?: string;
  readonly cache?: string;
  readonly entryPoints?: Readonly<Record<string, string>>;
}

export const { buildNative } = await load<{
  buildNative(names: readonly string[], options?: Options): Promise<readonly Built[]>;
}>("native.mjs");

export const { readTargets, chosenTargets, demandTools, emulatorOf } = await load<{
  emulatorOf(processor: string): string | undefined;
  readTargets(): Readonly<Record<string, Target>>;
  chosenTargets(names: readonly string[]): string[];
  demandTools(targets: readonly Target[]): void;
}>("native/targets.mjs");

export const { CACHE, LEFT_OUT_OF_MATH, readPins, sourceFolder } = await load<{
  readonly CACHE: string;
  readonly LEFT_OUT_OF_MATH: readonly string[];
  readPins(): Source[];
  sourceFolder(name: string, cache: string): Promise<string>;
}>("native/sources.mjs");

export const { elfFaults } = await load<{
  elfFaults(said: string, wanted: Readonly<Record<string, string>>): string[];
}>("native/checks.mjs");

export const { withoutPaths } = await load<{ withoutPaths(folders: readonly string[]): string[] }>(
  "native/toolchain.mjs",
);

export const { keepWhole } = await load<{
  keepWhole(folder: string, make: (part: string) => unknown): Promise<string>;
}>("native/run.mjs");

export const { nativeBundle } = await load<{
  nativeBundle(
    entryPoints?: Readonly<Record<string, string>>,
    aliases?: Readonly<Record<string, string>>,
  ): Promise<{ modules: Module[]; files: string[] }>;
}>("native/bundle.mjs");

export const { noticesIn } = await load<{ noticesIn(text: string): { name: string; license: string; text: string }[] }>(
  "licenses.mjs",
);

/** How a target's binary is run here, as the oldest processor that it is for where it isn't this machine's. */
export function commandOf(name: string, path: string): string[] {
  const [processor = "", model = ""] = readTargets()[name]?.emulator ?? [];
  const isOurs = processor === { x64: "x86_64", arm64: "aarch64" }[process.arch as string];
  return isOurs ? [path] : [emulatorOf(processor) ?? `qemu-${processor}-static`, "-cpu", model, path];
}

/** Why the targets can't be run here; empty when they can. */
export function whyNotRun(names: readonly string[]): string[] {
  const programs = names.map((name) => commandOf(name, "")[0] ?? "").filter((program) => program !== "");
  return programs.flatMap((program) =>
    spawnSync(program, ["--version"]).error === undefined ? [] : [`no ${program}`],
  );
}

/** Why the targets can't be built here; empty when they can. */
export function whyNotBuilt(names: readonly string[]): string[] {
  const targets = readTargets();
  try {
    demandTools(names.flatMap((name) => targets[name] ?? []));
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}
