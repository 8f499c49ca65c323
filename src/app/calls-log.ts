/** Writes into the log, every so often, how many calls each member of a cluster has (`cluster.log_calls`). */
import type { Logger } from "../base/ports.ts";
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import type { ClusterFacts } from "./cluster-facts.ts";

export interface CallsLogPorts {
  readonly timers: Timers;
  readonly log: Logger;
  readonly every_ms: number;
  /** How the cluster is now. */
  readonly facts: () => Pick<ClusterFacts, "name" | "calls" | "members">;
}

export class CallsLog implements TimerOwner {
  private readonly ports: CallsLogPorts;
  private readonly timer: Timer = new Timer(this, "calls");

  constructor(ports: CallsLogPorts) {
    this.ports = ports;
  }

  start(now_ms: number): void {
    const { timers, every_ms } = this.ports;
    timers.start(this.timer, every_ms, now_ms);
  }

  stop(): void {
    this.ports.timers.stop(this.timer);
  }

  onTimer(_kind: string, now_ms: number): void {
    const { log, facts } = this.ports;
    this.start(now_ms);
    const own = facts();
    for (const { name: member, calls } of [own, ...own.members]) {
      if (calls !== undefined)
        log.info("calls_of_member", { member, active: calls.active, processed: calls.processed });
    }
  }
}
