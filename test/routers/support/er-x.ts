/**
 * A machine like an EdgeRouter X, as far as QEMU has one: mipsel without a floating point unit, 128 MB (half of the real
 * one's), Linux from Debian, busybox instead of EdgeOS, and /config in memory. Its LAN and WAN end in a network namespace.
 */
import { execFileSync, execSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "../../peers/support/child.ts";
import { defer } from "../../peers/support/cleanup.ts";
import { Namespace } from "../../peers/support/namespace.ts";
import { temporaryFolder } from "../../peers/support/temporary-folder.ts";

const PACKAGES_MODULE = new URL("../../../build/edgeos-runtime/packages.mjs", import.meta.url).href;
/** Should the mirror have newer ones only: their names, paths and sums go here. */
const PINS = fileURLToPath(new URL("er-x-packages.json", import.meta.url));
const INIT = fileURLToPath(new URL("er-x-init.sh", import.meta.url));
/** In the order in which they are loaded: mii is for pcnet32, the network cards. */
const MODULES = ["mii", "pcnet32", "loop", "squashfs"];
const KERNEL_OPTIONS = "console=ttyS0 rdinit=/init panic=-1 quiet";
const MEMORY_MB = 128;
const BOOT_LIMIT_MS = 120_000;
/** A command under emulation, beside a busy branchline. */
const COMMAND_LIMIT_MS = 30_000;

/** QEMU's name of the processor, and what the kernel is told about it. */
export interface Processor {
  readonly name: string;
  readonly kernelOptions: string;
}

/** Its address and the one of the other end in the namespace, both with the network's length: "10.0.0.1/24". */
export interface Cable {
  readonly router: string;
  readonly others: readonly string[];
}

export interface Memory {
  /** VmRSS and RssAnon. */
  readonly resident_kB: number;
  readonly private_kB: number;
}

export class ErX {
  /** Where the phones, the gateway and the world are. */
  readonly namespace: Namespace;
  private readonly machine: Child;
  /** How long it took, by its own clock, in words. */
  booted = "";
  private asked = 0;

  private constructor(namespace: Namespace, machine: Child) {
    this.namespace = namespace;
    this.machine = machine;
  }

  /**
   * Returns when post-config.d has run. It is switched off when the test ends.
   * @param config the folder that becomes /config
   * @param cables its eth0, eth1 …
   */
  static async boot(processor: Processor, config: string, cables: readonly Cable[]): Promise<ErX> {
    const { kernel, initramfs } = await firmware(config, cables);
    const namespace = Namespace.create("er-x");
    cables.forEach(({ others }, index) => {
      namespace.ip("tuntap", "add", "dev", `tap${index}`, "mode", "tap");
      for (const address of others) namespace.addAddress(address, `tap${index}`);
      namespace.ip("link", "set", `tap${index}`, "up");
    });
    const network = cables.flatMap((_, index) => [
      ...["-netdev", `tap,id=net${index},ifname=tap${index},script=no,downscript=no`],
      ...["-device", `pcnet,netdev=net${index},romfile=`],
    ]);
    const machine = new Child(
      "qemu-system-mipsel",
      [
        ...["-M", "malta", "-cpu", processor.name, "-m", String(MEMORY_MB), "-nographic", "-vga", "none", "-no-reboot"],
        ...["-kernel", kernel, "-initrd", initramfs, "-append", `${KERNEL_OPTIONS} ${processor.kernelOptions}`],
        ...network,
      ],
      { namespace: namespace.name, stdin: "pipe" },
    );
    defer(() => machine.stop());
    const router = new ErX(namespace, machine);
    router.booted = (await machine.line(/^er-x: booted/, BOOT_LIMIT_MS)).trim().replace("er-x: ", "");
    return router;
  }

  /** A line of its console, where its log goes too, printed already or within `limit_ms`. */
  line(pattern: RegExp, limit_ms: number): Promise<string> {
    return this.machine.line(pattern, limit_ms);
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

  /** Those of the floating point unit that there isn't, since it was switched on. */
  async emulatedInstructions(): Promise<number> {
    const count = await this.ask(
      "mount -t debugfs debug /sys/kernel/debug; cat /sys/kernel/debug/mips/fpuemustats/emulated",
    );
    return Number(/^\d+$/m.exec(count)?.[0]);
  }

  /** Of the one process of Node that there is. */
  async memory(): Promise<Memory> {
    const status = await this.ask("cat /proc/$(pidof ld.so.1)/status");
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
    return { resident_kB: field("VmRSS"), private_kB: field("RssAnon") };
  }
}

/** Kernel and first file system. */
async function firmware(config: string, cables: readonly Cable[]): Promise<{ kernel: string; initramfs: string }> {
  const folder = temporaryFolder();
  const debian = join(folder, "debian");
  const { fetchPackages } = await import(PACKAGES_MODULE);
  const files: Map<string, string> = fetchPackages(JSON.parse(readFileSync(PINS, "utf8")));
  for (const file of files.values()) execFileSync("dpkg-deb", ["-x", file, debian]);
  const tree = join(folder, "tree");
  for (const name of ["bin", "dev", "etc", "modules", "proc", "run", "sys", "tmp"]) {
    mkdirSync(join(tree, name), { recursive: true });
  }
  for (const link of ["sbin", "usr/bin", "usr/sbin"]) {
    mkdirSync(join(tree, link, ".."), { recursive: true });
    symlinkSync("/bin", join(tree, link));
  }
  copyFileSync(join(debian, "bin/busybox"), join(tree, "bin/busybox"));
  symlinkSync("busybox", join(tree, "bin/sh"));
  copyFileSync(INIT, join(tree, "init"));
  chmodSync(join(tree, "init"), 0o755);
  for (const path of find(
    join(debian, "lib/modules"),
    `\\(${MODULES.map((name) => ` -name ${name}.ko `).join("-o")}\\)`,
  )) {
    copyFileSync(path, join(tree, "modules", basename(path)));
  }
  writeFileSync(join(tree, "modules/order"), `${MODULES.join("\n")}\n`);
  writeFileSync(join(tree, "etc/addresses"), cables.map(({ router }, index) => `eth${index} ${router}\n`).join(""));
  cpSync(config, join(tree, "config"), { recursive: true });
  const initramfs = join(folder, "initramfs");
  execSync(`find . | cpio --quiet -o -H newc --owner 0:0 | gzip -1 >'${initramfs}'`, { cwd: tree });
  const [kernel] = find(join(debian, "boot"), "-name 'vmlinuz-*'");
  if (kernel === undefined) throw new Error("Debian's package has no kernel");
  return { kernel, initramfs };
}

function find(folder: string, condition: string): string[] {
  return execSync(`find '${folder}' ${condition}`, { encoding: "utf8" }).trim().split("\n");
}
