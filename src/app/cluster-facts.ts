/** How the pair is, as facts: what `status --json` has in `cluster`. Times of day are in ISO 8601, UTC. */

/** A member that has just become active gets the shared addresses within this time, if it gets them. */
export const SETTLED_s = 10;

/** What a member is doing. */
export type MemberState = "stopped" | "syncing" | "active" | "draining" | "drained";

/** A shared address, as the kernel of this router has it. */
export interface SharedFacts {
  readonly address: string;
  readonly is_here: boolean;
}

/** What a draining member still has; nothing of it: it can be stopped, and no call notices. */
export interface LeftFacts {
  /** Calls whose INVITE has no final response here yet. Once the addresses have gone, only those that the other member can't go on with. */
  readonly ringing: number;
  /** Other requests that wait for a response here. */
  readonly requests: number;
  /** Shared addresses that are still here. */
  readonly addresses: readonly string[];
}

/** Another member as this one sees it. */
export interface MemberFacts {
  readonly name: string;
  /** ADDRESS:PORT. */
  readonly at: string;
  /** "unheard": not since this branchline has started. "left": it has said that it stops. */
  readonly life: "unheard" | "alive" | "dead" | "left";
  readonly since: string;
  readonly since_s: number;
  /** The evidence, as a clause: "four of its beats were missing". */
  readonly why: string;
  /** How often it has died, left or been started anew since this branchline has started: a line that flaps shows here. */
  readonly deaths: number;
  /** What it said last of itself; missing before that. */
  readonly state?: MemberState | undefined;
  readonly version?: string | undefined;
  readonly upstream?: { readonly answers: boolean; readonly for_s: number } | undefined;
  /** Whether its kernel has the shared addresses. */
  readonly has_address?: boolean | undefined;
  /** How far its clock is ahead of this router's, in seconds; less than 0: behind. Missing where it isn't alive, or doesn't say. */
  readonly clock_ahead_s?: number | undefined;
  /** Whether datagrams of these lengths reach it from here; `arrives` is missing where that isn't known. */
  readonly lengths?: readonly { readonly octets: number; readonly arrives?: boolean | undefined }[] | undefined;
  /** What isn't equal in both files, such as "gateways". */
  readonly differs: readonly string[];
}

export interface ClusterFacts {
  readonly name: string;
  readonly state: MemberState;
  readonly since: string;
  readonly since_s: number;
  /** The evidence, as a clause: "its records are equal to another member's". */
  readonly why: string;
  /** Whether the health file says that this member may hold the shared addresses. */
  readonly is_healthy: boolean;
  readonly health_file: string;
  /** Why the health file can't be written; missing: it can. */
  readonly health_error?: string | undefined;
  readonly shared: readonly SharedFacts[];
  readonly members: readonly MemberFacts[];
  /** The member at which upstream answers while it is silent here. */
  readonly upstream_at?: string | undefined;
  readonly hand_over: "none" | "wan";
  /** While it drains, and after. */
  readonly left?: LeftFacts | undefined;
  /** Datagrams of members that were dropped since the start, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** Whether another member takes calls: then this one may go. */
export function isRelieved({ members }: ClusterFacts): boolean {
  return members.some(({ life, state }) => life === "alive" && state === "active");
}

/** A member that has been restarted takes calls again by then, or not at all. */
const RESTART_MOST_s = 60;

/** Whether another member may soon take calls: it is there, or was a moment ago, as one is that restarts. */
export function mayBeRelieved({ members }: ClusterFacts): boolean {
  return members.some(({ life, since_s }) => life === "alive" || since_s < RESTART_MOST_s);
}

const LIVES = { unheard: "not heard", dead: "dead", left: "stopped" };

/** What the other members do: "right is dead". */
export function othersInWords({ members }: ClusterFacts): string {
  const others = members.map(
    ({ name, life, state }) => `${name} is ${life === "alive" ? (state ?? "of unknown state") : LIVES[life]}`,
  );
  return others.join(", ");
}
