/** A Debian that boots: this machine's own files under a layer that vanishes, with a systemd of its own as PID 1. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cgroupRoot, removeCgroups } from "../../peers/support/cgroups.ts";
import { Child } from "../../peers/support/child.ts";
import { defer } from "../../peers/support/cleanup.ts";
import { monotonic_ms, pause, until } from "../../peers/support/clock.ts";
import { nameOfOwn } from "../../peers/support/leftovers.ts";
import type { Namespace } from "../../peers/support/namespace.ts";
import { pathOf } from "../../peers/support/peers.ts";
import { temporaryFolder } from "../../peers/support/temporary-folder.ts";

const BOOT_SCRIPT = fileURLToPath(new URL("boot-systemd.sh", import.meta.url));
const BOOT_LIMIT_MS = 60_000;
const POLL_INTERVAL_MS = 50;
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };

let made = 0;

export interface Outcome {
  /** 0 when all went well. */
  readonly status: number;
  /** Standard output and standard error. */
  readonly text: string;
}

/** Why none can boot here; empty when it can. */
export function whyNoSystemd(): readonly string[] {
  const why: string[] = [];
  if (process.getuid?.() !== 0) why.push("namespaces for a second systemd need root");
  if (!existsSync("/proc/mounts") || cgroupRoot() === undefined) why.push("cgroup v2 is not mounted");
  if (!existsSync("/usr/lib/systemd/systemd")) why.push("systemd is not installed");
  const node = spawnSync("dpkg-query", ["-W", "-f", "$" + "{db:Status-Status}", "nodejs"], { encoding: "utf8" });
  if (node.stdout !== "installed") why.push("Debian's package nodejs is not installed");
  if (why.length > 0) return why;
  const { status, stderr } = spawnSync("unshare", ["--mount", "--pid", "--cgroup", "--fork", "true"], {
    encoding: "utf8",
  });
  return status === 0 ? [] : [`namespaces can't be made (${stderr.trim()})`];
}

export class SystemdMachine {
  private readonly child: Child;
  private readonly folder: string;

  private constructor(child: Child, folder: string) {
    this.child = child;
    this.folder = folder;
  }

  /** Returns when it has booted. It vanishes when the test ends. */
  static async boot(space: Namespace): Promise<SystemdMachine> {
    made += 1;
    const folder = temporaryFolder();
    const cgroup = join(cgroupRoot() ?? "", nameOfOwn(made));
    const child = new Child("sh", [BOOT_SCRIPT, folder, cgroup, space.name]);
    defer(async () => {
      await child.stop("SIGKILL");
      await until("the end of all its processes", () => removeCgroups(cgroup));
    });
    const machine = new SystemdMachine(child, folder);
    await machine.booted();
    return machine;
  }

  /** Its power is cut, and comes back: it boots with what has been written. What followed a unit ends. */
  async powerCycle(): Promise<void> {
    const last = this.firstProcess();
    writeFileSync(join(this.folder, "again"), "");
    process.kill(Number(last), "SIGKILL");
    await until("the end of the machine", () => this.firstProcess() !== last);
    await this.booted();
  }

  private async booted(): Promise<void> {
    const { child } = this;
    const end_ms = monotonic_ms() + BOOT_LIMIT_MS;
    while ((await this.try("systemctl", "is-system-running")).text.trim() !== "running") {
      if (child.hasEnded || monotonic_ms() > end_ms) throw new Error(`no boot: ${child.lastWords()}`);
      await pause(POLL_INTERVAL_MS);
    }
  }

  /** Runs a program there, as root. */
  async try(program: string, ...args: readonly string[]): Promise<Outcome> {
    const pid = this.firstProcess();
    if (pid === undefined) return { status: 1, text: "not born yet" };
    return new Promise((resolve) => {
      execFile(pathOf("nsenter"), ["-t", pid, "-a", program, ...args], { env: ENVIRONMENT }, (error, out, err) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), text: out + err });
      });
    });
  }

  /** As {@link try}; returns what it printed. Rejects when it fails. */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const { status, text } = await this.try(program, ...args);
    if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${text}`);
    return text;
  }

  /** Its PID 1, as this machine counts. */
  get pid(): string {
    return this.firstProcess() ?? "";
  }

  /** Writes a file there. */
  write(path: string, contents: string | Uint8Array): void {
    const inside = ["-t", this.firstProcess() ?? "", "-a", "sh", "-c", 'cat >"$1"', "sh", path];
    execFileSync(pathOf("nsenter"), inside, { input: contents, env: ENVIRONMENT });
  }

  /** What `unit` has logged and will log, as lines. */
  follow(unit: string): Child {
    const inside = ["-t", this.firstProcess() ?? "", "-a", "journalctl", "-f", "-n", "all", "-o", "cat", "-u", unit];
    const log = new Child("nsenter", inside);
    defer(() => log.stop("SIGKILL"));
    return log;
  }

  private firstProcess(): string | undefined {
    const between = childOf(`${this.child.pid}`);
    return between === undefined ? undefined : childOf(between);
  }
}

function childOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}
