/** How the cluster is at one moment, as seen from here: plain data. All times are milliseconds that never jump. */
import type { DropReason } from "./envelope.ts";
import type { OwnFacts } from "./member-facts.ts";
import type { OwnState, PeerLife } from "./member-machine.ts";
import type { Member } from "./members.ts";

export interface ClusterMemberStatus {
  readonly name: string;
  readonly life: PeerLife;
  readonly since_ms: number;
  /** The evidence, as a clause: "four of its beats were missing". */
  readonly why: string;
  /** How often it has died, left or been started anew since our start. */
  readonly deaths: number;
  /** What it says of itself; undefined before it has been heard, or where its version says no such thing. */
  readonly state: OwnState | undefined;
  readonly version: string | undefined;
  readonly upstream: OwnFacts["upstream"];
  readonly has_address: boolean | undefined;
  /** Seconds since 1970, by its last beat. */
  readonly clock_s: number | undefined;
  /** The members that it hears, by its last beat; undefined: it doesn't tell. */
  readonly hears: readonly string[] | undefined;
  readonly calls: OwnFacts["calls"];
  /** What isn't equal in its file and ours, such as "gateways". */
  readonly differs: readonly string[];
}

export interface ClusterStatus {
  readonly name: string;
  readonly state: OwnState;
  readonly since_ms: number;
  readonly why: string;
  readonly members: readonly ClusterMemberStatus[];
  /** The member at which upstream answers while it is silent here. */
  readonly upstream_at: string | undefined;
  /** Datagrams that were dropped since the start. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** What members weren't told since the start, since a beat had no room for it. */
  readonly untold: number;
}

export function statusOf(member: Member, differs: readonly string[]): ClusterMemberStatus {
  const { name, life, since_ms, why, deaths, facts } = member;
  const { state, version, upstream, hasAddress, clock_s, hears, calls } = facts ?? {
    state: undefined,
    version: undefined,
  };
  const seen = { upstream, has_address: hasAddress, clock_s, hears, calls };
  return { name, life, since_ms, why, deaths, state, version, ...seen, differs };
}
