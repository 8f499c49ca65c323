/** The systems that are compared: how each is started, so that it does the same job at the same address. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GATEWAY, HTTP, hostPort, MEMBER_HOSTS, PHONES_SUBNET, PROXY, RINGING, UPSTREAM } from "./addresses.ts";
import { kamailioConfig, kamailioVersion } from "./kamailio.ts";

/** How long a silent upstream is waited for, in both systems. */
const FR_TIMER_MS = 4000;

/** Shared memory in MB: what thousands of finished transactions need that Kamailio keeps for 5 s. Untouched, it is free. */
const KAMAILIO_SHARED_MB = 1024;
const KAMAILIO_PRIVATE_MB = 4;

/** In calls/s. */
const FIRST_TRY = 4000;

const BUNDLE = fileURLToPath(new URL("branchline.js", import.meta.url));

/** What the members of a pair speak by, each at its own address of loopback. */
const MEMBERS = "{left: 127.0.0.8, right: 127.0.0.9}";
/** Where the other member of a pair has its own listener, from which it probes. */
const STANDBY = "127.0.0.9:5060";
/** The shared address, as the other member has it: one that isn't here, since loopback has all of its own addresses at once. */
const AWAY = "192.0.2.1";

export interface System {
  readonly name: string;
  readonly version: string;
  /** Whether it can ring five phones at once. */
  readonly forks: boolean;
  /** Where the search for its highest rate begins. */
  readonly firstTry: number;
  /** Writes its configuration into an empty directory and says what is to be started; `node` is the Node to run it by. */
  prepare(directory: string, node: string): Commands;
}

export interface Commands {
  /** The proxy under test. */
  readonly measured: readonly string[];
  /** What it needs beside it: started before it, ended after it, and not measured. */
  readonly beside?: readonly string[];
  /** Instead of `measured`: proxies that all have its address, each in a network of its own; packets are dealt to them one by one. */
  readonly members?: readonly (readonly string[])[];
  /** Paths of their control sockets. */
  readonly controls?: readonly string[];
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
      return { measured: ["kamailio", "-f", file, "-DD", "-E", ...memory, ...allocator, ...places] };
    },
  };
}

/** The bundle next to this one. */
export function branchline(flags: readonly string[]): System | undefined {
  return built("branchline", BUNDLE, flags);
}

/** The same as the member of a pair that has the addresses; the other member runs beside it. */
export function branchlinePair(flags: readonly string[]): System | undefined {
  const alone = built("pair", BUNDLE, flags);
  return alone && { ...alone, prepare: (directory, node) => runningPair(directory, [node, ...flags, BUNDLE]) };
}

/** The same as three members that have one address: figures are sums over all of them. */
export function branchlineAnycast(flags: readonly string[]): System | undefined {
  const alone = built("anycast", BUNDLE, flags);
  return alone && { ...alone, prepare: (directory, node) => runningAnycast(directory, [node, ...flags, BUNDLE]) };
}

/** The same with nothing that remembers or tells: what the journal costs that is there by default. */
export function branchlineUnobserved(flags: readonly string[]): System | undefined {
  return branchlineWith("unobserved", () => "journal: off\n", flags);
}

/** The same with all that makes it seen: journal, events, call records, metrics that are scraped, and a status page that is open. */
export function branchlineObserved(flags: readonly string[]): System | undefined {
  const observed = branchlineWith("observed", observedConfig, flags);
  const reader = [process.execPath, fileURLToPath(import.meta.url), "reader"];
  return observed && { ...observed, prepare: (...where) => ({ ...observed.prepare(...where), beside: reader }) };
}

/** @param more lines of its file that say what is else there */
function branchlineWith(name: string, more: (folder: string) => string, flags: readonly string[]): System | undefined {
  const plain = built(name, BUNDLE, flags);
  if (plain === undefined) return undefined;
  const prepare = (directory: string, node: string) => {
    const file = `${directory}/branchline.yaml`;
    writeFileSync(file, `${branchlineConfig()}limits: none\n${more(directory)}`);
    return { measured: [node, ...flags, BUNDLE, "run", "-c", file] };
  };
  return { ...plain, prepare };
}

function observedConfig(folder: string): string {
  return `journal: {memory: 2MB}
http: {listen: ${hostPort(HTTP)}}
events: {file: ${folder}/events.jsonl}
records: ${folder}/calls.csv
`;
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
    prepare: (directory, node) => ({ measured: running(directory, [node, ...flags, bundle]) }),
  };
}

