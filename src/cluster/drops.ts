/** Datagrams that were dropped, counted by reason; the log has a line about each reason now and then. */
import type { Logger } from "../base/ports.ts";
import { Seldom } from "../base/seldom.ts";
import { DROP_REASONS, type DropReason } from "./envelope.ts";

/** These come when members start, stop, or are reached twice: no operator has to look. */
const USUAL: readonly DropReason[] = ["replayed", "other_boot"];

const CURES: Readonly<Partial<Record<DropReason, string>>> = {
  other_address: "see that each member's address in the file is its own, and that strangers can't reach this port",
  too_many: "see that strangers can't send to this port from the other member's address",
  forged: "see that all members have the same secret, and that strangers can't reach this port",
  other_receiver: "see that each member's name and address in the file are its own",
  own_name: "give each member a name of its own: cluster.name",
  unknown_sender: "see that the file names all members",
  other_version: "upgrade the members one after the other, soon",
};

export class Drops {
  private readonly counts = new Map<DropReason, number>();
  private readonly seldom = new Seldom();
  private readonly log: Logger;

  constructor(log: Logger) {
    this.log = log;
  }

  count(reason: DropReason, now_ms: number): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    if (USUAL.includes(reason) || !this.seldom.takes(reason, now_ms)) return;
    const cure = CURES[reason] ?? "see that nothing else sends to this port";
    this.log.warn("cluster_dropped", { reason, dropped: this.counts.get(reason) ?? 0, cure });
  }

  /** All reasons, those that haven't been met too. */
  all(): Readonly<Record<DropReason, number>> {
    const all = {} as Record<DropReason, number>;
    for (const reason of DROP_REASONS) all[reason] = this.counts.get(reason) ?? 0;
    return all;
  }
}
