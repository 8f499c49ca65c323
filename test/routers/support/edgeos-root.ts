/** The files of an EdgeOS that a chroot can run: busybox, what it needs of this machine, and small imitations. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pathOf } from "../../peers/support/peers.ts";

const FAKES = fileURLToPath(new URL("edgeos", import.meta.url));
/**
 * Debian's busybox takes its own applets before anything in PATH. These are imitated, so its own get a name of the same
 * length, and of the same place in the sorted table.
 */
const RENAMED = {
  df: "dg",
  id: "ie",
  logger: "loggeq",
  mount: "mouns",
  "run-parts": "run-partr",
  uname: "unamd",
  wget: "wges",
} as const;
const COMMANDS = ["curl", "df", "id", "logger", "mount", "systemctl", "uname", "wget"];

export type RouterShell = "ash" | "dash";

/** What a firmware image brings: all but /config, /run and /tmp, which are empty. */
export function makeFirmware(root: string, shell: RouterShell): void {
  const folders = ["config", "dev", "etc/systemd/system", "fake/bin", "fake/www", "opt/vyatta", "proc", "run"];
  for (const folder of [...folders, "tmp", "usr/bin", "usr/sbin", "usr/src", "var/log", "bin"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  addBusybox(root);
  for (const name of COMMANDS) install(join(FAKES, name), join(root, "usr/bin", name));
  install(join(FAKES, "ubnt-hal-e"), join(root, "usr/sbin/ubnt-hal-e"));
  for (const name of ["init", "systemd-unit"]) install(join(FAKES, name), join(root, "fake/bin", name));
  writeFileSync(join(root, "etc/version"), "EdgeRouter.ER-e50.v2.0.9-hotfix.7.5622762.230615.1131\n");

  const programs = ["run-parts", "flock", ...(shell === "dash" ? ["dash"] : [])].map(pathOf);
  for (const program of programs) install(program, join(root, "bin", program.slice(program.lastIndexOf("/") + 1)));
  for (const library of librariesOf([...programs, process.execPath])) install(library, join(root, library));
  if (shell === "dash") {
    execFileSync("ln", ["-sf", "dash", join(root, "bin/sh")]);
  }
  // The Node of this machine is laid over it.
  writeFileSync(join(root, "fake/node"), "");
}

/** Another router's files under /fake, where the imitations look. */
export function writeFake(root: string, name: string, text: string): void {
  writeFileSync(join(root, "fake", name), text);
}

/** A small image with what the imitated router takes for Node; `mark` makes its bytes differ. */
export function makeImage(folder: string, mark: string, node = WRAPPER): Buffer {
  const content = join(folder, `image-${mark}`);
  mkdirSync(join(content, "bin"), { recursive: true });
  writeFileSync(join(content, "bin/node"), node, { mode: 0o755 });
  writeFileSync(join(content, "mark"), mark);
  const image = `${content}.sqsh`;
  execFileSync(pathOf("mksquashfs"), [content, image, "-quiet", "-no-progress", "-all-root"]);
  return readFileSync(image);
}

export const WRAPPER = '#!/bin/busybox ash\nexec /fake/node "$@"\n';

function addBusybox(root: string): void {
  const source = pathOf("busybox");
  const names = execFileSync(source, ["--list"], { encoding: "utf8" }).trim().split("\n");
  const bytes = readFileSync(source);
  const start = bytes.indexOf("\0[\0[[\0", 0, "latin1");
  if (start < 0) throw new Error(`${source} has no table of applets where it was expected`);
  const renamed = new Map<string, string>(Object.entries(RENAMED));
  for (const [name, instead] of renamed) {
    const at = bytes.indexOf(`\0${name}\0`, start, "latin1");
    if (at < 0 || !names.includes(name)) throw new Error(`${source} has no applet ${name}`);
    bytes.write(instead, at + 1, "latin1");
  }
  const target = join(root, "bin/busybox");
  writeFileSync(target, bytes, { mode: 0o755 });
  for (const name of names) {
    const known = renamed.get(name) ?? name;
    // EdgeOS has none of these.
    if (!["busybox", "dpkg", "dpkg-deb", "rpm"].includes(name)) {
      symlinkSync("busybox", join(root, "bin", known));
    }
  }
}

function install(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}

/** Absolute paths, the loader's among them, as the programs name them. */
function librariesOf(programs: readonly string[]): string[] {
  const text = execFileSync("ldd", programs, { encoding: "utf8" });
  return [...new Set([...text.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path))];
}

/** All that is in `from`, for /config over a firmware upgrade. */
export function copyTree(from: string, to: string): void {
  // Not Node's cp: it can't copy sockets.
  execFileSync("cp", ["-a", `${from}/.`, to]);
}
