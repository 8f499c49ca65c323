/** What the file's `cluster` says: who belongs to it, what moves between its members, and how they know each other. */

/** One router of the cluster, by the address at which the others reach it: never a shared one, nor the anycast address. */
export interface Member {
  /** 1 to 32 characters of [a-z0-9-]. */
  readonly name: string;
  /** An IP literal in its canonical spelling, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

/** Where a secret is kept: a file, by its absolute path, or a variable of the environment. */
export type SecretSource = { readonly file: string } | { readonly env: string };

/** An address of `listen` that is on one of the members at a time. */
export interface SharedAddress {
  /** An IP literal as `listen` has it. */
  readonly address: string;
  /** The interface that gets it; undefined: the one that has an address in the same network. */
  readonly interface: string | undefined;
  /** Length of its network's prefix; undefined: that of the address that the interface has there. */
  readonly prefix_bits: number | undefined;
}

/** What announces and withdraws the route to the anycast address: the words of a command each, which no shell reads. */
export interface RouteCommands {
  readonly announce: readonly string[];
  readonly withdraw: readonly string[];
}

/** "anycast": all members have the address at the same time, and messages may come to any of them. */
export type ClusterMode = "pair" | "anycast";

export interface ClusterSettings {
  readonly mode: ClusterMode;
  /** This router among the members. */
  readonly name: string;
  /** All, as the file orders them: the first one holds the shared addresses when both start at once. */
  readonly members: readonly Member[];
  /** Signs, and is believed. */
  readonly secret: SecretSource;
  /** Is believed besides, while the secret is changed; it signs nothing. */
  readonly second_secret: SecretSource | undefined;
  /** None in mode anycast. */
  readonly shared: readonly SharedAddress[];
  /** Absolute path of the file that holds 1 while this member may hold the addresses, else 0. It is written each second, so it is in no flash. */
  readonly health_file: string;
  /** "wan": upstream is silent here and answers the other member; then the addresses are given away. */
  readonly hand_over: "none" | "wan";
  /** In mode anycast; undefined: only the health file tells whether the route should be there. */
  readonly route: RouteCommands | undefined;
  /** In mode anycast: how often the log has the calls of each member; undefined: never. */
  readonly log_calls_ms: number | undefined;
}

/** The one of this router. @throws when the settings are none of a file without faults */
export function ownMember({ members, name }: ClusterSettings): Member {
  const own = members.find((one) => one.name === name);
  if (own === undefined) throw new Error(`${name} is no member`);
  return own;
}

/** All the others. */
export function otherMembers({ members, name }: ClusterSettings): readonly Member[] {
  return members.filter((one) => one.name !== name);
}
