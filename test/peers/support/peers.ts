/**
 * What must be installed for a test to run. On a developer's machine a missing program is a skip that tells its reason;
 * in CI (`CI` is set) it is a failure, so that no test stays away unnoticed.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, test } from "vitest";
import { PROGRAM } from "../../support/program.ts";

/** A program, or the right to make network namespaces or mounts. */
export type Peer =
  | "sipp"
  | "kamailio"
  | "keepalived"
  | "kamcmd"
  | "keepalived"
  | "baresip"
  | "linphone-daemon"
  | "npm"
  | "openssl"
  | "nft"
  | "tc"
  | "cc"
  | "bird"
  | "birdc"
  | "vtysh"
  | "script"
  | "tshark"
  | "sngrep"
  | "rsyslogd"
  | "chromium"
  | "sysctl"
  | "busybox"
  | "shellcheck"
  | "lintian"
  | "apt-get"
  | "qemu-mipsel-static"
  | "mksquashfs"
  | "unsquashfs"
  | "mounts"
  | "loop mounts"
  | "qemu-system-mipsel"
  | "qemu-system-arm"
  | "flex"
  | "bison"
  | "bc"
  | "cpio"
  | "mandoc"
  | "bash"
  | "zsh"
  | "fish"
  | "prometheus"
  | "promtool"
  | "snmpd"
  | "snmpwalk"
  | "snmptable"
  | "snmptranslate"
  | "smilint"
  | "python3"
  | "perl"
  | "systemd-notify"
  | "systemd-analyze"
  | "tmux"
  | "exabgp"
  | "namespaces";

/** What the bundle has under Node, and the binary hasn't: parts of its program, and scripts that run before it. */
const OF_NODE = ["TLS", "preloads"] as const;
export type OfNode = (typeof OF_NODE)[number];

/** Debian keeps what root runs out of other users' PATH. */
const FOLDERS = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
const isCi = process.env["CI"] !== undefined && process.env["CI"] !== "";

/** `describe` for tests that need `peers`, and what only the bundle under Node has. */
export function describeWith(needs: readonly (Peer | OfNode)[], title: string, tests: () => void): void {
  const peers = needs.filter((need): need is Peer => !isOfNode(need));
  const lacks = PROGRAM.node === undefined ? needs.filter(isOfNode) : [];
  if (lacks.length > 0) {
    // It can't be installed: in CI neither is it a failure.
    const why = `the binary has no ${lacks.join(", no ")}`;
    describe.skip(`${title} [skipped: ${why}]`, tests);
    return;
  }
  const missing = peers.map(whyMissing).filter((why) => why !== undefined);
  describeUnless(missing, title, tests);
}

/** `describe` for tests that can't run for the reasons `missing`, if there are any. */
export function describeUnless(missing: readonly string[], title: string, tests: () => void): void {
  const why = missing.join("; ");
  if (missing.length === 0) {
    describe(title, tests);
  } else if (isCi) {
    test(title, () => {
      throw new Error(`${why}: see test/peers/install.sh`);
    });
  } else {
    describe.skip(`${title} [skipped: ${why}; see test/peers/install.sh]`, tests);
  }
}

/** The full path of `program`. */
export function pathOf(program: string): string {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`${program} is not installed`);
  return path;
}

function isOfNode(need: Peer | OfNode): need is OfNode {
  return (OF_NODE as readonly string[]).includes(need);
}

/** What is missing of it; undefined: nothing. */
export function whyMissing(peer: Peer): string | undefined {
  if (peer === "namespaces") return whyNoNamespaces();
  if (peer === "mounts") return whyNoMounts();
  if (peer === "loop mounts") return whyNoLoopMounts();
  return findProgram(peer) === undefined ? `${peer} is not installed` : undefined;
}

function findProgram(program: string): string | undefined {
  for (const folder of FOLDERS) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

function whyNoMounts(): string | undefined {
  const { status } = spawnSync("unshare", ["--mount", "--pid", "--fork", "true"]);
  return status === 0 ? undefined : "mounts of our own can't be made (root is needed)";
}

function whyNoLoopMounts(): string | undefined {
  const why = whyNoMounts();
  if (why !== undefined) return why;
  try {
    accessSync("/dev/loop-control", constants.W_OK);
  } catch {
    return "there are no loop devices";
  }
  const filesystems = readFileSync("/proc/filesystems", "utf8");
  return /\bsquashfs\b/.test(filesystems) || findModule("squashfs") ? undefined : "the kernel has no squashfs";
}

function findModule(name: string): boolean {
  const modprobe = findProgram("modprobe");
  return modprobe !== undefined && spawnSync(modprobe, ["--dry-run", name]).status === 0;
}

function whyNoNamespaces(): string | undefined {
  const ip = findProgram("ip");
  if (ip === undefined) return "ip (iproute2) is not installed";
  const name = `branchline-${process.pid}-try`;
  const { status, stderr } = spawnSync(ip, ["netns", "add", name], { encoding: "utf8" });
  if (status !== 0) return `network namespaces can't be made (${stderr.trim()})`;
  execFileSync(ip, ["netns", "delete", name]);
  return undefined;
}
