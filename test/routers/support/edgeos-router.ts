/** An EdgeRouter that boots, runs commands, loses its power and gets another firmware: a chroot with its own processes. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child } from "../../peers/support/child.ts";
import { defer } from "../../peers/support/cleanup.ts";
import { temporaryFolder } from "../../peers/support/temporary-folder.ts";
import { COMMAND_LIMIT_MS } from "../../support/machine.ts";
import { copyTree, makeFirmware, type RouterShell, writeFake } from "./edgeos-root.ts";

export const HOOK = "/config/scripts/post-config.d/50-branchline";
export const CONFIG = "/config/branchline/branchline.yaml";
const HOOKS = "/config/scripts/post-config.d";
/** Runs and imitations keep their own books there. */
const NOT_COMPARED = /^\/(dev|proc|fake|var\/log|run\/systemd)\//;
const MEMINFO = "MemTotal:         254976 kB\nMemAvailable:     182000 kB\n";
const FILESYSTEMS = "nodev\ttmpfs\n\tsquashfs\n";

export interface Model {
  readonly init: "systemd" | "sysvinit";
  /** What /bin/sh is. */
  readonly shell: RouterShell;
}

export interface Said {
  readonly status: number | null;
  /** Both outputs. */
  readonly text: string;
}

/** ER-X with an EdgeOS of today, and enough of everything. */
const USUAL = { board: "e50", "uname-m": "mips", "uname-r": "4.14.54-UBNT", free_kb: "64200", uid: "0" } as const;

export class EdgeRouter {
  readonly root = temporaryFolder();
  private readonly model: Model;
  private readonly facts: Readonly<Record<string, string>>;
  private machine: Child | undefined;
  private initPid = 0;

  /** `facts`: files under /fake that say other than an ER-X would; see there for their names. */
  constructor(model: Model, facts: Readonly<Record<string, string>> = {}) {
    this.model = model;
    this.facts = { ...USUAL, meminfo: MEMINFO, filesystems: FILESYSTEMS, ...facts };
    this.flash();
    for (const folder of ["data", "auth", "scripts/pre-config.d", "scripts/post-config.d"]) {
      mkdirSync(join(this.root, "config", folder), { recursive: true });
    }
    writeFileSync(join(this.root, "config/config.boot"), "system {\n}\n");
    defer(() => this.powerOff());
  }

  private flash(): void {
    makeFirmware(this.root, this.model.shell);
    for (const [name, text] of Object.entries(this.facts)) writeFake(this.root, name, text);
  }

  /** Starts the machine, and runs what is in post-config.d as EdgeOS does. Returns what that said, and how long it took. */
  async boot(): Promise<Said & { readonly took_ms: number }> {
    const { root } = this;
    if (this.model.init === "systemd") mkdirSync(join(root, "run/systemd/system"), { recursive: true });
    const mounts = [
      "mount -t proc proc proc",
      "mount --rbind /dev dev",
      `mount --bind '${process.execPath}' fake/node`,
      "for file in meminfo filesystems; do mount --bind fake/$file proc/$file; done",
      "exec chroot . /bin/busybox ash /fake/bin/init",
    ].join(" && ");
    const namespaces = ["--mount", "--pid", "--fork", "--kill-child"];
    const machine = new Child("unshare", [...namespaces, "sh", "-c", mounts], { cwd: root });
    this.machine = machine;
    await machine.line(/^up$/);
    const children = readFileSync(`/proc/${machine.pid}/task/${machine.pid}/children`, "utf8");
    this.initPid = Number(children.trim().split(" ")[0]);
    this.run("touch /fake/booting; [ ! -d /run/systemd/system ] || systemctl daemon-reload");
    const begin_ms = performance.now();
    const said = this.run(`run-parts --report --regex '^[a-zA-Z0-9._-]+$' ${HOOKS}`);
    const took_ms = performance.now() - begin_ms;
    this.run("rm /fake/booting");
    return { ...said, took_ms };
  }

  /** Ends all its processes at once; what is in memory is gone. */
  async powerOff(): Promise<void> {
    await this.machine?.stop("SIGKILL");
    this.machine = undefined;
    for (const folder of ["run", "tmp"]) {
      rmSync(join(this.root, folder), { recursive: true, force: true });
      mkdirSync(join(this.root, folder));
    }
  }

  /** Everything but /config is new; the machine is off. */
  async upgradeFirmware(): Promise<void> {
    await this.powerOff();
    const kept = temporaryFolder();
    copyTree(join(this.root, "config"), kept);
    for (const name of readdirSync(this.root)) rmSync(join(this.root, name), { recursive: true });
    this.flash();
    copyTree(kept, join(this.root, "config"));
  }

  /** A command line as root would type it. */
  run(command: string, environment: Readonly<Record<string, string>> = {}): Said {
    const variables = Object.entries({ PATH: "/usr/bin:/usr/sbin:/bin", HOME: "/tmp", ...environment });
    const env = ["/bin/busybox", "env", "-i", ...variables.map(([name, value]) => `${name}=${value}`)];
    const inside = ["--target", `${this.initPid}`, "--mount", "--pid", `--root=/proc/${this.initPid}/root`];
    const shell = existsSync(join(this.root, "fake/forged-sh")) ? ["/bin/busybox", "ash"] : ["/bin/sh"];
    const args = [...inside, "--wd", ...env, ...shell, "-c", `{ ${command}\n} 2>&1`];
    const { status, stdout, error } = spawnSync("nsenter", args, { encoding: "utf8", timeout: COMMAND_LIMIT_MS });
    if (error !== undefined) throw error;
    return { status, text: stdout };
  }

  /** Puts bytes where the router sees them as `path`. */
  write(path: string, contents: string | Buffer, mode = 0o644): void {
    const file = join(this.root, path);
    mkdirSync(join(file, ".."), { recursive: true });
    // A program that is there may be a link to busybox.
    rmSync(file, { force: true });
    writeFileSync(file, contents, { mode });
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  /** What has been logged, or "". */
  log(): string {
    return this.has("/var/log/messages") ? this.read("/var/log/messages") : "";
  }

  /** The calls of systemctl, curl and wget. */
  calls(): string {
    return this.has("/fake/calls") ? this.read("/fake/calls") : "";
  }

  /** Every file with mode, length and sum, every link with its target, and every mount. */
  tree(): string[] {
    const text = execFileSync("find", [this.root, "-xdev", "-printf", "/%P %y %m %l\\n"], { encoding: "utf8" });
    const files = execFileSync("find", [this.root, "-xdev", "-type", "f", "-exec", "md5sum", "{}", "+"], {
      encoding: "utf8",
    });
    const sums = files
      .split("\n")
      .map((line) => line.replace(/^(\w+) +(.*)$/, (_, sum, path) => `${this.inside(path)} ${sum}`));
    const lines = [...text.split("\n"), ...sums].filter((line) => line !== "" && !NOT_COMPARED.test(line));
    const mounts = this.machine === undefined ? "" : this.run("cat /proc/mounts").text;
    return [...lines.sort(), ...mounts.split("\n").filter((line) => line.includes("squashfs"))];
  }

  private inside(path: string): string {
    return path.slice(this.root.length);
  }
}
