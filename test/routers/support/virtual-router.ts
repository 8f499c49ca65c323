/**
 * A router in QEMU: Linux from Debian, busybox instead of the router's own system, and a console on which each line is a command. Its
 * interfaces end in a network namespace, where a test's phones and gateways are.
 */
import { execFileSync, execSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { onTestFailed } from "vitest";
import { Child } from "../../peers/support/child.ts";
import { defer } from "../../peers/support/cleanup.ts";
import { Namespace } from "../../peers/support/namespace.ts";
import { temporaryFolder } from "../../peers/support/temporary-folder.ts";

const KERNEL_OPTIONS = "rdinit=/init panic=-1 quiet";
const BOOT_LIMIT_MS = 120_000;
/** A command under emulation, beside a busy branchline. */
const COMMAND_LIMIT_MS = 120_000;
const LINES_SHOWN = 40;
const FOLDERS = ["bin", "dev", "etc", "modules", "proc", "run", "sys", "tmp"];

/** Its address and the one of the other end in the namespace, both with the network's length: "10.0.0.1/24". */
export interface Cable {
  readonly router: string;
  readonly others: readonly string[];
}

/** What it is made of. */
export interface Machine {
  /** Such as qemu-system-mipsel, with its words for board, processor and memory. */
  readonly emulator: string;
  readonly words: readonly string[];
  /** QEMU's name of the network card. */
  readonly card: string;
  readonly kernel: string;
  /** Of the kernel's console, and what else the kernel is told. */
  readonly kernelOptions: string;
  /** Static, for its processor. */
  readonly busybox: string;
  /** Files of modules, in the order in which they are loaded. */
  readonly modules: readonly string[];
}

/** What lies on it. */
export interface Content {
  /** A script for ash, which ends as a console and says "NAME: booted" before. */
  readonly init: string;
  /** Folders that it gets: its path without a slash in front → a folder here. */
  readonly folders: Readonly<Record<string, string>>;
  readonly cables: readonly Cable[];
}

export class VirtualRouter {
  /** Where the phones, the gateway and the world are. */
  readonly namespace: Namespace;
  /** How long the boot took, by the router's own clock, in words. */
  readonly booted: string;
  private readonly machine: Child;
  private asked = 0;

  private constructor(namespace: Namespace, machine: Child, booted: string) {
    this.namespace = namespace;
    this.machine = machine;
    this.booted = booted;
  }

  /** Returns when its init is through. It is switched off when the test ends. */
  static async boot(machine: Machine, content: Content): Promise<VirtualRouter> {
    const { emulator, words, card, kernel, kernelOptions } = machine;
    const { cables } = content;
    const initramfs = firstFileSystem(machine, content);
    const namespace = Namespace.create("router");
    cables.forEach(({ others }, index) => {
      namespace.ip("tuntap", "add", "dev", `tap${index}`, "mode", "tap");
      for (const address of others) namespace.addAddress(address, `tap${index}`);
      namespace.ip("link", "set", `tap${index}`, "up");
    });
    const network = cables.flatMap((_, index) => [
      ...["-netdev", `tap,id=net${index},ifname=tap${index},script=no,downscript=no`],
      ...["-device", `${card},netdev=net${index},romfile=`],
    ]);
    const child = new Child(
      emulator,
      [
        ...words,
        ...["-nographic", "-vga", "none", "-no-reboot", "-kernel", kernel, "-initrd", initramfs],
        ...["-append", `${kernelOptions} ${KERNEL_OPTIONS}`, ...network],
      ],
      { namespace: namespace.name, stdin: "pipe" },
    );
    onTestFailed(() => console.log(`the router's console at last:\n${child.lines.slice(-LINES_SHOWN).join("\n")}`));
    defer(() => child.stop());
    const line = await child.line(/^[\w-]+: booted/, BOOT_LIMIT_MS);
    return new VirtualRouter(namespace, child, line.trim().replace(/^[\w-]+: /, ""));
  }

  /** A line of its console, where its log goes too, printed already or within `limit_ms`. */
  line(pattern: RegExp, limit_ms: number): Promise<string> {
    return this.machine.line(pattern, limit_ms);
  }

  /** As {@link line}, but only one that is printed from now on. */
  nextLine(pattern: RegExp, limit_ms: number): Promise<string> {
    return this.machine.nextLine(pattern, limit_ms);
  }

  /** What the shell command prints on its standard output, with log lines in between. */
  async ask(command: string): Promise<string> {
    this.asked += 1;
    const [begin, end] = [`begin-${this.asked}`, `end-${this.asked}`];
    const ended = this.machine.nextLine(new RegExp(`^${end}\\r?$`), COMMAND_LIMIT_MS);
    this.machine.type(`echo ${begin}; ${command}; echo ${end}`);
    await ended;
    const lines = this.machine.lines.map((line) => line.trimEnd());
    return lines.slice(lines.indexOf(begin) + 1, lines.indexOf(end)).join("\n");
  }

  /** Of the floating point unit that there isn't: instructions that the kernel has done in its place since it was switched on. */
  async emulatedInstructions(): Promise<number> {
    const count = await this.ask(
      "mount -t debugfs debug /sys/kernel/debug 2>/dev/null; cat /sys/kernel/debug/mips/fpuemustats/emulated",
    );
    return Number(/^\d+$/m.exec(count)?.[0]);
  }

  /** Of the process that the shell expression names. */
  async memory(process: string): Promise<Memory> {
    const status = await this.ask(`cat /proc/${process}/status`);
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
    return { resident_kB: field("VmRSS"), private_kB: field("RssAnon") };
  }
}

export interface Memory {
  /** VmRSS and RssAnon. */
  readonly resident_kB: number;
  readonly private_kB: number;
}

function firstFileSystem({ busybox, modules }: Machine, { init, folders, cables }: Content): string {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  for (const name of FOLDERS) mkdirSync(join(tree, name), { recursive: true });
  for (const link of ["sbin", "usr/bin", "usr/sbin"]) {
    mkdirSync(join(tree, link, ".."), { recursive: true });
    symlinkSync("/bin", join(tree, link));
  }
  copyFileSync(busybox, join(tree, "bin/busybox"));
  symlinkSync("busybox", join(tree, "bin/sh"));
  copyFileSync(init, join(tree, "init"));
  chmodSync(join(tree, "init"), 0o755);
  for (const path of modules) copyFileSync(path, join(tree, "modules", basename(path)));
  writeFileSync(join(tree, "modules/order"), modules.map((path) => `${basename(path)}\n`).join(""));
  writeFileSync(join(tree, "etc/addresses"), cables.map(({ router }, index) => `eth${index} ${router}\n`).join(""));
  for (const [path, from] of Object.entries(folders)) cpSync(from, join(tree, path), { recursive: true });
  const initramfs = join(folder, "initramfs");
  execSync(`find . | cpio --quiet -o -H newc --owner 0:0 | gzip -1 >'${initramfs}'`, { cwd: tree });
  return initramfs;
}

/** Unpacks Debian's packages (.deb), and returns the folder. */
export function unpacked(packages: Iterable<string>): string {
  const folder = temporaryFolder();
  for (const file of packages) execFileSync("dpkg-deb", ["-x", file, folder]);
  return folder;
}

/** The files below `folder` whose paths end so, with stars for anything, in the order of `names`. */
export function filesNamed(folder: string, names: readonly string[]): string[] {
  return names.map((name) => {
    const [path = ""] = execFileSync("find", [folder, "-path", `*/${name}`, "-type", "f"], { encoding: "utf8" }).split(
      "\n",
    );
    if (path === "") throw new Error(`Debian's packages have no ${name}`);
    return path;
  });
}
