/**
 * A machine like an EdgeRouter X, as far as QEMU has one: mipsel without a floating point unit, 128 MB (half of the real
 * one's), Linux from Debian, busybox instead of EdgeOS, and /config in memory.
 */
import { fileURLToPath } from "node:url";
import { type Malta, malta } from "./malta.ts";
import { type Cable, VirtualRouter } from "./virtual-router.ts";

const INIT = fileURLToPath(new URL("er-x-init.sh", import.meta.url));
const MODULES = ["loop.ko", "squashfs.ko"];
const MEMORY_MB = 128;

/**
 * Returns when post-config.d has run. It is switched off when the test ends.
 * @param config the folder that becomes /config
 * @param cables its eth0, eth1 …
 */
export async function bootErX(
  processor: Malta["processor"],
  config: string,
  cables: readonly Cable[],
): Promise<VirtualRouter> {
  const machine = await malta({ processor, memory_mb: MEMORY_MB, modules: MODULES });
  return VirtualRouter.boot(machine, { init: INIT, folders: { config }, cables });
}
