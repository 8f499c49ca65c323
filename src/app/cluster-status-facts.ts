/** What `status` tells of a cluster, made of what the member knows. */
import type { ClusterMemberStatus, ClusterStatus } from "../cluster/cluster-status.ts";
import type { LengthStatus } from "../cluster/datagram-lengths.ts";
import type { ClusterSettings } from "../cluster/settings.ts";
import { hostText } from "../message/uri.ts";
import type { OwnListener } from "../transport/own-listener.ts";
import type { ClusterCalls } from "./cluster-calls.ts";
import type { CallCounts, ClusterFacts, LeftFacts, MemberFacts, SharedFacts } from "./cluster-facts.ts";

type Counted = ClusterMemberStatus["calls"];

interface Known {
  readonly settings: ClusterSettings;
  readonly status: ClusterStatus;
  readonly isHealthy: boolean;
  readonly healthError: string | undefined;
  /** Seconds since 1970; undefined where the host has no idea. */
  readonly clock_s: number | undefined;
  /** Of this member. */
  readonly calls: Pick<ClusterCalls, "counts" | "notSentOn">;
  readonly lengthsTo: (member: string) => readonly LengthStatus[];
  /** Listeners at shared addresses. */
  readonly shared: readonly OwnListener[];
}

/** Turns milliseconds that never jump into a time of day, in ISO 8601; and now. */
interface Times {
  readonly timeOf: (at_ms: number) => string;
  readonly now_ms: number;
}

/** @param left what a member that drains still has */
export function clusterFacts(known: Known, left: LeftFacts | undefined, times: Times): ClusterFacts {
  const { settings, status, isHealthy, healthError, shared, calls } = known;
  const { name, state, why, upstream_at, dropped } = status;
  return {
    mode: settings.mode,
    name,
    state,
    ...sinceOf(status, times),
    why,
    is_healthy: isHealthy,
    health_file: settings.health_file,
    health_error: healthError,
    shared: sharedFacts(settings, shared),
    members: status.members.map((member) => memberFacts(known, member, times)),
    upstream_at,
    hand_over: settings.hand_over,
    calls: countsOf(calls.counts),
    left,
    dropped,
    untold: { too_long: calls.notSentOn, too_many: status.untold },
  };
}

function countsOf(counted: Counted): CallCounts | undefined {
  if (counted === undefined) return undefined;
  const [active, processed] = counted;
  return { active, processed };
}

function sharedFacts({ shared }: ClusterSettings, listeners: readonly OwnListener[]): SharedFacts[] {
  return shared.map(({ address }) => {
    const there = listeners.filter(({ address: at }) => at === address);
    return { address, is_here: there.length > 0 && there.every(({ isAway }) => !isAway) };
  });
}

function memberFacts(known: Known, member: ClusterMemberStatus, times: Times): MemberFacts {
  const { members } = known.settings;
  const { name, life, why, deaths, state, version, upstream, has_address, differs } = member;
  const at = members.find((one) => one.name === name);
  return {
    name,
    at: at === undefined ? "" : `${hostText(at.address)}:${at.port}`,
    life,
    ...sinceOf(member, times),
    why,
    deaths,
    state,
    version,
    upstream: upstream && { answers: upstream.answers, for_s: Math.round(upstream.for_ms / 1_000) },
    has_address,
    calls: life === "alive" ? countsOf(member.calls) : undefined,
    clock_ahead_s: aheadOf(known, member),
    lengths: known.lengthsTo(name),
    differs,
    heard_by: hearersOf(member, known.status.members),
  };
}

/** Of a member that isn't heard here: those that live, and hear it. */
function hearersOf({ name, life }: ClusterMemberStatus, members: readonly ClusterMemberStatus[]): string[] | undefined {
  if (life === "alive") return undefined;
  const found = members.filter((one) => one.life === "alive" && one.hears?.includes(name) === true);
  return found.length === 0 ? undefined : found.map((one) => one.name);
}

/** Its last beat is half a second old at the most while it lives. */
function aheadOf({ clock_s }: Known, { life, clock_s: other_s }: ClusterMemberStatus): number | undefined {
  return life !== "alive" || clock_s === undefined || other_s === undefined ? undefined : other_s - clock_s;
}

function sinceOf({ since_ms }: { readonly since_ms: number }, { timeOf, now_ms }: Times) {
  return { since: timeOf(since_ms), since_s: Math.max(0, Math.round((now_ms - since_ms) / 1_000)) };
}
