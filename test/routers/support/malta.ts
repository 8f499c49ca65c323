/** QEMU's board Malta, with Debian's kernel for it. Its processors have no floating point unit, or must not use it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { filesNamed, type Machine, unpacked } from "./virtual-router.ts";

const PACKAGES_MODULE = new URL("../../../build/edgeos-runtime/packages.mjs", import.meta.url).href;
/** Should the mirror have newer ones only: their names, paths and sums go here. */
const PINS = fileURLToPath(new URL("er-x-packages.json", import.meta.url));
/** mii is for pcnet32, the network card. */
const NETWORK = ["mii.ko", "pcnet32.ko"];

export interface Malta {
  /** QEMU's name, and what the kernel is told about it. */
  readonly processor: { readonly name: string; readonly kernelOptions: string };
  readonly memory_mb: number;
  /** Beside those of the network card. */
  readonly modules: readonly string[];
}

/** @throws when the mirror doesn't have the pinned packages (any more) */
export async function malta({ processor, memory_mb, modules }: Malta): Promise<Machine> {
  const debian = unpacked((await packages()).values());
  const [kernel = "", busybox = "", ...found] = filesNamed(debian, [
    "boot/vmlinuz-*",
    "bin/busybox",
    ...NETWORK,
    ...modules,
  ]);
  return {
    emulator: "qemu-system-mipsel",
    words: ["-M", "malta", "-cpu", processor.name, "-m", String(memory_mb)],
    card: "pcnet",
    kernel,
    kernelOptions: `console=ttyS0 ${processor.kernelOptions}`,
    busybox,
    modules: found,
  };
}

/** Why Debian's kernel for it can't be had; undefined when it can. */
export async function whyNoMalta(): Promise<string | undefined> {
  try {
    await packages();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function packages(): Promise<Map<string, string>> {
  const { fetchPackages } = await import(PACKAGES_MODULE);
  return fetchPackages(JSON.parse(readFileSync(PINS, "utf8")));
}
