/**
 * What other members of a cluster see of upstream and the gateways. A member whose own line was cut knows least of them: they may have been well
 * all the while. So once one of them has answered here, and another member has it as up, no hold is needed. Where our own way there is still cut
 * none answers, and others' word says nothing.
 */
import type { Cluster } from "../cluster/cluster.ts";
import type { ClusterWatcher } from "../cluster/watcher.ts";
import type { Peers } from "../policy/peers/peers.ts";

export class PeersElsewhere implements ClusterWatcher {
  private readonly peers: Pick<Peers, "onLineBack" | "onUpElsewhere">;
  private readonly cluster: Pick<Cluster, "live" | "factsOf">;

  constructor(peers: PeersElsewhere["peers"], cluster: PeersElsewhere["cluster"]) {
    this.peers = peers;
    this.cluster = cluster;
  }

  /** The first one that is heard after silence: our own line was cut, or all others were away. */
  onAlive(_member: string, now_ms: number): void {
    if (this.cluster.live().length === 1) this.peers.onLineBack(now_ms);
  }

  onBeat(member: string, now_ms: number): void {
    this.peers.onUpElsewhere(this.cluster.factsOf(member)?.up ?? [], now_ms);
  }
}
