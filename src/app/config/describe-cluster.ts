/** What the routers of a cluster will do, in words. */
import { isLoopback, isPrivate } from "../../base/ip-range.ts";
import { type ClusterSettings, type Member, otherMembers, ownMember } from "../../cluster/settings.ts";
import { hostText } from "../../message/uri.ts";
import type { Site } from "../../policy/site.ts";
import type { OwnListener } from "../../transport/own-listener.ts";
import type { Config } from "./config.ts";
import { WARNING } from "./describe-more.ts";
import { spoken } from "./durations.ts";

/** Sentences for `check`; none where the file has no cluster. */
export function clusterLines({ cluster, listeners, site }: Config): string[] {
  if (cluster === undefined) return [];
  return cluster.mode === "pair" ? pairLines(cluster, listeners, site) : anycastLines(cluster, listeners);
}

function pairLines(cluster: ClusterSettings, listeners: readonly OwnListener[], site: Site): string[] {
  const { name, shared } = cluster;
  const others = otherMembers(cluster).map((one) => `${one.name} at ${place(one)}`);
  const addresses = shared.map(({ address }) => address).join(", ");
  return [
    `Is ${name} of a pair: hears the other member at ${place(ownMember(cluster))}; the other one is ${others.join(", ")}.`,
    `Shares ${addresses} with it: ${moverWords(cluster)}.`,
    cluster.hand_over === "wan"
      ? "Gives them away when upstream is silent here and answers the other member."
      : "Keeps them when upstream is silent here and answers the other member, and says so in the log and in status.",
    ...connectionLines(listeners, cluster),
    ...secretLines(cluster, "both"),
    ...warnings(cluster, listeners, site),
  ];
}

function anycastLines(cluster: ClusterSettings, listeners: readonly OwnListener[]): string[] {
  const { name, members, route, health_file, log_calls_ms } = cluster;
  const others = otherMembers(cluster).map((one) => `${one.name} at ${place(one)}`);
  const addresses = [...new Set(listeners.map(({ settings }) => settings.at))].join(", ");
  const way =
    route === undefined
      ? `Announces no route to it: what does must look at ${health_file}, which says 1 while this member takes calls.`
      : `Runs "${route.announce.join(" ")}" once it takes calls, and "${route.withdraw.join(" ")}" once it takes none; ${health_file} says the same.`;
  return [
    `Is ${name} of ${members.length} members behind one anycast address: hears the others at ${place(ownMember(cluster))}; the others are ${others.join(", ")}.`,
    `Has ${addresses} at the same time as the others: a message may come to any member, which sends it on to the one that has its call.`,
    way,
    ...(log_calls_ms === undefined ? [] : [`Logs how many calls each member has every ${spoken(log_calls_ms)}.`]),
    ...secretLines(cluster, "all"),
    ...openLines(cluster),
  ];
}

function secretLines({ second_secret }: ClusterSettings, who: "both" | "all"): string[] {
  return second_secret === undefined ? [] : [`Believes a second secret too, until ${who} members have the new one.`];
}

/** To try a pair: loopback addresses are each machine's own, and no VRRP moves them. */
function isOnOneMachine({ shared }: Pick<ClusterSettings, "shared">): boolean {
  return shared.every(({ address }) => isLoopback(address));
}

function moverWords({ shared, health_file }: ClusterSettings): string {
  const what = shared.length === 1 ? "that address" : "these addresses";
  return isOnOneMachine({ shared })
    ? `both members run on this machine, and the first one that is active takes ${what}`
    : `keepalived or the router's VRRP moves ${what}, to a member whose ${health_file} says 1`;
}

/** Connections end with the member that has them. */
function connectionLines(listeners: readonly OwnListener[], { shared }: ClusterSettings): string[] {
  const kinds = new Set(
    listeners.filter((one) => isShared(one, shared) && one.transport.isReliable).map((one) => one.transport.via),
  );
  if (kinds.size === 0) return [];
  return [
    `Phones that are connected over ${[...kinds].join(" or ")} connect again when the addresses move; calls that are up go on.`,
  ];
}

function warnings(cluster: ClusterSettings, listeners: readonly OwnListener[], site: Site): string[] {
  const lines = openLines(cluster);
  if (
    listeners.length > 0 &&
    site.upstream.targets.length > 0 &&
    listeners.every((one) => isShared(one, cluster.shared) || (isLoopback(one.address) && !isOnOneMachine(cluster)))
  ) {
    lines.push(
      `${WARNING}all addresses of listen are shared: the member that doesn't hold them can't see whether upstream answers; add this router's own address towards upstream.`,
    );
  }
  const staying = stayingTowardsUpstream(cluster, listeners, site);
  if (staying.length > 0) {
    const names = staying.map(({ settings }) => settings.at).join(" and ");
    lines.push(
      `${WARNING}no shared address is on upstream's side: ${names} ${staying.length === 1 ? "is" : "are"} this router's alone. When this router dies, upstream's requests within its calls and its answers to calls in the making are lost, and its calls to phones until they register again; share an address towards upstream as well, if the router has one that can move.`,
    );
  }
  const secure = listeners.filter(({ transport }) => transport.isSecure);
  if (secure.length > 0 && cluster.members.some(({ address }) => site.localnet.contains(address))) {
    const kinds = [...new Set(secure.map(({ transport }) => transport.via))].join(" and ");
    lines.push(
      `${WARNING}listen has ${kinds}, and the members reach each other through localnet: what they tell each other of calls, media keys (SDES) and credentials among it, isn't encrypted; lead the way between the members through a tunnel, such as WireGuard, or a wire of its own.`,
    );
  }
  return lines;
}

/** Members whose datagrams others may read. */
function openLines({ members }: ClusterSettings): string[] {
  const open = members.filter(({ address }) => !isPrivate(address));
  return open.map(
    (one) =>
      `${WARNING}member ${one.name} is at ${one.address}, which isn't private; lead the way between the members through a tunnel, such as WireGuard: what they tell each other is signed, and not encrypted.`,
  );
}

/** The listeners outside the phones' networks, where no shared one is among those of their IP version. */
function stayingTowardsUpstream(
  { shared }: ClusterSettings,
  listeners: readonly OwnListener[],
  { localnet }: Site,
): OwnListener[] {
  const isUpstreams = ({ address, transport }: OwnListener) =>
    transport.isDialled && !localnet.contains(address) && (!isLoopback(address) || isOnOneMachine({ shared }));
  const outside = listeners.filter(isUpstreams);
  return outside.filter(
    (one) => !outside.some((other) => other.settings.version === one.settings.version && isShared(other, shared)),
  );
}

function isShared(listener: OwnListener, shared: ClusterSettings["shared"]): boolean {
  return shared.some(({ address }) => address === listener.address);
}

function place({ address, port }: Member): string {
  return `${hostText(address)}:${port}`;
}
