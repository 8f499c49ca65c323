/** `branchline cluster`: what else members need: the configuration of a pair's VRRP or of a routing daemon, and their secret. */
import * as fs from "fs";
import * as path from "path";
import { printable } from "../base/printable.ts";
import { reasonOf } from "../base/reason.ts";
import { readSecret, SECRET_BYTES_MAX, secretIn } from "../io/node/cluster-secret.ts";
import { readAddresses } from "../io/node/interfaces.ts";
import { keepSecret, makeSecret } from "../io/node/make-secret.ts";
import { readStandardInput } from "../io/node/standard-input.ts";
import type { DaemonName } from "../setup/anycast/daemons.ts";
import { edgeosCommands, edgeosFault } from "../setup/pair/edgeos.ts";
import { keepalivedConfig } from "../setup/pair/keepalived.ts";
import { openwrtConfig } from "../setup/pair/openwrt.ts";
import { planOf } from "../setup/pair/plan.ts";
import { isDaemon, OWN_AS, printRoute, type RouteOptions } from "./cluster-route.ts";
import { EXIT_USAGE, EXIT_WORLD } from "./exit.ts";
import { readConfig, STDIN } from "./load-file.ts";
import { fail, print, printData } from "./paper.ts";
import { findRunning } from "./running.ts";
import { usableConfig } from "./usable-config.ts";

/** What came on the command line. */
export interface ClusterOptions extends RouteOptions {
  readonly config: string;
  readonly what: keyof typeof WRITERS | DaemonName | "secret";
  /** Of the secret. */
  readonly file?: string;
  readonly from?: string;
  readonly force: boolean;
  /** Number of the first virtual router. */
  readonly id: string;
}

const WRITERS = { keepalived: keepalivedConfig, edgeos: edgeosCommands, openwrt: openwrtConfig };
const SCRIPT = "healthy.sh";
const ROUTE_SCRIPT = "route-follow.sh";
const ID_MAX = 255;

/** Why a number of a virtual router is refused; undefined: it is fine. */
export function idFault(text: string): string | undefined {
  const id = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return id >= 1 && id <= ID_MAX ? undefined : `Must be a number from 1 to ${ID_MAX}.`;
}

export async function cluster(options: ClusterOptions): Promise<void> {
  const { what, file, from, force } = options;
  if (what === "secret") return writeSecret(options);
  if (file !== undefined || from !== undefined || force) {
    fail("error: a FILE, --from and --force belong to branchline cluster secret", EXIT_USAGE);
  }
  const asked = options.neighbor.length > 0 || options.as !== OWN_AS || options.systemd;
  if (asked && !isDaemon(what)) {
    fail("error: --neighbor, --as and --systemd belong to branchline cluster bird, frr and exabgp", EXIT_USAGE);
  }
  const found = await usableConfig(options.config, await findRunning(options.config));
  const { cluster: settings } = found;
  if (settings === undefined) {
    fail(`${options.config} has no cluster: this router belongs to no pair (see deploy/pair.md)`, EXIT_USAGE);
  }
  const head = headOf(options, settings.name);
  if (isDaemon(what)) {
    if (settings.mode === "pair") fail(`${options.config} has ${NO_ANYCAST}`, EXIT_USAGE);
    return printRoute(what, found, settings, options, {
      script: options.systemd ? scriptAt(ROUTE_SCRIPT) : ROUTE_SCRIPT,
      head,
    });
  }
  if (settings.mode === "anycast") fail(`${options.config} has ${NO_PAIR}`, EXIT_USAGE);
  const plan = planOf(settings, readAddresses() ?? [], scriptAt(SCRIPT), Number(options.id));
  if ("fault" in plan) fail(plan.fault);
  const unable = what === "edgeos" ? edgeosFault(plan) : undefined;
  if (unable !== undefined) fail(unable);
  printData(WRITERS[what](plan, head));
}

/** Where a script of ours is: packages have it beside the program, a clone of the repository in deploy/. What would run one that is nowhere is of no use. */
function scriptAt(name: string): string {
  const folder = path.dirname(fs.realpathSync(process.argv[1] ?? "."));
  const beside = path.join(folder, name);
  const found = [beside, path.join(folder, "../deploy", name)].find((one) => fs.existsSync(one));
  return (
    found ??
    fail(`${beside} isn't there; copy ${SCRIPT} and ${ROUTE_SCRIPT} of the sources' folder deploy to ${folder}`)
  );
}

/** Settings for one mode are of no use in the other. */
const NO_PAIR =
  "cluster.mode anycast: all members have the address, and no VRRP moves it; bird, frr or exabgp announces it (see deploy/anycast.md)";
const NO_ANYCAST =
  "a pair: its VRRP moves the addresses, and no routing daemon announces them; take keepalived, openwrt or edgeos (see deploy/pair.md)";

function headOf({ what, config, systemd }: ClusterOptions, name: string): string[] {
  return [
    `For ${name}, by branchline ${BRANCHLINE_VERSION}: branchline cluster ${what}${systemd ? " --systemd" : ""}`,
    `Made of ${oneLine(path.resolve(config))}; ${isDaemon(what) ? "each" : "the"} other member has its own.`,
  ];
}

/** A comment ends with its line. */
function oneLine(text: string): string {
  return printable(text).replace(/\n/g, "?");
}

/** Makes a secret, or copies one, so that only branchline can read it. */
function writeSecret({ config, file, from, force }: ClusterOptions): void {
  const target = file === undefined ? named(config) : path.resolve(file);
  if (fs.existsSync(target) && !force) {
    fail(`${target} is there already; --force makes another, which each other member needs too`, EXIT_USAGE);
  }
  const secret = from === undefined ? makeSecret() : copied(from);
  try {
    keepSecret(target, secret);
  } catch (error) {
    fail(`${target} can't be written: ${reasonOf(error)}`, EXIT_WORLD);
  }
  print(`Wrote ${target}, which only its owner can read.\n`);
  if (from !== undefined) return;
  // A shell on another router that asks for a password can't read it from a pipe.
  const sudo = process.env["SUDO_USER"] === undefined ? "" : "sudo ";
  print("Each other member needs the same. Show it here:\n");
  print(`  ${sudo}cat ${target}\n`);
  print("and take it over on each: paste it, then press Enter and Ctrl-D:\n");
  print(`  ${sudo}branchline cluster secret ${file === undefined ? "" : `${target} `}--from -\n`);
}

/** The file that the configuration names, whatever is wrong there. */
function named(config: string): string {
  const { secret } = readConfig(config).partial.cluster ?? {};
  if (secret !== undefined && "file" in secret) return secret.file;
  return fail(`${config} names no file of a secret (cluster.secret): name one after secret`, EXIT_USAGE);
}

function copied(from: string): string {
  try {
    const source = from === STDIN ? "standard input" : from;
    return from === STDIN
      ? secretIn(readStandardInput(SECRET_BYTES_MAX), source)
      : readSecret({ file: path.resolve(from) });
  } catch (error) {
    return fail(reasonOf(error));
  }
}