/** @returns the command that runs it, by a file that is written for it */
function running(directory: string, [command = "", ...first]: readonly string[]): string[] {
  const file = `${directory}/branchline.yaml`;
  // Fifty phones that make thousands of calls a second are over any limit that a branch would have.
  writeFileSync(file, `${branchlineConfig()}limits: none\n`);
  const isKnown = spawnSync(command, [...first, "check", "-c", file], { stdio: "ignore" }).status === 0;
  // The first builds had no limits.
  if (!isKnown) writeFileSync(file, branchlineConfig());
  return [command, ...first, "run", "-c", file];
}

function runningPair(directory: string, command: readonly string[]): Commands {
  const beside = `${directory}/beside`;
  mkdirSync(beside);
  const secret = randomBytes(24).toString("hex");
  for (const folder of [directory, beside]) writeFileSync(`${folder}/secret`, secret, { mode: 0o600 });
  const start = (name: string, folder: string, listen: string, shared: string) => {
    const file = `${folder}/branchline.yaml`;
    writeFileSync(file, `${branchlineConfig(listen)}limits: none\n${clusterConfig(name, shared, folder)}`);
    return [...command, "run", "-c", file];
  };
  return {
    measured: start("left", directory, `udp:${hostPort(PROXY)}`, PROXY.host),
    beside: start("right", beside, `udp:${AWAY}, udp:${STANDBY}`, AWAY),
  };
}

function runningAnycast(directory: string, command: readonly string[]): Commands {
  const secret = randomBytes(24).toString("hex");
  const names = MEMBER_HOSTS.map((_host, index) => `node${index + 1}`);
  const members = names.map((name) => {
    const folder = `${directory}/${name}`;
    mkdirSync(folder);
    writeFileSync(`${folder}/secret`, secret, { mode: 0o600 });
    const file = `${folder}/branchline.yaml`;
    const listen = `{address: "udp:${hostPort(PROXY)}", anycast: true}`;
    writeFileSync(file, `${branchlineConfig(listen)}limits: none\n${anycastConfig(name, names, folder)}`);
    return [...command, "run", "-c", file];
  });
  return { measured: command, members, controls: names.map((name) => `${directory}/${name}/state/control.sock`) };
}

function anycastConfig(name: string, names: readonly string[], folder: string): string {
  return `cluster:
  mode: anycast
  name: ${name}
  members: {${names.map((one, index) => `${one}: ${MEMBER_HOSTS[index]}`).join(", ")}}
  secret: ./secret
  health_file: ${folder}/healthy
`;
}

/** Processors as `npm run native` names them. */
const TARGETS: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64", arm: "armv7" };

/** The binary that needs no Node, for this machine's processor. */
export function branchlineStatic(): System | undefined {
  const binary = fileURLToPath(new URL(`native/branchline-${TARGETS[process.arch] ?? process.arch}`, import.meta.url));
  if (!existsSync(binary)) return undefined;
  const { stdout } = spawnSync(binary, ["version"], { encoding: "utf8" });
  return {
    name: "quickjs",
    version: /QuickJS [^,]*/.exec(stdout)?.[0] ?? "QuickJS",
    forks: true,
    firstTry: FIRST_TRY / 4,
    prepare: (directory) => ({ measured: running(directory, [binary]) }),
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
    prepare: (_directory, node) => ({ measured: [node, ...flags, fileURLToPath(import.meta.url), "floor"] }),
  };
}

function branchlineConfig(listen = `udp:${hostPort(PROXY)}`): string {
  return `listen: [${listen}]
localnet: [${PHONES_SUBNET}]
upstream: {targets: [sip:${hostPort(UPSTREAM)}], fr_timer: ${FR_TIMER_MS / 1000}s}
gateways: [sip:${hostPort(GATEWAY)}]
survival: {answer: 302, notice_hold: 1s}
hunt_groups: {default: {members: [${RINGING.map((uri) => `"${uri}"`).join(", ")}]}}
state: ./state
`;
}

function clusterConfig(name: string, shared: string, folder: string): string {
  return `cluster:
  name: ${name}
  members: ${MEMBERS}
  secret: ./secret
  shared: [${shared}]
  health_file: ${folder}/healthy
`;
}
