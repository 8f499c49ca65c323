/** Debian's packages: which ones are pinned, and how to have them. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, debianMirrors, fetchPinned } from "../debian-mirror.mjs";

const PINS = fileURLToPath(new URL("packages.json", import.meta.url));
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

const ADVICE = `- take node.sqsh of a release, or
- pin what the mirror has now: node build/edgeos-runtime.mjs --repin; then build and test.`;

/** Where downloads are kept. */
export const CACHE = cacheFolder("branchline/edgeos-runtime");

/** `suite`, `architecture`, `pinned` (the day), `packages`: of each name, version, source, path in the mirror, sha256. */
export function readPins() {
  return JSON.parse(readFileSync(PINS, "utf8"));
}

/** The pinned .deb files, from the cache or from the mirror, checked: package name → path. */
export function fetchPackages({ packages }) {
  const files = fetchPinned(packages, CACHE, ADVICE);
  return new Map([...files].map(([{ name }, path]) => [name, path]));
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
