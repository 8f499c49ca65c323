/**
 * When a member that starts may take calls: once it knows what the others know. These are their records, and the stories of the calls that they
 * make: the member that makes one of these may be dead in the next moment.
 */
import type { Cluster } from "./cluster.ts";
import type { StoryHearing } from "./story-hearing.ts";
import type { ClusterWatcher } from "./watcher.ts";

export class Joining implements ClusterWatcher {
  private readonly cluster: Pick<Cluster, "live" | "stateOf" | "ready">;
  private readonly hearing: Pick<StoryHearing, "isWhole" | "onDead">;
  /** Its records are complete. */
  private isSynced = false;
  private witness: string | undefined = undefined;
  private isDone = false;

  constructor(cluster: Joining["cluster"], hearing: Joining["hearing"]) {
    this.cluster = cluster;
    this.hearing = hearing;
  }

  /** @param witness the member that has the same records; undefined: no other has any */
  onSynced(now_ms: number, witness: string | undefined): void {
    this.isSynced = true;
    this.witness = witness;
    this.look(now_ms);
  }

  onBeat(_member: string, now_ms: number): void {
    this.look(now_ms);
  }

  onDead(member: string, now_ms: number): void {
    this.hearing.onDead(member);
    this.look(now_ms);
  }

  /** Something has been heard of the others' calls. */
  look(now_ms: number): void {
    if (this.isDone || !this.isSynced) return;
    const { cluster, hearing, witness } = this;
    // One that starts at the same time makes no calls yet.
    const makers = cluster.live().filter((member) => cluster.stateOf(member) !== "syncing");
    if (!hearing.isWhole(makers)) return;
    this.isDone = true;
    cluster.ready(now_ms, witness);
  }
}
