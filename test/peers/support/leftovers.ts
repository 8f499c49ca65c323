/**
 * What a test run that was killed has left on this machine: namespaces and control groups, and whatever runs in them still. Their names tell the process
 * that made them. They would take the machine's time and memory for ever, and a process that gets the same number couldn't make its own.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cgroupRoot, processesOf, removeCgroups } from "./cgroups.ts";
import { pathOf } from "./peers.ts";

/** Where ip(8) keeps the names of namespaces. */
const NAMESPACES = "/run/netns";
/** The number of the process that made it, and a count of its own. */
const OURS = /^branchline-(\d+)-\d+(-|$)/;
/** Until processes that were killed are gone. */
const TRIES_MOST = 50;
const TRY_s = "0.1";

/** @returns the name of the count-th that this process makes, such as "branchline-4711-1" */
export function nameOfOwn(count: number, role = ""): string {
  return `branchline-${process.pid}-${count}${role === "" ? "" : `-${role}`}`;
}

/** Removes what processes have left that have ended. A process that hasn't made anything yet has nothing either: what bears its number is of another one. */
export function removeLeftovers(): void {
  const root = cgroupRoot();
  for (const name of root === undefined ? [] : leftIn(root)) removeGroup(join(root ?? "", name));
  for (const name of leftIn(NAMESPACES)) {
    const { stdout } = spawnSync(pathOf("ip"), ["netns", "pids", name], { encoding: "utf8" });
    end((stdout ?? "").split("\n").filter(Boolean).map(Number));
    spawnSync(pathOf("ip"), ["netns", "delete", name]);
  }
}

function leftIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => {
    const [, maker] = OURS.exec(name) ?? [];
    return maker !== undefined && (Number(maker) === process.pid || !existsSync(`/proc/${maker}`));
  });
}

function removeGroup(cgroup: string): void {
  for (let tries = 0; tries < TRIES_MOST; tries++) {
    end(processesOf(cgroup));
    if (removeCgroups(cgroup)) return;
    spawnSync("sleep", [TRY_s]);
  }
}

function end(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}
