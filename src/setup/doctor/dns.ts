/** What each DNS server says of upstream's names, and how fast. */

import type { PeerStatus } from "../../policy/status.ts";
import { type Cure, type Facts, fault, type NameFact, ok, type Verdict, warning } from "./facts.ts";
import { isTunnel, wayTo } from "./families.ts";

/** DNS slower than that is felt by the first call. */
const SLOW_ms = 1_000;
/**
 * What helps where DNS doesn't give the address of a name.
 * @param isSilent DNS says nothing at all: it may be the line that is cut
 * @param address one that is known all the same
 */
export function withoutDns(name: string, isSilent: boolean, address = "ADDRESS"): Cure {
  const line = "# if the DNS servers lie behind the same link as upstream, repair that link first";
  return [
    ...(isSilent ? [line] : []),
    `# so that upstream needs no DNS: "${address} ${name}" in /etc/hosts, or the address instead of the name`,
    "# or other servers: dns: {servers: [...]} in the file",
  ];
}

/** What helps with a name of which the servers have said this. */
export function cureWithout(name: string, all: readonly NameFact[]): Cure {
  return withoutDns(name, all.length > 0 && !all.some(isWithout));
}

/** The host of a target, as the status of a running branchline names it. */
export function hostOf(target: string): string {
  return target.split(/[:;]/)[0] ?? target;
}

/** Whether upstream's names have addresses. That a name has none is told only where DNS has said so. */
export function names(facts: Facts): Verdict[] {
  const asked = [...new Set(facts.names.map(({ name }) => name))];
  if (asked.length === 0) return [ok("no name needs DNS")];
  return asked.map((name) => {
    const all = facts.names.filter((one) => one.name === name);
    const found = all.find(hasAddress);
    return found === undefined ? withoutAddress(name, all, facts) : withAddress(name, found, all, facts);
  });
}

function withoutAddress(name: string, all: readonly NameFact[], facts: Facts): Verdict {
  const peers = peersOf(name, facts);
  const kept = [...new Set(peers.flatMap(({ addresses = [] }) => addresses))];
  const servers = all.map(({ server }) => server);
  const known = { name, servers, addresses: [], running_addresses: kept, unanswered: unansweredIn(all) };
  const why = whyWithout(name, all);
  const [first] = kept;
  if (first === undefined) return fault(`${why}: no call goes up`, cureWithout(name, all), known);
  const text = `${why}: the running branchline uses ${kept.join(", ")} as before, and doesn't notice if upstream's address changes`;
  const [hosts = ""] = withoutDns(name, false, first);
  const isCut = peers.every(({ observed }) => observed !== "up");
  const cut = "# upstream doesn't answer either: DNS may lie behind the same link, so repair the way to upstream first";
  return warning(text, isCut ? [cut, hosts] : [hosts], known);
}

/** As the branchline that runs sees the targets with that name. */
function peersOf(host: string, { status }: Facts): readonly PeerStatus[] {
  return (status?.upstream ?? []).filter(({ name }) => hostOf(name) === host);
}

/** What the servers have said, and what not, of a name for which none of them has an address. */
export function whyWithout(name: string, all: readonly NameFact[]): string {
  const [lacking, silent] = [all.filter(isWithout), all.filter((one) => !isWithout(one))];
  const said = lacking.length === 0 ? [] : [`${name} has no address, ${says(lacking)} ${serversOf(lacking)}`];
  return [...said, ...silencesOf(name, all, silent)].join("; ");
}

function withAddress(name: string, found: NameFact, all: readonly NameFact[], facts: Facts): Verdict {
  const { server, addresses = [], took_ms } = found;
  const silent = all.filter((one) => !hasAddress(one) && !isWithout(one));
  const cure = withoutDns(name, false, addresses[0]);
  const told = `${name} is ${addresses.join(", ")}, says ${server} in ${took_ms} ms`;
  const known = {
    name,
    server,
    addresses,
    took_ms,
    silent: silent.map((one) => one.server),
    unanswered: unansweredIn(all),
  };
  if (found.silent.length > 0 && took_ms > SLOW_ms) {
    const wait_s = Math.ceil(took_ms / 1_000);
    const is = `${name} is ${addresses.join(", ")}, says ${server}, but gives no answer about ${listed(found.silent)}`;
    return warning(`${is}: the first call waits ${wait_s} s`, cure, known);
  }
  if (silent.length > 0) {
    const but = silencesOf(name, all, silent).join("; ");
    return warning(`${told}, but ${but}: calls may wait for DNS`, cure, known);
  }
  if (took_ms <= SLOW_ms) return ok(`${told}${sameTunnel(name, all, facts)}`, known);
  return warning(`${told}: calls may wait for DNS`, cure, known);
}

/** All servers lie behind the tunnel that upstream lies behind: what that means once the tunnel is cut. */
function sameTunnel(name: string, all: readonly NameFact[], facts: Facts): string {
  const ways = all.map(({ route = "" }) => /\bdev (\S+)/.exec(route)?.[1]);
  const peers = facts.peers.filter(({ role }) => role === "upstream").map((peer) => wayTo(facts, peer));
  const [tunnel] = ways;
  if (!isTunnel(tunnel) || peers.length === 0 || [...ways, ...peers].some((way) => way !== tunnel)) return "";
  return `; the way to it is ${tunnel}, as that to upstream: in an outage, a branchline that is started for the first time finds no address. An entry for ${name} in /etc/hosts, or a server that answers elsewhere (dns.servers), helps`;
}

function hasAddress({ addresses }: NameFact): boolean {
  return addresses !== undefined && addresses.length > 0;
}

/** It has been answered that the name itself has no address; what leads elsewhere may be unanswered. */
function isWithout({ addresses, silent }: NameFact): boolean {
  return (
    addresses?.length === 0 || (addresses === undefined && !silent.some((type) => type === "A" || type === "AAAA"))
  );
}

/** "10.0.0.53 gives no answer about A of pbx.example.com", once for all servers that are silent about the same. */
function silencesOf(name: string, all: readonly NameFact[], others: readonly NameFact[]): string[] {
  const partly = all.filter((one) => isWithout(one) && one.silent.length > 0);
  const groups = new Map<string, NameFact[]>();
  for (const one of [...partly, ...others]) {
    const about = one.silent.length === one.asked.length ? name : `${listed(one.silent)} of ${name}`;
    groups.set(about, [...(groups.get(about) ?? []), one]);
  }
  return [...groups].map(
    ([about, those]) => `${serversOf(those)} ${those.length === 1 ? "gives" : "give"} no answer about ${about}`,
  );
}

function says(those: readonly NameFact[]): string {
  return those.length === 1 ? "says" : "say";
}

function serversOf(those: readonly NameFact[]): string {
  return those.map(({ server }) => server).join(", ");
}

/** "A", "NAPTR and SRV", "A, NAPTR and SRV". */
function listed(types: readonly string[]): string {
  return types.join(", ").replace(/, ([^,]*)$/, " and $1");
}

function unansweredIn(all: readonly NameFact[]): string[] {
  return [...new Set(all.flatMap(({ silent }) => silent))];
}
