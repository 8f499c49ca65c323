/** What a member is told of its cluster before it begins. */
import type { Subjects } from "./agreement.ts";
import type { Place } from "./entrance.ts";
import type { ClusterMode } from "./settings.ts";

export interface Membership {
  /** Our own name, 1 to 32 of [a-z0-9-]. */
  readonly name: string;
  /** All members; ourselves among them or not. */
  readonly members: readonly Place[];
  /** Default: a pair. */
  readonly mode?: ClusterMode;
  /** Of the program, for the other members' status. */
  readonly version: string;
  /** What has to be equal in all members' files; secrets by an id that doesn't give them away. */
  readonly agreement: Subjects;
}
