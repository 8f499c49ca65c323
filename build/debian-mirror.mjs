/** Files from Debian's mirror, which are pinned by SHA-256 and kept in the user's cache. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";

const APT_HELPER = "/usr/lib/apt/apt-helper";

/**
 * @typedef {object} Pin
 * @property {string} path below the mirror's address, such as "pool/main/m/musl/musl_1.2.5.orig.tar.gz"
 * @property {string} sha256
 */

/** Where downloads of one kind are kept. */
export function cacheFolder(name) {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), name);
}

/** $BRANCHLINE_DEBIAN_MIRROR, or those that this machine's apt uses; each ends in a slash. */
export function debianMirrors() {
  const { BRANCHLINE_DEBIAN_MIRROR: own } = process.env;
  if (own) return [own.replace(/\/*$/, "/")];
  const uris = execFileSync("apt-get", ["indextargets", "--format", "$(REPO_URI)"], { encoding: "utf8" }).split("\n");
  const mirrors = [...new Set(uris)].filter((uri) => /\/debian\/$/.test(uri));
  if (mirrors.length === 0) {
    throw new Error(
      "apt's sources name no mirror of Debian: set BRANCHLINE_DEBIAN_MIRROR to the address of one, which ends in /debian",
    );
  }
  return mirrors;
}

/**
 * The pinned files, from `folder` or from the mirror, checked.
 * @template {Pin} P
 * @param {readonly P[]} pins
 * @param {string} folder where they are kept
 * @param {string} advice what else can be done about files that the mirror doesn't have (any more), one line each
 * @returns {Map<P, string>} pin → path
 * @throws when one can't be had with its SHA-256
 */
export function fetchPinned(pins, folder, advice) {
  mkdirSync(folder, { recursive: true });
  const files = new Map(pins.map((pin) => [pin, join(folder, basename(pin.path))]));
  const missing = [...files].filter(([pin, path]) => sha256Of(path) !== pin.sha256);
  const mirrors = missing.length === 0 ? [] : debianMirrors();
  const lost = missing.filter(([pin, path]) => !mirrors.some((mirror) => download(`${mirror}${pin.path}`, path, pin)));
  if (lost.length === 0) return files;
  throw new Error(`${mirrors.join(", ")}: not to be had with the pinned SHA-256:
${lost.map(([pin]) => `  ${pin.path} ${pin.sha256}`).join("\n")}
Mirrors keep only the newest versions, and drop architectures. Either
- fetch these very files from Debian's snapshot archive and put them into ${folder}, or
${advice}`);
}

/** Undefined when there is no such file. */
export function sha256Of(path) {
  return existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : undefined;
}

/** Whether `uri` had the file with this SHA-256, which is then at `path`. */
function download(uri, path, { sha256 }) {
  // Another build may fetch the same file now.
  const part = `${path}.${process.pid}.part`;
  const options = ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=2"];
  const { status } = spawnSync(APT_HELPER, [...options, "download-file", uri, part, `SHA256:${sha256}`]);
  if (status !== 0 || sha256Of(part) !== sha256) {
    rmSync(part, { force: true });
    return false;
  }
  renameSync(part, path);
  return true;
}
