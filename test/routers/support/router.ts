/**
 * A router to try packages on: a file tree with busybox and its ash and nothing of Debian, in namespaces of its own. It
 * boots, runs commands, loses its power, and boots again: then /tmp, /run and /dev are empty.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Child } from "../../peers/support/child.ts";
import { defer } from "../../peers/support/cleanup.ts";
import { until } from "../../peers/support/clock.ts";
import { pathOf } from "../../peers/support/peers.ts";
import { temporaryFolder } from "../../peers/support/temporary-folder.ts";
import { COMMAND_LIMIT_MS, PATIENCE_MS } from "../../support/machine.ts";

const PATH = "/opt/bin:/opt/sbin:/usr/bin:/usr/sbin:/bin:/sbin";
const ENVIRONMENT = { PATH, HOME: "/root" };

export interface RouterOptions {
  /** Where Node lies, if it has one: the one that runs the tests. */
  readonly node?: string;
  /** What runs at each boot, in ash. */
  readonly atBoot?: string;
  /** Files beside busybox: path → text; mode 0755. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files of /proc that say something else: path below /proc → text. */
  readonly proc?: Readonly<Record<string, string>>;
  /** Folders with little room: path → KiB. */
  readonly small?: Readonly<Record<string, number>>;
  /** Disks (ext2) that keep what is on them: where they are mounted → KiB. */
  readonly disks?: Readonly<Record<string, number>>;
  /** Folders that can be written although the rest can't; default: all can. */
  readonly writable?: readonly string[];
}

export interface Outcome {
  readonly status: number | null;
  /** Standard output and standard error. */
  readonly text: string;
}

/** Why no router can be made here; empty when it can. */
export function missingForRouters(): string[] {
  const busybox = spawnSync("busybox", ["ash", "-c", ":"]);
  if (busybox.error !== undefined) return ["busybox is not installed"];
  if (spawnSync("busybox", ["syslogd", "--help"]).status !== 0)
    return ["busybox has no syslogd: install busybox-static"];
  const { status, stderr } = spawnSync("unshare", [...SPACES, "mount", "-t", "tmpfs", "none", "/mnt"], {
    encoding: "utf8",
  });
  return status === 0 ? [] : [`namespaces can't be made (${stderr?.trim()})`];
}

const SPACES = ["--mount", "--pid", "--net", "--uts", "--fork", "--kill-child"];

export class Router {
  readonly root = temporaryFolder();
  private readonly images = temporaryFolder();
  private options: RouterOptions;
  private power: Child | undefined;

  private constructor(options: RouterOptions) {
    this.options = options;
  }

  /** One that has booted. Its power goes off when the test ends. */
  static async start(options: RouterOptions): Promise<Router> {
    const router = new Router(options);
    defer(() => router.powerOff());
    router.furnish();
    await router.boot();
    return router;
  }

  /** Runs `command` in ash, as somebody does who has logged in. */
  run(command: string, environment: Readonly<Record<string, string>> = {}): Outcome {
    const spaces = ["--target", `${this.first()}`, "--mount", "--pid", "--net", "--uts", "--root", "--wd=/"];
    const { status, stdout } = spawnSync(pathOf("nsenter"), [...spaces, "/bin/sh", "-c", `{ ${command}\n} 2>&1`], {
      encoding: "utf8",
      env: { ...ENVIRONMENT, ...environment },
      timeout: COMMAND_LIMIT_MS,
    });
    return { status, text: stdout.trimEnd() };
  }

  /** As {@link run}, and it must succeed. Returns what it prints. */
  ok(command: string, environment?: Readonly<Record<string, string>>): string {
    const { status, text } = this.run(command, environment);
    if (status !== 0) throw new Error(`${command}: ended with ${status}:\n${text}\n${this.log()}`);
    return text;
  }

  /** Waits until `command` succeeds. */
  async becomes(command: string, limit_ms = PATIENCE_MS): Promise<void> {
    try {
      await until(command, () => this.run(command).status === 0, limit_ms);
    } catch (error) {
      throw new Error(`${error}\n${this.log()}`);
    }
  }

  /** What syslogd has written since the boot. */
  log(): string {
    return this.run("cat /tmp/messages").text;
  }

  /** Pulls the plug and plugs it in again. */
  async reboot(changes: Pick<RouterOptions, "writable"> = {}): Promise<void> {
    await this.powerOff();
    this.options = { ...this.options, ...changes };
    await this.boot();
  }

