/** Debian's packages: which ones are pinned, and how to have them. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const PINS = fileURLToPath(new URL("packages.json", import.meta.url));
const APT_HELPER = "/usr/lib/apt/apt-helper";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Where downloads are kept. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "branchline/edgeos-runtime");

/** `suite`, `architecture`, `pinned` (the day), `packages`: of each name, version, source, path in the mirror, sha256. */
export function readPins() {
  return JSON.parse(readFileSync(PINS, "utf8"));
}

/** The pinned .deb files, from the cache or from the mirror, checked: package name → path. */
export function fetchPackages({ packages }) {
  mkdirSync(CACHE, { recursive: true });
  const files = new Map(packages.map((pin) => [pin.name, { pin, path: join(CACHE, basename(pin.path)) }]));
  const missing = [...files.values()].filter(({ pin, path }) => sha256Of(path) !== pin.sha256);
  const mirrors = missing.length === 0 ? [] : debianMirrors();
  const lost = missing.filter(
    ({ pin, path }) => !mirrors.some((mirror) => download(`${mirror}${pin.path}`, path, pin)),
  );
  if (lost.length > 0) throw new Error(adviceOn(lost, mirrors));
  return new Map([...files].map(([name, { path }]) => [name, path]));
}

function adviceOn(lost, mirrors) {
  return `${mirrors.join(", ")}: not to be had with the pinned SHA-256:
${lost.map(({ pin }) => `  ${pin.path} ${pin.sha256}`).join("\n")}
Mirrors keep only the newest versions, and drop architectures. Either
- fetch these very files from Debian's snapshot archive and put them into ${CACHE}, or
- take node.sqsh of a release, or
- pin what the mirror has now: node build/edgeos-runtime.mjs --repin; then build and test.`;
}

/** Undefined when there is no such file. */
export function sha256Of(path) {
  return existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : undefined;
}

function download(uri, path, { sha256 }) {
  const part = `${path}.part`;
  const options = ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=2"];
  const { status } = spawnSync(APT_HELPER, [...options, "download-file", uri, part, `SHA256:${sha256}`]);
  if (status !== 0 || sha256Of(part) !== sha256) {
    rmSync(part, { force: true });
    return false;
  }
  renameSync(part, path);
  return true;
}

/** $BRANCHLINE_DEBIAN_MIRROR, or those that this machine's apt uses; each ends in a slash. */
function debianMirrors() {
  const { BRANCHLINE_DEBIAN_MIRROR: own } = process.env;
  if (own) return [own.replace(/\/*$/, "/")];
  const uris = execFileSync("apt-get", ["indextargets", "--format", "$(REPO_URI)"], { encoding: "utf8" }).split("\n");
  const mirrors = [...new Set(uris)].filter((uri) => /\/debian\/$/.test(uri));
  if (mirrors.length === 0) throw new Error("apt's sources name no Debian mirror: set BRANCHLINE_DEBIAN_MIRROR");
  return mirrors;
}

/** Pins the versions that the mirror has now, whose signatures apt checks. Names and sources stay. */
export function repin() {
  const pins = readPins();
  const state = mkdtempSync(join(tmpdir(), "branchline-apt-"));
  try {
    const apt = privateApt(state, pins);
    apt("apt-get", "-qq", "update");
    const packages = pins.packages.map(({ name }) => pinOf(apt("apt-cache", "show", "--no-all-versions", name)));
    const pinned = new Date().toISOString().slice(0, 10);
    writeFileSync(PINS, `${JSON.stringify({ ...pins, pinned, packages }, null, 2)}\n`);
    const old = new Map(pins.packages.map((pin) => [pin.name, pin.version]));
    for (const { name, version } of packages) {
      if (old.get(name) !== version) console.log(`${name} ${old.get(name)} → ${version}`);
    }
  } finally {
    rmSync(state, { recursive: true });
  }
}

/** apt with sources and state of its own: this machine's stay as they are. */
function privateApt(state, { suite, architecture }) {
  mkdirSync(join(state, "lists/partial"), { recursive: true });
  mkdirSync(join(state, "cache/archives/partial"), { recursive: true });
  writeFileSync(join(state, "status"), "");
  const sources = debianMirrors().map(
    (uri) => `deb [arch=${architecture} signed-by=${KEYRING}] ${uri} ${suite} main\n`,
  );
  writeFileSync(join(state, "sources.list"), sources.join(""));
  const options = {
    "Dir::State": state,
    "Dir::State::status": join(state, "status"),
    "Dir::Cache": join(state, "cache"),
    "Dir::Etc::SourceList": join(state, "sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    "Debug::NoLocking": "1",
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return (program, ...args) => execFileSync(program, [...flags, ...args], { encoding: "utf8" });
}

/** From a paragraph of a Packages file. */
function pinOf(paragraph) {
  const field = (name) => new RegExp(`^${name}: (.*)$`, "m").exec(paragraph)?.[1];
  const [name, version] = [field("Package"), field("Version")];
  // "Source: name" where it has the package's version, or "Source: name (version)", or nothing where all is the same.
  const [, source = name, sourceVersion = version] = /^(\S+)(?: \((.*)\))?$/.exec(field("Source") ?? "") ?? [];
  return { name, version, source: `${source} ${sourceVersion}`, path: field("Filename"), sha256: field("SHA256") };
}
