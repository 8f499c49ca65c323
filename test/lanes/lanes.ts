/**
 * The processors and versions of Node that the bundle is tested under, and the binaries that need no Node. Each lane is a program: a
 * Node from npm that runs here as it is, Debian's for another processor in qemu-user (fetch-root.sh), or a binary.
 */
import { execFile } from "node:child_process";
import { endianness, homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installNode } from "../peers/support/node-from-npm.ts";
import { byNode, type Program } from "../support/program.ts";

const FETCH = fileURLToPath(new URL("fetch-root.sh", import.meta.url));
const FETCH_LIMIT_MS = 300_000;
/** What fetch-root.sh ends with when the mirror has no such suite or processor. */
const GONE = 3;
/** How many times longer an emulated processor may take, on a machine that has other work, too. */
const PATIENCE = 8;

interface LaneKind {
  readonly name: string;
  /** What it runs in, such as "Node 18", and what a version of it begins with. */
  readonly engine: string;
  readonly standsFor: string;
  readonly isBigEndian: boolean;
  /** 1: as quick as this machine. */
  readonly patience: number;
}

/** A lane that is there, or why it isn't. */
export interface Lane extends LaneKind {
  /** Without a command when there is none. */
  readonly program: Program;
  /** What must be installed. */
  readonly missing?: string;
  /** It can't be helped: Debian has given up this processor, or this version. */
  readonly gone?: string;
  remove(): void;
}

interface EmulatedKind {
  readonly architecture: "mipsel" | "armhf" | "armel" | "arm64" | "s390x";
  readonly suite: string;
  readonly major: number;
  readonly standsFor: string;
}

export const EMULATED: readonly EmulatedKind[] = [
  { architecture: "mipsel", suite: "bookworm", major: 18, standsFor: "EdgeRouter X, X SFP, 10X" },
  { architecture: "s390x", suite: "bookworm", major: 18, standsFor: "big-endian: EdgeRouter Lite, 4, 6P, 12" },
  { architecture: "armhf", suite: "bullseye", major: 12, standsFor: "32-bit ARM with the oldest Node" },
  { architecture: "armel", suite: "bookworm", major: 18, standsFor: "Raspberry Pi Zero and 1" },
  { architecture: "arm64", suite: "bookworm", major: 18, standsFor: "OpenWrt on 64-bit ARM, Raspberry Pi" },
];
export const NPM_MAJORS = [12, 14, 16, 18, 20, 22, 24] as const;

/** Fetches Debian's Node for it, once; it stays in the user's cache. */
export async function emulatedLane({ architecture, suite, major, standsFor }: EmulatedKind): Promise<Lane> {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const folder = join(cache, "branchline-lanes", `${suite}-${architecture}`);
  return {
    name: architecture,
    engine: `Node ${major}`,
    standsFor,
    isBigEndian: architecture === "s390x",
    patience: PATIENCE,
    program: byNode(join(folder, "node")),
    ...(await fetchRoot(suite, architecture, folder)),
    remove: () => {},
  };
}

/** fetch-root.sh; empty when all went well. */
function fetchRoot(
  suite: string,
  architecture: string,
  folder: string,
): Promise<{ missing: string } | { gone: string } | Record<string, never>> {
  return new Promise((resolve) => {
    execFile("sh", [FETCH, suite, architecture, folder], { timeout: FETCH_LIMIT_MS }, (error, _stdout, stderr) => {
      const why = stderr.trim() || String(error?.message);
      if (error === null) resolve({});
      else resolve(error.code === GONE ? { gone: why } : { missing: why });
    });
  });
}

/** This machine's own processor. */
export function nativeLane(major: number): Lane {
  const { path, missing, remove } = installNode(major);
  return {
    name: process.arch,
    engine: `Node ${major}`,
    standsFor: "PCs, VyOS",
    isBigEndian: endianness() === "BE",
    patience: 1,
    program: byNode(path),
    ...(missing === undefined ? {} : { missing }),
    remove,
  };
}
