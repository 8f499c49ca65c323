/** The binaries that need no Node, as lanes: this machine's own runs as it is, those for other processors in qemu-user. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { binary } from "../support/program.ts";
import type { Lane } from "./lanes.ts";
import { olderKernel } from "./older-kernel.ts";

/** A target of build/native/targets.json, and the processor that it is tried on. */
interface BinaryKind {
  readonly target: string;
  /** Names of qemu-user and of its processor; undefined: as it is. */
  readonly emulator?: readonly [string, string];
  readonly standsFor: string;
  readonly isBigEndian?: boolean;
  /** Runs under ../native/older-kernel.c. */
  readonly hasOlderKernel?: boolean;
}

export const BINARIES: readonly BinaryKind[] = [
  { target: "amd64", standsFor: "PCs, VyOS" },
  { target: "i386", hasOlderKernel: true, standsFor: "kernel 2.6.22: FreshTomato on MIPS" },
  { target: "mipsel", emulator: ["mipsel", "4Kc"], standsFor: "FreshTomato on MIPS: WNR3500L" },
  { target: "mipsel", emulator: ["mipsel", "24Kc"], standsFor: "EdgeRouter X, OpenWrt on MIPS" },
  { target: "mips", emulator: ["mips", "24Kc"], standsFor: "EdgeRouter Lite, 4, 6P, 12", isBigEndian: true },
  { target: "armv5", emulator: ["arm", "arm926"], standsFor: "FreshTomato on ARM without VFP" },
  { target: "armv7", emulator: ["arm", "cortex-a9"], standsFor: "OpenWrt on ARM" },
  { target: "arm64", emulator: ["aarch64", "cortex-a53"], standsFor: "OpenWrt on 64-bit ARM" },
];
/** How many times longer an emulated processor may take, on a machine that has other work, too. */
const PATIENCE = 12;
const ENGINE = "QuickJS";

/** Another program than branchline: see build/native.mjs. */
interface Program {
  readonly out?: string;
  readonly entryPoints?: Readonly<Record<string, string>>;
  readonly aliases?: Readonly<Record<string, string>>;
}

interface Build {
  buildNative(names: readonly string[], options: Program): Promise<readonly { readonly path: string }[]>;
}

/** Builds it where that isn't done yet. @param other a program in branchline's place */
export async function binaryLane(kind: BinaryKind, other: Program = {}): Promise<Lane> {
  const { target, emulator, standsFor, isBigEndian = false, hasOlderKernel = false } = kind;
  const [family, processor] = emulator ?? [];
  const qemu = family === undefined ? undefined : (inPath(`qemu-${family}-static`) ?? inPath(`qemu-${family}`));
  const lacks =
    emulator !== undefined && qemu === undefined
      ? `qemu-${family}-static (qemu-user-static)`
      : hasOlderKernel && process.arch !== "x64"
        ? "an x86-64 machine"
        : undefined;
  const { path, missing } = lacks === undefined ? await built(target, other) : { path: "", missing: lacks };
  const under = hasOlderKernel && missing === undefined ? olderKernel() : [];
  const words = qemu === undefined ? under : [qemu, "-cpu", processor ?? ""];
  return {
    name: [
      `${target} static`,
      ...(hasOlderKernel ? ["kernel 2.6.22"] : []),
      ...(processor === undefined ? [] : [processor]),
    ].join(", "),
    engine: ENGINE,
    standsFor,
    isBigEndian,
    patience: emulator === undefined ? 1 : PATIENCE,
    program: binary(path, words),
    ...(missing === undefined ? {} : { missing }),
    remove: () => {},
  };
}

async function built(target: string, other: Program): Promise<{ readonly path: string; readonly missing?: string }> {
  const { buildNative } = (await import(new URL("../../build/native.mjs", import.meta.url).href)) as Build;
  try {
    const [one] = await buildNative([target], other);
    return { path: one?.path ?? "" };
  } catch (error) {
    return { path: "", missing: (error as Error).message };
  }
}

function inPath(program: string): string | undefined {
  const places = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, program));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
