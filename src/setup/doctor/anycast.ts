/** This machine as a member behind an anycast address: has it the address, and not by ARP? do packets to it pass? is the route's command there? */
import type { Config } from "../../app/config/config.ts";
import { ipVersion, isLoopback } from "../../base/ip-range.ts";
import { type ClusterSettings, ownMember } from "../../cluster/settings.ts";
import { type Facts, fault, ok, skipped, type Verdict, warning } from "./facts.ts";
import { deviceOf, NETSTAT, programLine, wayTo } from "./families.ts";
import { isStrict, keepFilter, setFilter } from "./forged.ts";
import { NOT_ANYCAST, told } from "./members.ts";
import { NO_PAIR } from "./vrrp.ts";
import { droppedByFilter } from "./way.ts";

/** `healthy.sh` takes a file that is older for that of a member that hangs. */
const FRESH_s = 3;

export function anycast(facts: Facts, config: Config): Verdict[] {
  const { cluster } = config;
  if (cluster === undefined) return [ok(NO_PAIR)];
  if (cluster.mode !== "anycast") return [ok(NOT_ANYCAST)];
  const addresses = [...new Set(config.listeners.map(({ address }) => address))];
  return [
    ...addresses.flatMap((address) => addressHere(facts, address)),
    ...filters(facts, cluster),
    ...health(facts, cluster),
    ...commands(facts, cluster),
    ...(facts.status?.cluster === undefined ? [] : told(facts.status.cluster)),
  ];
}

/** On an interface that is a link, neighbours would ask for it by ARP, and the first answer would win. */
function addressHere({ addresses }: Facts, address: string): Verdict[] {
  const known = { address };
  if (isLoopback(address)) return [ok(`${address} is a loopback address: each member has it`, known)];
  const here = addresses.find((one) => one.address === address);
  const whole = `${address}/${ipVersion(address) === 6 ? 128 : 32}`;
  const put = `ip address add ${whole} dev lo`;
  if (here === undefined) {
    const text = `${address} isn't on this machine: packets to it are sent on, or come back`;
    return [fault(text, [put, "# and at each boot"], known)];
  }
  const { device, cidr } = here;
  const found = { ...known, interface: device, prefix: cidr };
  if (!/^(?:lo|dummy)/.test(device)) {
    const text = `${address} is on ${device}: all members answer ARP for it there, and the last answer gets the packets`;
    return [warning(text, [`ip address del ${cidr} dev ${device}`, put, "# and at each boot"], found)];
  }
  if (cidr !== whole) {
    const text = `${cidr} is on ${device}: this machine takes all addresses of that network for its own`;
    return [warning(text, [`ip address del ${cidr} dev ${device}`, put, "# and at each boot"], found)];
  }
  return [ok(`${address} is on ${device}`, found)];
}

/** The routers send packets by the interface of the member's own address, whatever way leads back to their senders. */
function filters(facts: Facts, cluster: ClusterSettings): Verdict[] {
  const device = deviceOf(facts, ownMember(cluster).address);
  if (device === undefined || !isStrict(facts, device)) return [];
  const others = new Map<string, string[]>();
  for (const peer of facts.peers) {
    const way = wayTo(facts, peer);
    if (way === undefined || way === device) continue;
    others.set(way, [...(others.get(way) ?? []), `${peer.role} ${peer.alias}`]);
  }
  const dropped = droppedByFilter(facts.files[NETSTAT]);
  const proof = dropped > 0 ? `; it has dropped ${dropped} packets since this machine started` : "";
  const verdicts = [...others].map(([way, names]) => {
    const who = [...new Set(names)].join(", ");
    const text = `${device} drops packets of ${who} that a router sends by it (rp_filter is strict): the way back to them is ${way}${proof}`;
    return warning(text, [setFilter(device, 2), keepFilter(facts.family)], {
      interface: device,
      route_interface: way,
      dropped,
    });
  });
  return verdicts.length > 0
    ? verdicts
    : [ok(`the filter of ${device} (rp_filter) drops nothing that the routers send by it`)];
}

/** A watchdog that follows the file withdraws the route when the file is old. */
function health({ health: found, isRunning, status }: Facts, { health_file }: ClusterSettings): Verdict[] {
  const known = { health_file, age_s: found?.stamp?.age_s ?? null };
  if (!isRunning) return [skipped(`whether ${health_file} is fresh is seen only while branchline runs`, known)];
  // Its error is told already.
  if (found === undefined || status?.cluster?.health_error !== undefined) return [];
  if (found.stamp === undefined) {
    if (found.error === "EACCES") return [skipped(`${health_file} can't be seen (${found.error})`, known)];
    const text = `${health_file} isn't there (${found.error}): a watchdog that reads it withdraws the route`;
    return [fault(text, ["branchline status"], known)];
  }
  const { age_s } = found.stamp;
  if (Math.abs(age_s) <= FRESH_s) return [ok(`${health_file} is ${Math.max(0, age_s)} s old`, known)];
  const text = `${health_file} was written ${age_s} s ago: branchline hangs, or writes another file`;
  return [fault(text, ["branchline status", "# if it doesn't answer, restart branchline"], known)];
}

/** The programs that make the route. */
function commands({ said }: Facts, { route, health_file }: ClusterSettings): Verdict[] {
  if (route === undefined) {
    return [ok(`the file has no cluster.route: whoever announces the route follows ${health_file}`)];
  }
  const programs = [...new Set([route.announce, route.withdraw].flatMap(([program]) => program ?? []))];
  return programs.map((program) => {
    const at = said[programLine(program)]?.trim();
    const known = { program, found: at ?? null };
    if (at !== undefined) return ok(`${program} is there, to announce and withdraw the route`, known);
    const text = `${program} isn't on this machine: cluster.route can't announce or withdraw the route`;
    return fault(
      text,
      ["branchline cluster bird", "# install what cluster.route runs, or name it by its whole path"],
      known,
    );
  });
}
