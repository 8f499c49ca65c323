/**
 * The ER-X runtime: its image, and a Node made of it that runs here. The image is used where a router has it, at
 * /run/branchline/node, in a mount namespace of its own; only its loader's first instruction differs: qemu-user comes
 * before it.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pathOf } from "../../peers/support/peers.ts";

const BUILD = fileURLToPath(new URL("../../../build/edgeos-runtime.mjs", import.meta.url));
const MOUNT_POINT = "/run/branchline/node";

export const RUNTIME_FOLDER = fileURLToPath(new URL("../../../dist/edgeos-runtime", import.meta.url));
export const RUNTIME_IMAGE = join(RUNTIME_FOLDER, "node.sqsh");

/**
 * Builds the image where that hasn't been done yet.
 * @param out the folder for it and its manifest
 * @param env added to our own environment
 * @returns what the build printed
 */
export function buildRuntime(out = RUNTIME_FOLDER, env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BUILD, "--out", out], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

/**
 * Unpacks the image into `folder`.
 * @param qemuOptions for qemu-mipsel-static
 * @returns the program to start as a Node: its environment is empty
 */
export function nodeOf(image: string, folder: string, qemuOptions: readonly string[] = []): string {
  const tree = join(folder, "image");
  const node = join(folder, "node");
  execFileSync(pathOf("unsquashfs"), ["-quiet", "-no-progress", "-dest", tree, image], { stdio: "ignore" });
  renameSync(join(tree, "lib/ld.so.1"), join(tree, "lib/loader"));
  const qemu = [pathOf("qemu-mipsel-static"), ...qemuOptions, `${MOUNT_POINT}/lib/loader`].join(" ");
  writeScript(join(tree, "lib/ld.so.1"), `exec ${qemu} "$@"`);
  writeScript(
    join(folder, "mounted"),
    `mount -t tmpfs none /run && mkdir -p ${MOUNT_POINT} && mount --bind ${tree} ${MOUNT_POINT} || exit 1
exec env -i ${MOUNT_POINT}/bin/node "$@"`,
  );
  writeScript(node, `exec unshare --mount ${folder}/mounted "$@"`);
  return node;
}

function writeScript(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}
