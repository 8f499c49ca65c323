/** What can be built: targets.json, and the programs that a target needs of this machine. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isInstalled, refuseWithout } from "../tools.mjs";

/**
 * @typedef {object} Target
 * @property {string} package Debian's names of what has its compiler
 * @property {string} prefix of the compiler's programs
 * @property {string} [musl] what musl calls it; without, it is made of this machine's own C library, to be run here
 * @property {readonly string[]} flags for all C
 * @property {boolean} [softFloat] whether libgcc's floating point is built here, since Debian's needs a unit for it
 * @property {boolean} [forTestsOnly] no router has it: built by its name alone
 * @property {"le" | "be"} bytecode the order of bytes
 * @property {readonly [string, string]} [emulator] qemu-user's name of the processor, and the oldest model to run on
 * @property {Readonly<Record<string, string>>} [readelf] what readelf must say
 */

const TABLE = fileURLToPath(new URL("targets.json", import.meta.url));

/** Program → Debian's package; beside each target's own compiler. The machine's gcc makes the bytecode's compiler. */
const TOOLS = {
  gcc: "gcc libc6-dev",
  make: "make",
  patch: "patch",
  tar: "tar",
  xz: "xz-utils",
  readelf: "binutils",
  "dpkg-deb": "dpkg",
  "/usr/lib/apt/apt-helper": "apt",
};

/** Node's name of a processor → the prefix of its compiler, which is in Debian's package gcc where the machine has it. */
const OWN_PREFIX = { x64: "x86_64-linux-gnu-", arm64: "aarch64-linux-gnu-" };

/** @returns {Record<string, Target>} in the order in which they are built */
export function readTargets() {
  return JSON.parse(readFileSync(TABLE, "utf8"));
}

/**
 * Which targets `names` mean: all that routers have, without one.
 * @param {readonly string[]} names
 * @throws for a name that isn't in the table
 */
export function chosenTargets(names, targets = readTargets()) {
  const unknown = names.filter((name) => !Object.hasOwn(targets, name));
  if (unknown.length > 0) {
    throw new Error(`no such target: ${unknown.join(", ")}; there are ${Object.keys(targets).join(", ")}`);
  }
  const forRouters = Object.keys(targets).filter((name) => targets[name].forTestsOnly !== true);
  return names.length === 0 ? forRouters : [...new Set(names)];
}

/** The program that runs `processor`'s programs here: newer Debians call the static one so, too. */
export function emulatorOf(processor) {
  return [`qemu-${processor}-static`, `qemu-${processor}`].find(isInstalled);
}

/**
 * @param {readonly Target[]} targets
 * @throws when programs are missing: it names all of them, and how to install them
 */
export function demandTools(targets) {
  const needed = new Map(Object.entries(TOOLS));
  for (const target of targets) {
    const compiler = `${target.prefix}gcc`;
    const isOwn = OWN_PREFIX[process.arch] === target.prefix;
    if (!needed.has(compiler)) needed.set(compiler, isOwn ? "gcc" : target.package);
  }
  const missing = new Map([...needed].filter(([program]) => !isInstalled(program)));
  // Bytecode for the other order of bytes is made by a program of that order.
  const big = targets.find(({ bytecode }) => bytecode === "be");
  const [processor] = big?.emulator ?? [];
  if (processor !== undefined && emulatorOf(processor) === undefined) {
    missing.set(`qemu-${processor}-static`, "qemu-user-static");
  }
  refuseWithout(missing);
}
