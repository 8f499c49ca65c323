/** What all members of a cluster know: bindings, call-backs after emergency calls, and the channels of gateways. */
import { BindingRecords } from "../cluster/binding-records.ts";
import { CallbackRecords } from "../cluster/callback-records.ts";
import { CallerRecords } from "../cluster/caller-records.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { LEASE_KINDS, LeaseRecords } from "../cluster/lease-records.ts";
import type { Placement } from "../cluster/placement.ts";
import { REPLICA_KINDS, Replica } from "../cluster/replica.ts";
import type { Engine } from "./engine.ts";

/** Records that a pair may have, and their characters, for each binding that there may be. */
const RECORDS_PER_BINDING = 2;
const CHARACTERS_PER_BINDING = 2;

export class ClusterRecords {
  readonly replica: Replica;
  private readonly bindings: BindingRecords;
  private readonly callbacks: CallbackRecords;
  private readonly callers: CallerRecords;
  private readonly leases: LeaseRecords;

  /** @param others the names of the other members @param onSynced hears when all is known here, and which member has the same */
  constructor(
    engine: Engine,
    cluster: Cluster,
    placement: Placement,
    others: readonly string[],
    onSynced: (now_ms: number, witness: string | undefined) => void,
  ) {
    const { host, core, timers, bindings, callbacks, calls } = engine;
    const { random, limits } = host;
    const now_ms = () => host.now_ms();
    const { listeners } = core.own;
    this.replica = new Replica({
      name: cluster.name,
      others,
      limit: RECORDS_PER_BINDING * limits.bindings,
      charactersLimit: CHARACTERS_PER_BINDING * limits.bindingCharacters,
      speaker: cluster,
      timers,
      random,
      meter: core.meter,
      onSynced,
    });
    const { replica } = this;
    this.bindings = new BindingRecords({ bindings, replica, listeners, now_ms });
    this.callbacks = new CallbackRecords({ callbacks, replica, listeners, now_ms });
    this.callers = new CallerRecords({ callers: engine.relayedCallers, replica, now_ms });
    const live = () => cluster.live();
    const rivals = () => placement.rivals();
    const isReached = (member: string) => cluster.isReached(member);
    const parts = { calls, replica, speaker: cluster, timers, listeners, live, isReached, rivals, now_ms };
    this.leases = new LeaseRecords(parts);
    cluster.attach(REPLICA_KINDS, replica);
    cluster.attach(LEASE_KINDS, this.leases);
    cluster.watch(replica);
    cluster.watch({
      onAlive: (_member, at_ms) => this.leases.onAlive(at_ms),
      onGone: (member, at_ms) => this.leases.onGone(member, at_ms),
    });
  }

  /** Once the bindings on disk have been read. @param savedAt_ms when they were written, in ms since 1970 */
  start(now_ms: number, savedAt_ms = 0): void {
    this.replica.savedAt_ms = savedAt_ms;
    this.bindings.start(now_ms);
    this.callbacks.start(now_ms);
    this.callers.start();
    this.leases.start(now_ms);
    this.replica.start(now_ms);
  }
}