  write(path: string, text: string | Uint8Array, mode = 0o755): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  /** All that lies on its flash, folders with a slash at the end. */
  files(folder = ""): string[] {
    return readdirSync(join(this.root, folder), { withFileTypes: true })
      .flatMap((entry) => {
        const path = `${folder}/${entry.name}`;
        return entry.isDirectory() ? [`${path}/`, ...this.files(path)] : [path];
      })
      .sort();
  }

  private furnish(): void {
    for (const folder of [
      "bin",
      "sbin",
      "usr/bin",
      "usr/sbin",
      "etc",
      "proc",
      "tmp",
      "run",
      "dev",
      "root",
      "mnt",
      "var",
    ]) {
      mkdirSync(join(this.root, folder), { recursive: true });
    }
    copyFileSync(pathOf("busybox"), join(this.root, "bin/busybox"));
    for (const applet of execFileSync("busybox", ["--list-full"], { encoding: "utf8" }).trim().split("\n")) {
      const path = join(this.root, applet);
      if (existsSync(dirname(path)) && !existsSync(path)) symlinkSync("/bin/busybox", path);
    }
    const { node, files = {}, small = {} } = this.options;
    if (node !== undefined) {
      this.write(node, "");
      for (const [, library = ""] of execFileSync("ldd", [process.execPath], { encoding: "utf8" }).matchAll(
        /(\/\S+)/g,
      )) {
        mkdirSync(dirname(join(this.root, library)), { recursive: true });
        copyFileSync(library, join(this.root, library));
      }
    }
    for (const [path, text] of Object.entries(files)) this.write(path, text);
    const { disks = {} } = this.options;
    for (const [path, kib] of Object.entries(disks)) {
      const image = this.imageOf(path);
      writeFileSync(image, "");
      truncateSync(image, kib * 1024);
      execFileSync("mke2fs", ["-q", "-F", "-t", "ext2", "-m", "0", "-b", "1024", image]);
    }
    for (const folder of Object.keys(small)) mkdirSync(join(this.root, folder), { recursive: true });
  }

  private async boot(): Promise<void> {
    const { node, atBoot = "", proc = {}, small = {}, disks = {}, writable } = this.options;
    const fakes = temporaryFolder();
    const mounts = [
      `mount --bind ${this.root} ${this.root}`,
      `cd ${this.root}`,
      ...(writable === undefined ? [] : writable.map((folder) => `mount --bind .${folder} .${folder}`)),
      ...(writable === undefined ? [] : ["mount -o remount,ro,bind ."]),
      ...(node === undefined ? [] : [`mount --bind ${process.execPath} .${node}`]),
      ...["tmp", "run", "dev"].map((folder) => `mount -t tmpfs none ${folder}`),
      ...["null", "urandom", "zero"].map((name) => `touch dev/${name}; mount --bind /dev/${name} dev/${name}`),
      ...Object.entries(small).map(([folder, kib]) => `mount -t tmpfs -o size=${kib}k none .${folder}`),
      ...Object.keys(disks).map((path) => `mkdir -p .${path}; mount -o loop ${this.imageOf(path)} .${path}`),
      "mount -t proc proc proc",
      ...Object.entries(proc).map(([path, text]) => {
        const fake = join(fakes, path.replaceAll("/", "-"));
        writeFileSync(fake, text);
        return `mount --bind ${fake} proc/${path}`;
      }),
      "ip link set lo up",
    ];
    const first = [
      "syslogd -n -O /tmp/messages & until [ -e /dev/log ]; do usleep 10000; done",
      `{ ${atBoot === "" ? ":" : atBoot}\n} </dev/null`,
      "echo booted",
      "while :; do sleep 3600 & wait $!; done",
    ];
    const inside = `exec env -i PATH=${PATH} HOME=/root ${pathOf("chroot")} . /bin/sh -c "$FIRST"`;
    this.power = new Child("unshare", [...SPACES, "/bin/sh", "-ec", [...mounts, inside].join("\n")], {
      env: { FIRST: first.join("\n") },
    });
    await this.power.line(/^booted$/);
  }

  private async powerOff(): Promise<void> {
    const { power } = this;
    this.power = undefined;
    await power?.stop("SIGKILL");
  }

  /** The number, outside, of its process 1. */
  private first(): number {
    const { pid } = this.running;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
  }

  private get running(): Child {
    if (this.power === undefined) throw new Error("the router has no power");
    return this.power;
  }

  private imageOf(path: string): string {
    return join(this.images, path.replaceAll("/", "-"));
  }

  /** Takes a file off its flash. */
  remove(path: string): void {
    rmSync(join(this.root, path));
  }
}
