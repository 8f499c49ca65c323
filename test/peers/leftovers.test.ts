/** A test run that is killed removes nothing: the next one does. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cgroupRoot, processesOf } from "./support/cgroups.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { removeLeftovers } from "./support/leftovers.ts";
import { describeWith, pathOf } from "./support/peers.ts";

const made: string[] = [];

cleanUpAfterEach();
afterEach(() => {
  for (const name of made.splice(0)) spawnSync(pathOf("ip"), ["netns", "delete", name]);
});

/** The number of a process that has ended. */
function numberOfTheDead(): number {
  return spawnSync("true").pid;
}

/** A namespace as the process `maker` makes it, and a program that runs in it. */
function spaceOf(maker: number): { readonly path: string; readonly program: Child } {
  const name = `branchline-${maker}-1-left`;
  execFileSync(pathOf("ip"), ["netns", "add", name]);
  made.push(name);
  return { path: join("/run/netns", name), program: sleeper({ namespace: name }) };
}

function sleeper(options: { readonly namespace?: string }): Child {
  const program = new Child("sleep", ["600"], options);
  defer(() => program.stop("SIGKILL"));
  return program;
}

describeWith(["namespaces"], "what a run that was killed has left", () => {
  test("vanishes, with all that runs there, and nothing of a run that goes on does", async () => {
    const dead = spaceOf(numberOfTheDead());
    const living = spaceOf(process.ppid);
    removeLeftovers();
    expect(await dead.program.ended).toBe(null);
    expect(existsSync(dead.path)).toBe(false);
    expect(existsSync(living.path)).toBe(true);
    expect(living.program.hasEnded).toBe(false);
  });

  test("vanishes with its control groups", async ({ skip }) => {
    const root = cgroupRoot();
    if (root === undefined) return skip("cgroup v2 is not mounted");
    const cgroup = join(root, `branchline-${numberOfTheDead()}-1`);
    const inner = join(cgroup, "system.slice");
    mkdirSync(inner, { recursive: true });
    const program = sleeper({});
    writeFileSync(join(inner, "cgroup.procs"), `${program.pid}`);
    expect(processesOf(cgroup)).toEqual([program.pid]);
    removeLeftovers();
    expect(await program.ended).toBe(null);
    expect(existsSync(cgroup)).toBe(false);
  });
});
