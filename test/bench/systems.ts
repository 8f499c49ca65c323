/** The systems that are compared: how each is started, so that it does the same job at the same address. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GATEWAY, hostPort, PHONES_SUBNET, PROXY, RINGING, UPSTREAM } from "./addresses.ts";
import { kamailioConfig, kamailioVersion } from "./kamailio.ts";

/** How long a silent upstream is waited for, in both systems. */
const FR_TIMER_MS = 4000;

/** Shared memory in MB: what thousands of finished transactions need that Kamailio keeps for 5 s. Untouched, it is free. */
const KAMAILIO_SHARED_MB = 1024;
const KAMAILIO_PRIVATE_MB = 4;

/** In calls/s. */
const FIRST_TRY = 4000;

export interface System {
  readonly name: string;
  readonly version: string;
  /** Whether it can ring five phones at once. */
  readonly forks: boolean;
  /** Where the search for its highest rate begins. */
  readonly firstTry: number;
  /** Writes its configuration into an empty directory and says what is to be started; `node` is the Node to run it by. */
  prepare(directory: string, node: string): string[];
}

/** The bar: what Debian's package does, its allocator included. */
export function kamailioLean(): System | undefined {
  return kamailio("kamailio-lean", []);
}

/** The same with the allocator that keeps no books for debugging: not the default, but one option away. */
export function kamailioFast(): System | undefined {
  return kamailio("kamailio-fm", ["-x", "fm"]);
}

function kamailio(name: string, allocator: readonly string[]): System | undefined {
  const version = kamailioVersion();
  if (version === undefined) return undefined;
  return {
    name,
    version: `Kamailio ${version}`,
    forks: true,
    firstTry: FIRST_TRY,
    prepare(directory) {
      const file = `${directory}/kamailio.cfg`;
      const runtime = `${directory}/run`;
      mkdirSync(runtime);
      writeFileSync(file, kamailioConfig(FR_TIMER_MS));
      const memory = ["-m", String(KAMAILIO_SHARED_MB), "-M", String(KAMAILIO_PRIVATE_MB)];
      const places = ["-w", directory, "-Y", runtime, "-P", `${runtime}/pid`];
      return ["kamailio", "-f", file, "-DD", "-E", ...memory, ...allocator, ...places];
    },
  };
}

/** The bundle next to this one. */
export function branchline(flags: readonly string[]): System | undefined {
  return built("branchline", fileURLToPath(new URL("branchline.js", import.meta.url)), flags);
}

/** Another build of branchline, to see what has changed since. */
export function branchlineBefore(bundle: string, flags: readonly string[]): System | undefined {
  return built("before", bundle, flags);
}

function built(name: string, bundle: string, flags: readonly string[]): System | undefined {
  if (!existsSync(bundle)) return undefined;
  return {
    name,
    version: nodeVersion(flags),
    forks: true,
    firstTry: FIRST_TRY,
    prepare(directory, node) {
      const file = `${directory}/branchline.yaml`;
      // Fifty phones that make thousands of calls a second are over any limit that a branch would have.
      writeFileSync(file, `${branchlineConfig()}limits: none\n`);
      const isKnown = spawnSync(node, [bundle, "check", "-c", file], { stdio: "ignore" }).status === 0;
      // The first builds had no limits.
      if (!isKnown) writeFileSync(file, branchlineConfig());
      return [node, ...flags, bundle, "run", "-c", file];
    },
  };
}

function nodeVersion(flags: readonly string[]): string {
  return ["Node", process.versions.node, ...flags].join(" ");
}

/** The least JavaScript that forwards the same packets. */
export function floor(flags: readonly string[]): System {
  return {
    name: "js-floor",
    version: nodeVersion(flags),
    forks: false,
    firstTry: 2 * FIRST_TRY,
    prepare: (_directory, node) => [node, ...flags, fileURLToPath(import.meta.url), "floor"],
  };
}

function branchlineConfig(): string {
  return `listen: [udp:${hostPort(PROXY)}]
localnet: [${PHONES_SUBNET}]
upstream: {targets: [sip:${hostPort(UPSTREAM)}], fr_timer: ${FR_TIMER_MS / 1000}s}
gateways: [sip:${hostPort(GATEWAY)}]
survival: {answer: 302, notice_hold: 1s}
hunt_groups: {default: {members: [${RINGING.map((uri) => `"${uri}"`).join(", ")}]}}
state: ./state
`;
}
