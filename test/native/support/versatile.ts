/**
 * QEMU's board Versatile, an ARM926 without a floating point unit. Debian has no kernel for it: it is built from Debian's source of the
 * kernel, in some minutes, and kept in the user's cache.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../peers/support/temporary-folder.ts";
import { filesNamed, type Machine, unpacked } from "../../routers/support/virtual-router.ts";

const PINS = fileURLToPath(new URL("versatile-packages.json", import.meta.url));
const MIRROR = new URL("../../../build/debian-mirror.mjs", import.meta.url).href;
const ADVICE = "- pin what the mirror has now, in versatile-packages.json.";
const BUILD = fileURLToPath(new URL("build-versatile-kernel.sh", import.meta.url));
const TREE = "linux-source-6.1.tar.xz";

interface Pin {
  readonly path: string;
  readonly sha256: string;
}

interface Mirror {
  cacheFolder(name: string): string;
  fetchPinned(pins: readonly Pin[], folder: string, advice: string): Map<Pin, string>;
}

/** @throws when the mirror doesn't have the pinned packages (any more), or the kernel can't be built */
export async function versatile(memory_mb: number): Promise<Machine> {
  const { cacheFolder, fetchPinned } = (await import(MIRROR)) as Mirror;
  const cache = cacheFolder("branchline/versatile");
  const { source, busybox } = JSON.parse(readFileSync(PINS, "utf8")) as { source: Pin; busybox: Pin };
  const files = fetchPinned([source, busybox], cache, ADVICE);
  const [program = ""] = filesNamed(unpacked([files.get(busybox) ?? ""]), ["bin/busybox"]);
  const { kernel, tree } = builtKernel(source, files.get(source) ?? "", cache);
  return {
    emulator: "qemu-system-arm",
    words: ["-M", "versatilepb", "-cpu", "arm926", "-m", String(memory_mb), "-dtb", tree],
    card: "rtl8139",
    kernel,
    kernelOptions: "console=ttyAMA0",
    busybox: program,
    // All that it needs is in the kernel.
    modules: [],
  };
}

/** From the cache, where the same source and the same script have made it. */
function builtKernel(pin: Pin, source: string, cache: string): { readonly kernel: string; readonly tree: string } {
  const recipe = createHash("sha256").update(pin.sha256).update(readFileSync(BUILD)).digest("hex").slice(0, 16);
  const folder = join(cache, `kernel-${recipe}`);
  if (!existsSync(folder)) {
    const work = temporaryFolder();
    const [archive = ""] = filesNamed(unpacked([source]), [TREE]);
    execFileSync("sh", [BUILD, archive, work], { stdio: ["ignore", "ignore", "inherit"] });
    const part = `${folder}.${process.pid}.part`;
    mkdirSync(part, { recursive: true });
    copyFileSync(join(work, "arch/arm/boot/zImage"), join(part, "zImage"));
    copyFileSync(join(work, "arch/arm/boot/dts/versatile-pb.dtb"), join(part, "versatile-pb.dtb"));
    renameSync(part, folder);
  }
  return { kernel: join(folder, "zImage"), tree: join(folder, "versatile-pb.dtb") };
}
