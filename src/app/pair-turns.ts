/** Tells the journal when what a member of a pair sees of the pair is another: looked at with each beat of its own, ten times a second. */
import type { Cluster } from "../cluster/cluster.ts";
import type { ClusterWatcher } from "../cluster/watcher.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { Engine } from "./engine.ts";

export class PairTurns implements ClusterWatcher {
  private readonly engine: Engine;
  private readonly cluster: Pick<Cluster, "state" | "live" | "factsOf">;
  private readonly view: Pick<ClusterView, "addresses" | "isSharing">;
  private told: string | undefined = undefined;

  constructor(engine: Engine, cluster: PairTurns["cluster"], view: PairTurns["view"]) {
    this.engine = engine;
    this.cluster = cluster;
    this.view = view;
  }

  onOwnBeat(): void {
    const { host } = this.engine;
    if (this.view.isSharing) host.lookAtAddresses?.();
    const what = this.words;
    if (this.told !== undefined && this.told !== what) this.engine.tell({ kind: "pair", what }, host.now_ms());
    this.told = what;
  }

  /** "active with 10.222.237.1; right is active without upstream": all that is alive. */
  private get words(): string {
    const { cluster, view } = this;
    const own = [cluster.state, ...view.addresses].join(" with ");
    const others = cluster.live().map((name) => {
      const { state = "alive", hasAddress, upstream } = cluster.factsOf(name) ?? {};
      const has = hasAddress === true ? " with the addresses" : "";
      return `${name} is ${state}${has}${upstream?.answers === false ? " without upstream" : ""}`;
    });
    return [own, ...others].join("; ");
  }
}
