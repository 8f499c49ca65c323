/** A cluster in words: a pair of routers, and what drain and join say of any. */
import { bad, doubtful, good } from "../../base/ink.ts";
import { type ClusterFacts, type LeftFacts, type MemberFacts, SETTLED_s } from "../cluster-facts.ts";
import type { RunningStatus } from "../status-facts.ts";
import { anycastLines, takesCallsWords } from "./anycast-words.ts";
import { counted, someOf, wrapped } from "./lines.ts";
import { memberWords, ownWords, programWords, stateWords } from "./member-words.ts";
import type { Reader } from "./times.ts";

/** Addresses named; more are counted. */
const ADDRESSES_MAX = 3;

/** The lines of `status`: this member, the others, and what is wrong; of a pair, who has the addresses. None without a cluster. */
export function clusterLines(status: RunningStatus, reader: Reader): string[] {
  const { cluster, now } = status;
  if (cluster === undefined) return [];
  const lines = cluster.mode === "anycast" ? anycastLines(cluster, now, reader) : pairLines(cluster, now, reader);
  const left = cluster.state === "draining" ? [leftWords(cluster)] : [];
  return [...lines, ...left].flatMap((line) => wrapped(line, reader.width));
}

function pairLines(cluster: ClusterFacts, now: string | undefined, reader: Reader): string[] {
  return [
    `Pair: ${ownWords(cluster, now, reader)}; ${addressWords(cluster)}`,
    ...cluster.members.map((one) => `${memberWords(one, now, reader)}${holderWords(one)}${programWords(one)}`),
    ...warnings(cluster),
  ];
}

function holderWords({ life, has_address }: MemberFacts): string {
  return life === "alive" && has_address === true ? "; it holds the shared addresses" : "";
}

/** The member that has the shared addresses, as both kernels say. */
function addressWords({ shared, members }: ClusterFacts): string {
  const here = shared.filter(({ is_here }) => is_here).map(({ address }) => address);
  const all = shared.map(({ address }) => address);
  if (here.length === all.length) return `it holds ${someOf(all, ADDRESSES_MAX)}`;
  if (here.length > 0) return `it holds ${someOf(here, ADDRESSES_MAX)} of ${someOf(all, ADDRESSES_MAX)}`;
  const holder = members.find(({ life, has_address }) => life === "alive" && has_address === true);
  if (holder !== undefined) return `${holder.name} holds ${someOf(all, ADDRESSES_MAX)}`;
  return `it doesn't hold ${someOf(all, ADDRESSES_MAX)}`;
}

function warnings(cluster: ClusterFacts): string[] {
  const { shared, members, upstream_at, hand_over, health_file, health_error, name, state, since_s } = cluster;
  const here = shared.filter(({ is_here }) => is_here);
  const alive = members.filter(({ life }) => life === "alive");
  const both = here.length > 0 ? alive.filter(({ has_address }) => has_address === true) : [];
  const isNowhere = here.length === 0 && alive.every(({ has_address }) => has_address === false);
  const lines = both.map(
    (one) =>
      `${bad("FAULT")}: ${name} and ${one.name} both hold the shared addresses; see the log of keepalived, and whether both reach each other on each interface`,
  );
  if (here.length > 0 && here.length < shared.length)
    lines.push(`${bad("FAULT")}: the shared addresses aren't together; keepalived needs all of them in one sync group`);
  if (isNowhere && state === "active" && since_s < SETTLED_s)
    lines.push("No member holds the shared addresses yet: VRRP moves them some seconds after a start");
  else if (isNowhere && state === "active")
    lines.push(`${doubtful("WARNING")}: no member that lives holds the shared addresses; is keepalived running?`);
  if (upstream_at !== undefined) {
    const what =
      hand_over === "wan" ? "the addresses are given away" : "cluster.hand_over: wan would give the addresses away";
    lines.push(`${doubtful("WARNING")}: upstream is silent here and answers ${upstream_at}; ${what}`);
  }
  if (health_error !== undefined)
    lines.push(
      `${bad("FAULT")}: ${health_file} can't be written (${health_error}): keepalived keeps the addresses away from here`,
    );
  for (const { name: other, differs } of members) {
    if (differs.length > 0)
      lines.push(
        `${doubtful("WARNING")}: the files of ${name} and ${other} differ in ${someOf(differs, differs.length)}`,
      );
  }
  return lines;
}

/** "Still here: 2 calls that ring, 1 other request"; "Still here: nothing". */
export function leftWords({ left }: Pick<ClusterFacts, "left">): string {
  return `Still here: ${left === undefined ? "nothing" : leftList(left)}`;
}

function leftList({ ringing, requests, addresses, routes = [] }: LeftFacts): string {
  const parts = [
    ...(ringing === 0 ? [] : [counted(ringing, "call that rings", "calls that ring")]),
    ...(requests === 0 ? [] : [counted(requests, ringing === 0 ? "request" : "other request")]),
    ...(addresses.length === 0
      ? []
      : [`the address${addresses.length === 1 ? "" : "es"} ${someOf(addresses, ADDRESSES_MAX)}`]),
    ...(routes.length === 0 ? [] : [`the route to ${someOf(routes, ADDRESSES_MAX)}`]),
  ];
  return parts.length === 0 ? "nothing" : someOf(parts, parts.length);
}

/** What `drain` prints first, where upstream is silent at a member that gets calls; undefined: nothing. */
export function drainNote({ members }: Pick<ClusterFacts, "members">, { width }: Reader): string | undefined {
  const blind = members.filter(
    (one) => one.life === "alive" && one.state === "active" && one.upstream?.answers === false,
  );
  if (blind.length === 0) return undefined;
  const names = someOf(
    blind.map(({ name }) => name),
    blind.length,
  );
  return wrapped(
    `${doubtful("WARNING")}: upstream doesn't answer ${names}: there, calls find the gateways alone`,
    width,
  ).join("\n");
}

/** What `drain` prints once it waits no longer. */
export function drainText(cluster: ClusterFacts, reader: Reader): string {
  const { name, state, members } = cluster;
  // All were told to drain, and this one has stepped back.
  if (state === "active" || state === "syncing") return joinText(cluster, reader);
  const others = members.length === 1 ? "the other member" : "the other members";
  const line =
    state === "drained"
      ? `${name} is ${good("drained")}: nothing is left here, and it can be stopped; \`branchline join\` takes it back`
      : `${name} is ${stateWords(state)}: new calls go to ${others}. ${leftWords(cluster)}`;
  return `${wrapped(line, reader.width).join("\n")}\n`;
}

/** What `join` prints. */
export function joinText(cluster: ClusterFacts, { width }: Reader): string {
  const { mode, name, state, why } = cluster;
  const may = mode === "anycast" ? takesCallsWords(cluster) : holdsWords(state);
  return `${wrapped(`${name} is ${stateWords(state)} (${why}): ${may}`, width).join("\n")}\n`;
}

function holdsWords(state: ClusterFacts["state"]): string {
  return state === "active" ? "it may hold the shared addresses" : "it may not hold the shared addresses yet";
}
