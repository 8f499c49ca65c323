/** Control groups of the kernel (version 2), which tests make for machines of their own. */
import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Where they are mounted; undefined: nowhere. */
export function cgroupRoot(): string | undefined {
  return /^\S+ (\S+) cgroup2 /m.exec(readFileSync("/proc/mounts", "utf8"))?.[1];
}

/** Removes `cgroup` and all below it. @returns whether nothing is left: a group with a process that is about to end stays */
export function removeCgroups(cgroup: string): boolean {
  try {
    for (const folder of cgroupsBelow(cgroup)) rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** What runs in `cgroup` and below it, as this machine counts. */
export function processesOf(cgroup: string): readonly number[] {
  return cgroupsBelow(cgroup).flatMap((folder) => {
    try {
      return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    } catch {
      // It has vanished meanwhile.
      return [];
    }
  });
}

/** The folder itself comes last. */
function cgroupsBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...inner.flatMap(({ name }) => cgroupsBelow(join(folder, name))), folder];
}
