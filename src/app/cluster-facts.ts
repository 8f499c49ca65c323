/** How the pair is, or the members behind one anycast address, as facts: what `status --json` has in `cluster`. Times of day are in ISO 8601, UTC. */

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
  /** Addresses of all members, to which routers may still lead messages here; missing in a pair. */
  readonly routes?: readonly string[];
}

/** In mode anycast: what the routing daemon was told. */
export interface RouteFacts {
  /** What this member wants; missing: it hasn't said yet. */
  readonly wish?: "announce" | "withdraw" | undefined;
  /** Whether the command for it was done. */
  readonly is_done: boolean;
  /** Why it wasn't, the last time; missing: it was. */
  readonly error?: string | undefined;
}

/** Whether routers lead messages here, as far as the commands tell. */
export function isAnnounced({ wish, is_done }: RouteFacts): boolean {
  return wish === "announce" ? is_done : wish === "withdraw" && !is_done;
}

/** What other members weren't told since the start. */
export interface UntoldFacts {
  /** Messages that were too long to be sent on to the member that has their call. */
  readonly too_long: number;
  /** BYEs and other news for which a beat had no room. */
  readonly too_many: number;
}

/** Calls of a member. */
export interface CallCounts {
  /** Calls that ring or are up. */
  readonly active: number;
  /** Calls that have begun since its start, by the INVITEs that it has opened. */
  readonly processed: number;
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
  /** By its last beat; missing where its version doesn't tell, or it isn't reached. */
  readonly calls?: CallCounts | undefined;
  /** Other members that hear it, while this one doesn't: what is for it goes by them. Missing: none, or it is heard here. */
  readonly heard_by?: readonly string[] | undefined;
}

export interface ClusterFacts {
  /** Missing in older versions, which know pairs only. */
  readonly mode?: "pair" | "anycast" | undefined;
  readonly name: string;
  readonly state: MemberState;
  readonly since: string;
  readonly since_s: number;
  /** The evidence, as a clause: "its records are equal to another member's". */
  readonly why: string;
  /** Whether the health file says that this member may hold the shared addresses, or should have its route announced. */
  readonly is_healthy: boolean;
  readonly health_file: string;
  /** Why the health file can't be written; missing: it can. */
  readonly health_error?: string | undefined;
  /** None in mode anycast. */
  readonly shared: readonly SharedFacts[];
  /** Of this member. */
  readonly calls?: CallCounts | undefined;
  readonly members: readonly MemberFacts[];
  /** The member at which upstream answers while it is silent here. */
  readonly upstream_at?: string | undefined;
  readonly hand_over: "none" | "wan";
  /** Missing in a pair, and where a script follows the health file. */
  readonly route?: RouteFacts | undefined;
  /** While it drains, and after. */
  readonly left?: LeftFacts | undefined;
  /** Datagrams of members that were dropped since the start, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Missing in older versions. */
  readonly untold?: UntoldFacts | undefined;
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
