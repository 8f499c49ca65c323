/** A pair of routers in words. */
import { bad, doubtful, good } from "../../base/ink.ts";
import { type ClusterFacts, type LeftFacts, type MemberFacts, SETTLED_s } from "../cluster-facts.ts";
import type { RunningStatus } from "../status-facts.ts";
import { counted, someOf, wrapped } from "./lines.ts";
import { moment, type Reader, span } from "./times.ts";

/** Addresses named; more are counted. */
const ADDRESSES_MAX = 3;

/** The lines of `status`: this member, the other one, who has the addresses, and what is wrong. None without a cluster. */
export function clusterLines(status: RunningStatus, reader: Reader): string[] {
  const { cluster, now } = status;
  if (cluster === undefined) return [];
  const { name, state, why, since, since_s, members } = cluster;
  const own = `Pair: ${name} is ${stateWords(state)} for ${span(since_s)} (since ${moment(since, now, reader)}, ${why})`;
  return [
    `${own}; ${addressWords(cluster)}`,
    ...members.map((one) => memberWords(one, now, reader)),
    ...warnings(cluster),
    ...(state === "draining" ? [leftWords(cluster)] : []),
  ].flatMap((line) => wrapped(line, reader.width));
}

function stateWords(state: ClusterFacts["state"]): string {
  if (state === "active") return good(state);
  return doubtful(state.toUpperCase());
}

function lifeWords({ life, state }: MemberFacts): string {
  if (life === "alive") return state === undefined ? good("alive") : stateWords(state);
  if (life === "unheard") return doubtful("NOT HEARD");
  return life === "left" ? doubtful("STOPPED") : bad("DEAD");
}

function memberWords(member: MemberFacts, now: string | undefined, reader: Reader): string {
  const { name, at, since, since_s, why, life, has_address, version } = member;
  const isAlive = life === "alive";
  const evidence = life === "unheard" ? "" : ` (since ${moment(since, now, reader)}, ${why})`;
  const holds = isAlive && has_address === true ? "; it holds the shared addresses" : "";
  const program = isAlive && version !== undefined ? `; version ${version}` : "";
  const alive = isAlive && member.state !== undefined ? "alive" : "";
  const life_s = life === "unheard" ? "" : ` for ${span(since_s)}`;
  return `Member ${name} at ${at}: ${lifeWords(member)}${alive === "" ? "" : `, ${alive}`}${life_s}${evidence}${holds}${program}`;
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

function leftList({ ringing, requests, addresses }: LeftFacts): string {
  const parts = [
    ...(ringing === 0 ? [] : [counted(ringing, "call that rings", "calls that ring")]),
    ...(requests === 0 ? [] : [counted(requests, ringing === 0 ? "request" : "other request")]),
    ...(addresses.length === 0
      ? []
      : [`the address${addresses.length === 1 ? "" : "es"} ${someOf(addresses, ADDRESSES_MAX)}`]),
  ];
  return parts.length === 0 ? "nothing" : someOf(parts, parts.length);
}

/** What `drain` prints first, where upstream is silent at the member that gets the calls; undefined: nothing. */
export function drainNote({ members }: Pick<ClusterFacts, "members">, { width }: Reader): string | undefined {
  const blind = members.find(
    (one) => one.life === "alive" && one.state === "active" && one.upstream?.answers === false,
  );
  if (blind === undefined) return undefined;
  const { name } = blind;
  return wrapped(
    `${doubtful("WARNING")}: upstream doesn't answer ${name}: there, calls find the gateways alone`,
    width,
  ).join("\n");
}

/** What `drain` prints once it waits no longer. */
export function drainText(cluster: ClusterFacts, reader: Reader): string {
  const { name, state } = cluster;
  // Both were told to drain, and this one has stepped back.
  if (state === "active" || state === "syncing") return joinText(cluster, reader);
  const line =
    state === "drained"
      ? `${name} is ${good("drained")}: nothing is left here, and it can be stopped; \`branchline join\` takes it back`
      : `${name} is ${stateWords(state)}: new calls go to the other member. ${leftWords(cluster)}`;
  return `${wrapped(line, reader.width).join("\n")}\n`;
}

/** What `join` prints. */
export function joinText(cluster: ClusterFacts, { width }: Reader): string {
  const { name, state, why } = cluster;
  const line =
    state === "active"
      ? `${name} is ${good("active")} (${why}): it may hold the shared addresses`
      : `${name} is ${stateWords(state)} (${why}): it may not hold the shared addresses yet`;
  return `${wrapped(line, width).join("\n")}\n`;
}
