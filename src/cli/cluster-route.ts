/** `branchline cluster bird`, `frr` and `exabgp`: what announces the address of members that all have it. */
import type { Config } from "../app/config/config.ts";
import { ipVersion, isLinkLocal, isUnicast } from "../base/ip-range.ts";
import { readAddresses } from "../io/node/interfaces.ts";
import { DAEMONS, type Daemon, type DaemonName } from "../setup/anycast/daemons.ts";
import { anycastPlanOf, type Neighbor } from "../setup/anycast/plan.ts";
import { systemdCommands, systemdFault } from "../setup/anycast/systemd.ts";
import { fail, printData } from "./paper.ts";

/** Numbers for private use (RFC 6996). */
export const OWN_AS = "65001";
const ROUTER_AS = "65000";
const AS_MAX = 4_294_967_295;

export interface RouteOptions {
  /** "ADDRESS" or "ADDRESS,AS". */
  readonly neighbor: readonly string[];
  readonly as: string;
  readonly systemd: boolean;
}

/** Why a number of an autonomous system is refused; undefined: it is fine. */
export function asFault(text: string): string | undefined {
  const as = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return as >= 1 && as <= AS_MAX ? undefined : `Must be a number from 1 to ${AS_MAX}.`;
}

/** Why a router is refused; undefined: it is fine. */
export function neighborFault(text: string): string | undefined {
  const [address = "", as = ROUTER_AS, ...more] = text.split(",");
  const isOne = ipVersion(address) !== 0 && isUnicast(address) && !isLinkLocal(address);
  if (isOne && asFault(as) === undefined && more.length === 0) return undefined;
  return "Must be an IP address that isn't of a link alone, or such an address and a number, as in 10.205.205.254,65000.";
}

export function isDaemon(what: string): what is DaemonName {
  return what in DAEMONS;
}

/**
 * Prints the configuration of a routing daemon, or what systemd has to know.
 * @param script the path of route-follow.sh
 * @param head lines that say what made it
 */
export function printRoute(
  what: DaemonName,
  config: Config,
  cluster: NonNullable<Config["cluster"]>,
  { neighbor, as, systemd }: RouteOptions,
  { script, head }: { readonly script: string; readonly head: readonly string[] },
): void {
  const daemon: Daemon = DAEMONS[what];
  const wishes = { neighbors: neighbor.map(readNeighbor), as: Number(as), script };
  const plan = anycastPlanOf(cluster, config.listeners, readAddresses() ?? [], wishes);
  if ("fault" in plan) fail(plan.fault);
  const unable = daemon.fault(plan);
  if (unable !== undefined) fail(unable);
  if (!systemd) {
    printData(daemon.config(plan, head));
    return;
  }
  const route = plan.route ?? daemon.route(plan);
  const strange = systemdFault(route);
  if (strange !== undefined) fail(strange);
  printData(systemdCommands(plan, route, daemon, head));
}

function readNeighbor(text: string): Neighbor {
  const [address = "", as = ROUTER_AS] = text.split(",");
  return { address, as: Number(as) };
}
